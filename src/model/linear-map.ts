/**
 * Linear maps in float64, written as plain loops over what is not zero: what graphs of any network are made of
 * (graph.ts). Each adds to its target, so that several maps into one value make a sum.
 */

/** A matrix W, outputs × inputs, however it is stored. */
export interface LinearMap {
  readonly inputs: number
  readonly outputs: number
  /** The most terms that one sum of W x or Wᵀ y can have. It bounds their rounding. */
  readonly terms: number
  /** y += W x */
  forward(x: Float64Array, y: Float64Array): void
  /** y += |W| x */
  absolute(x: Float64Array, y: Float64Array): void
  /** x += Wᵀ y; zeros of y cost nothing */
  transposed(y: Float64Array, x: Float64Array): void
  /** What the matrix is made of, for kernels that do the same. */
  readonly form: MapForm
}

export type MapForm =
  | { readonly kind: 'convolution'; readonly shape: ConvolutionShape; readonly weights: Float32Array | Float64Array }
  | ({ readonly kind: 'sparse' } & SparseRows)

/** A full matrix, [output][input]. */
export function denseMap(weights: Float32Array | Float64Array, outputs: number, inputs: number): LinearMap {
  if (weights.length !== outputs * inputs) {
    throw new RangeError(`${weights.length} weights for ${outputs} × ${inputs}`)
  }
  const apply = (x: Float64Array, y: Float64Array, absolute: boolean) => {
    for (let o = 0, at = 0; o < outputs; o++) {
      let sum = 0
      if (absolute) for (let i = 0; i < inputs; i++) sum += Math.abs(weights[at++]) * x[i]
      else for (let i = 0; i < inputs; i++) sum += weights[at++] * x[i]
      y[o] += sum
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
        const v = y[o]
        if (v === 0) continue
        for (let i = 0, at = o * inputs; i < inputs; i++) x[i] += weights[at++] * v
      }
    },
    form: { kind: 'convolution', shape: pointShape(inputs, outputs), weights },
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
  for (const i of source) uses[i]++
  let terms = uses.reduce((most, count) => Math.max(most, count), 0)
  for (let o = 0; o < outputs; o++) terms = Math.max(terms, start[o + 1] - start[o])
  return {
    inputs,
    outputs,
    terms,
    forward: (x, y) => {
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let k = start[o]; k < start[o + 1]; k++) sum += weight[k] * x[source[k]]
        y[o] += sum
      }
    },
    absolute: (x, y) => {
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let k = start[o]; k < start[o + 1]; k++) sum += Math.abs(weight[k]) * x[source[k]]
        y[o] += sum
      }
    },
    transposed: (y, x) => {
      for (let o = 0; o < outputs; o++) {
        const v = y[o]
        if (v === 0) continue
        for (let k = start[o]; k < start[o + 1]; k++) x[source[k]] += weight[k] * v
      }
    },
    form: { kind: 'sparse', inputs, start, source, weight },
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

/** A full matrix as a convolution of a 1 × 1 image. */
const pointShape = (inputs: number, outputs: number): ConvolutionShape => ({
  input: [inputs, 1, 1],
  outChannels: outputs,
  ...{ kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 },
})

/** Whether a convolution is a full matrix. */
export const isPoint = ({ input, kernel, stride, dilation, padding, groups }: ConvolutionShape): boolean =>
  [input[1], input[2], ...kernel, ...stride, ...dilation, groups].every((size) => size === 1) &&
  padding.every((zeros) => zeros === 0)

/** Height and width of what a convolution makes; below 1 if it does not fit. */
export function convolutionSize({ input, kernel, stride, dilation, padding }: ConvolutionShape): [number, number] {
  const size = (axis: 0 | 1) =>
    Math.floor(
      (input[axis + 1] + padding[axis] + padding[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis],
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

const known = new WeakMap<LinearMap, Omit<SparseRows, 'inputs'>>()

/** The rows of any map, made once. */
export function rowsOf(map: LinearMap): Omit<SparseRows, 'inputs'> {
  if (map.form.kind === 'sparse') return map.form
  const made = known.get(map) ?? readRows(map)
  known.set(map, made)
  return made
}

function readRows({ inputs, outputs, transposed }: LinearMap): Omit<SparseRows, 'inputs'> {
  const start = new Int32Array(outputs + 1)
  const [source, weight]: [number[], number[]] = [[], []]
  const unit = new Float64Array(outputs)
  for (let o = 0; o < outputs; o++) {
    const row = new Float64Array(inputs)
    unit[o] = 1
    transposed(unit, row)
    unit[o] = 0
    row.forEach((w, i) => {
      if (w === 0) return
      source.push(i)
      weight.push(w)
    })
    start[o + 1] = source.length
  }
  return { start, source: Int32Array.from(source), weight: Float64Array.from(weight) }
}
