/**
 * A convolution as a linear map in float64, in plain loops: y[o, p] += Σ_c Σ_k w[o, c, k] · x[c, stride·p + dilation·k − padding].
 * Taps that lie in the padding are never visited.
 */
import { type ConvolutionShape, convolutionSize } from './convolution-shape.ts'
import type { LinearMap } from './linear-map.ts'

/** @param weights (out channels, in channels / groups, kernel height, kernel width) */
export function convolutionMap(weights: Float32Array | Float64Array, shape: ConvolutionShape): LinearMap {
  const { input, outChannels, kernel, stride, dilation, padding, groups } = shape
  const [inChannels, inHeight, inWidth] = input
  const [height, width] = convolutionSize(shape)
  const [perGroup, outPerGroup] = [inChannels / groups, outChannels / groups]
  const taps = kernel[0] * kernel[1]
  const plane = inHeight * inWidth
  if (weights.length !== outChannels * perGroup * taps) {
    throw new RangeError(`${weights.length} weights for a convolution of ${outChannels} × ${perGroup} × ${kernel}`)
  }
  const [kernelHeight, kernelWidth] = kernel
  const [strideY, strideX] = stride
  const [stepY, stepX] = dilation
  /** Which part of the kernel is inside the image, per row or column of the output: its first index, and the one after its last. */
  const inside = (axis: 0 | 1, count: number, size: number) => {
    const [from, end] = [new Int32Array(count), new Int32Array(count)]
    for (let at = 0; at < count; at++) {
      const first = at * stride[axis] - padding[axis]
      from[at] = Math.max(0, Math.ceil(-first / dilation[axis]))
      end[at] = Math.min(kernel[axis], Math.ceil((size - first) / dilation[axis]))
    }
    return { from, end }
  }
  const lines = inside(0, height, inHeight)
  const columns = inside(1, width, inWidth)
  const gather = (x: Float64Array, y: Float64Array, absolute: boolean) => {
    for (let o = 0, output = 0; o < outChannels; o++) {
      const firstPlane = Math.floor(o / outPerGroup) * perGroup * plane
      for (let top = 0; top < height; top++) {
        for (let left = 0; left < width; left++, output++) {
          const corner = firstPlane + (top * strideY - padding[0]) * inWidth + left * strideX - padding[1]
          const [fromY, endY, fromX, endX] = [lines.from[top], lines.end[top], columns.from[left], columns.end[left]]
          let sum = 0
          for (let c = 0; c < perGroup; c++) {
            for (let ky = fromY; ky < endY; ky++) {
              const w = ((o * perGroup + c) * kernelHeight + ky) * kernelWidth
              const i = corner + c * plane + ky * stepY * inWidth
              if (absolute) for (let k = fromX; k < endX; k++) sum += Math.abs(weights[w + k]) * x[i + k * stepX]
              else for (let k = fromX; k < endX; k++) sum += weights[w + k] * x[i + k * stepX]
            }
          }
          y[output] += sum
        }
      }
    }
  }
  const scatter = (y: Float64Array, x: Float64Array) => {
    for (let o = 0, output = 0; o < outChannels; o++) {
      const firstPlane = Math.floor(o / outPerGroup) * perGroup * plane
      for (let top = 0; top < height; top++) {
        for (let left = 0; left < width; left++, output++) {
          const v = y[output]
          if (v === 0) continue
          const corner = firstPlane + (top * strideY - padding[0]) * inWidth + left * strideX - padding[1]
          const [fromY, endY, fromX, endX] = [lines.from[top], lines.end[top], columns.from[left], columns.end[left]]
          for (let c = 0; c < perGroup; c++) {
            for (let ky = fromY; ky < endY; ky++) {
              const w = ((o * perGroup + c) * kernelHeight + ky) * kernelWidth
              const i = corner + c * plane + ky * stepY * inWidth
              for (let k = fromX; k < endX; k++) x[i + k * stepX] += weights[w + k] * v
            }
          }
        }
      }
    }
  }
  return {
    inputs: inChannels * inHeight * inWidth,
    outputs: outChannels * height * width,
    terms: Math.max(perGroup, outPerGroup) * taps,
    forward: (x, y) => gather(x, y, false),
    absolute: (x, y) => gather(x, y, true),
    transposed: scatter,
    form: { kind: 'convolution', shape, weights },
  }
}
