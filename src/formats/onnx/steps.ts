/**
 * What an ONNX graph becomes on its way to a `Graph`: steps that are known by kind, so that scales and shifts can be
 * folded into the layer before them and a network of our layers can be recognised, and that are cheap until their maps
 * are made. Every value has its batch dimension, of size 1, and is stored row-major.
 */
import { badFile } from '../../base/errors.ts'
import { productError, sumError } from '../../base/exact.ts'
import type { Ending, GraphNode } from '../../model/graph.ts'
import { convolutionMap } from '../../model/convolution-map.ts'
import type { ConvolutionShape } from '../../model/convolution-shape.ts'
import { type SparseRows, denseMap, sparseMap } from '../../model/linear-map.ts'
import { MAX_ELEMENTS, elementsOf } from './shape.ts'
import type { Constant } from './tensor.ts'

/** Computed from the input. */
export interface Value {
  /** Value 0 is the input; step i makes value i + 1. */
  readonly id: number
  readonly shape: readonly number[]
  /** Whether nothing else reads it, so that the step that made it may be changed. */
  readonly single: boolean
}

export type Operand = Value | Constant
export const isConstant = (operand: Operand): operand is Constant => 'data' in operand

export type Weights = Float32Array | Float64Array

/** Output o is shift(o) + Σ factor(o) · value[source(o)]; a source of −1 adds nothing. */
export interface Selection {
  readonly kind: 'selection'
  readonly terms: readonly {
    readonly value: number
    readonly source: (output: number) => number
    readonly factor: (output: number) => number
  }[]
  readonly shift: (output: number) => number
  /** Set for (value − operand) and value / operand, element by element. */
  readonly normalises?: { readonly by: 'Sub' | 'Div'; readonly operand: (output: number) => number }
}

/** What `Steps.scale` does to a value. */
export interface Change extends Omit<Selection, 'kind' | 'terms'> {
  readonly factor: (output: number) => number
  /** The factors are rounded: in a bias of which most cancels later, that would be more than a rounding. */
  readonly isRounded?: boolean
}

export type Step = {
  /** Operator and name, for messages. */
  readonly label: string
  /** The length of the value that it makes. */
  readonly size: number
} & (
  | Selection
  | { readonly kind: 'relu'; readonly value: number }
  /** Weights are [output][input]. */
  | { readonly kind: 'dense'; readonly value: number; readonly weights: Weights; readonly bias: Float64Array }
  /** One bias per channel. */
  | {
      readonly kind: 'convolution'
      readonly value: number
      readonly weights: Weights
      readonly shape: ConvolutionShape
      readonly bias: Float64Array
    }
  | {
      readonly kind: 'sparse'
      readonly value: number
      readonly rows: () => SparseRows
      readonly shift?: (output: number) => number
      /** Set for averages over windows of images, padding included. */
      readonly pools?: Pools
    }
  | Refused
)

/** The same along both axes. */
export interface Window {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
}

export interface Pools {
  readonly window: Window
  /** The images that are read: [channels, height, width]. */
  readonly seen: readonly number[]
}

/** An operator that no graph has. The network is refused if its output needs this step. */
export interface Refused {
  readonly kind: 'refused'
  readonly values: readonly number[]
  /** The operator and the node's name, for the message. */
  readonly operator: string
  readonly node: string
  /** Set for a Softmax over all elements of a value, or its logarithm, because it keeps their order. */
  readonly ending?: Ending
  /** Set for a comparison, element by element: whether the first operand is above the second, or not. */
  readonly comparison?: Comparison
}

export interface Comparison {
  readonly above: Operand
  readonly below: Operand
}

/** Numbers that all maps and constants made from a file, beyond those it holds, may have together. */
const MAX_MADE = 2 ** 26
/** Larger matrices are not copied to fold a scale into them. */
const MAX_SCALED = 2 ** 22

export class Steps {
  readonly list: Step[] = []
  readonly #copied = new Set<Weights>()
  #made = 0

  /**
   * Adds a step.
   * @param cost numbers that its map and biases will hold, without weights that lie in the file
   * @throws UserError if that, or the step's value, is too large
   */
  add(step: Step, shape: readonly number[], cost: number): Value {
    if (elementsOf(shape) > MAX_ELEMENTS) throw badFile(`${step.label} makes a value of [${shape}]: too large`)
    this.spend(cost, step.label)
    return { id: this.list.push(step), shape, single: true }
  }

  /** Says that a value is made of averages over windows. */
  pools(value: Value, pools: Pools): void {
    const step = this.list[value.id - 1]
    if (step.kind === 'sparse') this.list[value.id - 1] = { ...step, pools }
  }

