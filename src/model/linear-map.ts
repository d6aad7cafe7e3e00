/**
 * Linear maps in float64, written as plain loops over what is not zero: what graphs of any network are made of
 * (graph.ts). Each adds to its target, so that several maps into one value make a sum.
 */
import { type ConvolutionShape, pointShape } from './convolution-shape.ts'

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
