/** An independent float64 forward pass, by direct loops: what counterexamples are re-run with. */
import { type Network, parameterLayout, shapesOf, sourceOf } from './network.ts'

/**
 * Logits of one image.
 * @param image pixel values, [channel][y][x]
 */
export function evaluate({ architecture, parameters }: Network, image: ArrayLike<number>): Float64Array {
  const tensors = parameterLayout(architecture)
  const shapes = shapesOf(architecture)
  // values[0] is the image, values[i + 1] what layer i makes of them
  const values = [Float64Array.from(image)]
  architecture.layers.forEach((layer, i) => {
    const [weight, bias] = tensors.filter((tensor) => tensor.layer === i)
    const source = sourceOf(architecture, i)
    const input = values[source + 1]
    const from = shapes[source + 1]
    const area = from.height * from.width
    switch (layer.kind) {
      case 'flatten':
        return values.push(input)
      case 'relu':
        return values.push(input.map((v) => Math.max(v, 0)))
      case 'add':
        return values.push(input.map((v, j) => v + values[layer.other + 1][j]))
      case 'normalise':
        return values.push(
          input.map((v, j) => (v - layer.mean[Math.floor(j / area)]) / layer.deviation[Math.floor(j / area)]),
        )
      case 'linear': {
        const sums = new Float64Array(layer.outFeatures).map((_, o) => {
          let sum = parameters[bias!.offset + o]
          for (let k = 0; k < input.length; k++) sum += parameters[weight!.offset + o * input.length + k] * input[k]
          return sum
        })
        return values.push(sums)
      }
      case 'convolution': {
        const { kernel, stride, padding, groups = 1 } = layer
        const { channels, height, width } = shapes[i + 1]
        const perGroup = from.channels / groups
        const sums = new Float64Array(channels * height * width).map((_, j) => {
          const o = Math.floor(j / (height * width))
          const top = Math.floor((j % (height * width)) / width) * stride - padding
          const left = (j % width) * stride - padding
          let sum = parameters[bias!.offset + o]
          const first = Math.floor((o * groups) / channels) * perGroup
          for (let c = 0; c < perGroup; c++) {
            for (let ky = 0; ky < kernel; ky++) {
              for (let kx = 0; kx < kernel; kx++) {
                const [y, x] = [top + ky, left + kx]
                if (y < 0 || y >= from.height || x < 0 || x >= from.width) continue
                const w = weight!.offset + ((o * perGroup + c) * kernel + ky) * kernel + kx
                sum += parameters[w] * input[(first + c) * area + y * from.width + x]
              }
            }
          }
          return sum
        })
        return values.push(sums)
      }
      case 'averagePool': {
        const { kernel, stride, padding } = layer
        const { channels, height, width } = shapes[i + 1]
        const means = new Float64Array(channels * height * width).map((_, j) => {
          const c = Math.floor(j / (height * width))
          const top = Math.floor((j % (height * width)) / width) * stride - padding
          const left = (j % width) * stride - padding
          let sum = 0
          for (let y = Math.max(0, top); y < Math.min(top + kernel, from.height); y++) {
            for (let x = Math.max(0, left); x < Math.min(left + kernel, from.width); x++) {
              sum += input[c * area + y * from.width + x]
            }
          }
          return sum / kernel ** 2
        })
        return values.push(means)
      }
    }
  })
  return values.at(-1)!
}

/** The class with the largest logit; the first one, if there are several. */
export const largestIndex = (values: ArrayLike<number>): number => {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i
  return best
}