  /** @throws UserError if `cost` numbers more are too many */
  spend(cost: number, label: string): void {
    this.#made += cost
    if (!(this.#made <= MAX_MADE)) throw badFile(`${label} makes the network too large: more than is read`)
  }

  /** Counts a copy of weights: the first one is free, since no file is larger than what is read. */
  spendCopy(weights: Weights, label: string): void {
    if (this.#copied.has(weights)) this.spend(weights.length, label)
    this.#copied.add(weights)
  }

  /** value · factor + shift, element by element: folded into the layer that made the value where that rounds nothing. */
  scale(label: string, value: Value, { isRounded, ...by }: Change): Value {
    const size = elementsOf(value.shape)
    this.spend(size, label)
    const step = value.single && !isRounded ? this.list[value.id - 1] : undefined
    const folded = step && this.#folded(step, by.factor, by.shift)
    if (folded) {
      this.list[value.id - 1] = folded
      return value
    }
    const { factor, ...rest } = by
    const terms = [{ value: value.id, source: (o: number) => o, factor }]
    return this.add({ kind: 'selection', label, size, terms, ...rest }, value.shape, 3 * size)
  }

  /** The step with the change in its weights, if that rounds none of them: rounding would add up from fold to fold. */
  #folded(step: Step, factor: (o: number) => number, shift: (o: number) => number): Step | undefined {
    if (step.kind !== 'dense' && step.kind !== 'convolution') return undefined
    const rows = step.bias.length
    const area = step.size / rows
    for (let o = 0; o < step.size; o++) {
      const first = Math.floor(o / area) * area
      if (factor(o) !== factor(first) || shift(o) !== shift(first)) return undefined
    }
    const factors = Float64Array.from({ length: rows }, (_, row) => factor(row * area))
    const bias = step.bias.map((b, row) => exactSum(exactProduct(b, factors[row]), shift(row * area)))
    if (bias.some(Number.isNaN)) return undefined
    if (factors.every((f) => f === 1)) {
      this.spend(rows, step.label)
      return { ...step, bias }
    }
    if (step.weights.length > MAX_SCALED) return undefined
    const perRow = step.weights.length / rows
    const weights = Float64Array.from(step.weights, (w, i) => exactProduct(w, factors[Math.floor(i / perRow)]))
    if (weights.some(Number.isNaN)) return undefined
    this.spend(rows + weights.length, step.label)
    return { ...step, weights, bias }
  }
}

/** a + b, or NaN if that is rounded. */
function exactSum(a: number, b: number): number {
  const sum = a + b
  return sumError(a, b, sum) === 0 ? sum : NaN
}

/** a · b, or NaN if that is rounded. */
function exactProduct(a: number, b: number): number {
  const product = a * b
  return productError(a, b, product) === 0 ? product : NaN
}

/** Values that a step reads. */
export function valuesOf(step: Step): readonly number[] {
  if (step.kind === 'selection') return step.terms.map(({ value }) => value)
  return step.kind === 'refused' ? step.values : [step.value]
}

/** The step with the values that it reads renamed. */
export function renumber(step: Step, rename: (value: number) => number): Step {
  if (step.kind === 'refused') return { ...step, values: step.values.map(rename) }
  if (step.kind !== 'selection') return { ...step, value: rename(step.value) }
  return { ...step, terms: step.terms.map((term) => ({ ...term, value: rename(term.value) })) }
}

/** @param sizes length of every value before it */
export function nodeOf(step: Step, sizes: readonly number[]): GraphNode {
  switch (step.kind) {
    case 'refused':
      throw badFile(`${step.label} is not supported`)
    case 'relu':
      return { kind: 'relu', value: step.value }
    case 'dense': {
      const map = denseMap(step.weights, step.size, sizes[step.value])
      return { kind: 'affine', terms: [{ value: step.value, map }], bias: step.bias }
    }
    case 'convolution': {
      const area = step.size / step.bias.length
      const bias = Float64Array.from({ length: step.size }, (_, o) => step.bias[Math.floor(o / area)])
      return { kind: 'affine', terms: [{ value: step.value, map: convolutionMap(step.weights, step.shape) }], bias }
    }
    case 'sparse':
      return {
        kind: 'affine',
        terms: [{ value: step.value, map: sparseMap(step.rows()) }],
        bias: new Float64Array(step.size).map((_, o) => step.shift?.(o) ?? 0),
      }
    case 'selection': {
      const terms = step.terms.map(({ value, source, factor }) => {
        const start = new Int32Array(step.size + 1)
        for (let o = 0; o < step.size; o++) start[o + 1] = start[o] + (source(o) < 0 ? 0 : 1)
        const rows = {
          inputs: sizes[value],
          start,
          source: new Int32Array(start[step.size]),
          weight: new Float64Array(start[step.size]),
        }
        for (let o = 0; o < step.size; o++) {
          if (start[o] === start[o + 1]) continue
          rows.source[start[o]] = source(o)
          rows.weight[start[o]] = factor(o)
        }
        return { value, map: sparseMap(rows) }
      })
      const bias = new Float64Array(step.size).map((_, o) => step.shift(o))
      return { kind: 'affine', terms, bias }
    }
  }
}
