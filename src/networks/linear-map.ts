/**
 * Linear maps in float64, written as plain loops over what is not zero: what graphs of any network are made of
 * (graph.ts). Each adds to its target, so that several maps into one value make a sum.
 */

/** A matrix W, outputs × inputs, however it is stored. */
export interface LinearMap {
  readonly inputs: number
  readonly outputs: number
  /** The most terms that one sum of W x or Wᵀ y can have: bounds their rounding. */
  readonly terms: number
  /** y += W x */
  forward(x: Float64Array, y: Float64Array): void
  /** y += |W| x */
  absolute(x: Float64Array, y: Float64Array): void
  /** x += Wᵀ y; zeros of y cost nothing */
  transposed(y: Float64Array, x: Float64Array): void
}

/** A full matrix, [output][input]. */
export function denseMap(weights: Float32Array | Float64Array, outputs: number, inputs: number): LinearMap {
  if (weights.length !== outputs * inputs) {
    throw new RangeError(`${weights.length} weights for ${outputs} × ${inputs}`)
  }
  const apply = (x: Float64Array, y: Float64Array, absolute: boolean) => {
    for (let o = 0, at = 0; o < outputs; o++) {
      let sum = 0
      if (absolute) for (let i = 0; i < inputs; i++) sum += Math.abs(weights[at++]!) * x[i]!
      else for (let i = 0; i < inputs; i++) sum += weights[at++]! * x[i]!
      y[o]! += sum
    }
  }
  return {
    inputs,
    outputs,
    terms: Math.max(inputs, outputs),
    forward: (x, y) => apply(x, y, false),
    absolute: (x, y) => apply(x, y, true),
    transposed: (y, x) => {
      for (let o = 0; o < outputs; o++) {
        const v = y[o]!
        if (v === 0) continue
        for (let i = 0, at = o * inputs; i < inputs; i++) x[i]! += weights[at++]! * v
      }
    },
  }
}

/** A matrix by its rows: the entries of output o are `start[o]` to `start[o + 1]` − 1 of `source` and `weight`. */
export interface SparseRows {
  readonly inputs: number
  readonly start: Int32Array
  readonly source: Int32Array
  readonly weight: Float64Array
}

export function sparseMap({ inputs, start, source, weight }: SparseRows): LinearMap {
  const outputs = start.length - 1
  const uses = new Int32Array(inputs)
  for (const i of source) uses[i]!++
  let terms = uses.reduce((most, count) => Math.max(most, count), 0)
  for (let o = 0; o < outputs; o++) terms = Math.max(terms, start[o + 1]! - start[o]!)
  return {
    inputs,
    outputs,
    terms,
    forward: (x, y) => {
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let k = start[o]!; k < start[o + 1]!; k++) sum += weight[k]! * x[source[k]!]!
        y[o]! += sum
      }
    },
    absolute: (x, y) => {
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let k = start[o]!; k < start[o + 1]!; k++) sum += Math.abs(weight[k]!) * x[source[k]!]!
        y[o]! += sum
      }
    },
    transposed: (y, x) => {
      for (let o = 0; o < outputs; o++) {
        const v = y[o]!
        if (v === 0) continue
        for (let k = start[o]!; k < start[o + 1]!; k++) x[source[k]!]! += weight[k]! * v
      }
    },
  }
}

/** Output o is `factor(o)` times input `source(o)`: relabelling, scaling, placing, and the identity of a residual sum. */
export function selectionMap(
  inputs: number,
  outputs: number,
  source: (output: number) => number,
  factor: (output: number) => number = () => 1,
): LinearMap {
  const all = Array.from({ length: outputs }, (_, o) => o)
  return sparseMap({
    inputs,
    start: Int32Array.from({ length: outputs + 1 }, (_, o) => o),
    source: Int32Array.from(all, source),
    weight: Float64Array.from(all, factor),
  })
}

/** A convolution of any kind: rectangular kernels, strides, dilations, groups, padding that differs by side. */
export interface ConvolutionShape {
  /** Channels, height and width of the input. */
  readonly input: readonly [number, number, number]
  readonly outChannels: number
  /** Height and width. */
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  /** Zeros added above, left, below, right. */
  readonly padding: readonly [number, number, number, number]
  readonly groups: number
}

/** Height and width of what a convolution makes; below 1 if it does not fit. */
export function convolutionSize({ input, kernel, stride, dilation, padding }: ConvolutionShape): [number, number] {
  const size = (axis: 0 | 1) =>
    Math.floor(
      (input[axis + 1]! + padding[axis]! + padding[axis + 2]! - dilation[axis]! * (kernel[axis]! - 1) - 1) /
        stride[axis]!,
    ) + 1
  return [size(0), size(1)]
}

/** @param weights (out channels, in channels / groups, kernel height, kernel width) */
export function convolutionMap(weights: Float32Array | Float64Array, shape: ConvolutionShape): LinearMap {
  const { input, outChannels, kernel, stride, dilation, padding, groups } = shape
  const [inChannels, inHeight, inWidth] = input
  const [height, width] = convolutionSize(shape)
  const [perGroup, outPerGroup] = [inChannels / groups, outChannels / groups]
  const taps = kernel[0] * kernel[1]
  const plane = inHeight * inWidth
  /** Which part of the kernel lies inside the image, per row and per column of the output. */
  const inside = (axis: 0 | 1, count: number, size: number) =>
    Array.from({ length: count }, (_, at) => {
      const from = at * stride[axis] - padding[axis]
      const start = Math.max(0, Math.ceil(-from / dilation[axis]))
      return [start, Math.max(start, Math.min(kernel[axis], Math.ceil((size - from) / dilation[axis])))] as const
    })
  const rows = inside(0, height, inHeight)
  const columns = inside(1, width, inWidth)
  if (weights.length !== outChannels * perGroup * taps) {
    throw new RangeError(`${weights.length} weights for a convolution of ${outChannels} × ${perGroup} × ${kernel}`)
  }
  const gather = (x: Float64Array, y: Float64Array, absolute: boolean) => {
    for (let o = 0, output = 0; o < outChannels; o++) {
      const first = Math.floor(o / outPerGroup) * perGroup
      for (let top = 0; top < height; top++) {
        const [startY, endY] = rows[top]!
        for (let left = 0; left < width; left++, output++) {
          const [startX, endX] = columns[left]!
          const corner = (top * stride[0] - padding[0]) * inWidth + left * stride[1] - padding[1]
          let sum = 0
          for (let c = 0; c < perGroup; c++) {
            for (let ky = startY; ky < endY; ky++) {
              const w = ((o * perGroup + c) * kernel[0] + ky) * kernel[1]
              const i = (first + c) * plane + corner + ky * dilation[0] * inWidth
              if (absolute)
                for (let k = startX; k < endX; k++) sum += Math.abs(weights[w + k]!) * x[i + k * dilation[1]]!
              else for (let k = startX; k < endX; k++) sum += weights[w + k]! * x[i + k * dilation[1]]!
            }
          }
          y[output]! += sum
        }
      }
    }
  }
  const scatter = (y: Float64Array, x: Float64Array) => {
    for (let o = 0, output = 0; o < outChannels; o++) {
      const first = Math.floor(o / outPerGroup) * perGroup
      for (let top = 0; top < height; top++) {
        const [startY, endY] = rows[top]!
        for (let left = 0; left < width; left++, output++) {
          const v = y[output]!
          if (v === 0) continue
          const [startX, endX] = columns[left]!
          const corner = (top * stride[0] - padding[0]) * inWidth + left * stride[1] - padding[1]
          for (let c = 0; c < perGroup; c++) {
            for (let ky = startY; ky < endY; ky++) {
              const w = ((o * perGroup + c) * kernel[0] + ky) * kernel[1]
              const i = (first + c) * plane + corner + ky * dilation[0] * inWidth
              for (let k = startX; k < endX; k++) x[i + k * dilation[1]]! += weights[w + k]! * v
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
  }
}
