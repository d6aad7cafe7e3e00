/**
 * Interval bounds of a network's outputs over a box, node by node:
 *
 *   Σ max(w, 0)·l + Σ min(w, 0)·u + b  ≤  Σ w·x + b  ≤  Σ max(w, 0)·u + Σ min(w, 0)·l + b
 *
 * For a small network they are exact where float64 can hold every step: a bound that is exactly the border of a question
 * must not end a rounding beyond it. Sound: yes. Complete: no. Source: Moore 1966.
 */
import type { Engine } from '../../device/wasm/engine.ts'
import type { Graph } from '../../model/graph.ts'
import { type LinearMap, type SparseRows, rowsOf } from '../../model/linear-map.ts'
import type { Region } from '../../region/region.ts'
import type { Deadline } from '../../base/deadline.ts'
import { MeasuredSum, ROUNDED } from './measured-sum.ts'
import { Substitution } from './substitution.ts'

export interface Interval {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** Most entries of all matrices of a small network. */
const SMALL = 2 ** 18

/** @returns undefined for a network that is not small: there bounds with estimated rounding are cheaper */
export function outputBounds({ nodes }: Graph, { lower, upper }: Region): Interval | undefined {
  let entries = 0
  for (const node of nodes) if (node.kind === 'affine') for (const { map } of node.terms) entries += entriesOf(map)
  if (entries > SMALL) return undefined
  const values: Interval[] = [{ lower, upper }]
  for (const node of nodes) {
    if (node.kind === 'affine') {
      const terms = node.terms.map(({ value, map }) => ({ rows: rowsOf(map), ...values[value] }))
      values.push(affineBounds(terms, node.bias, ROUNDED))
    } else {
      const ends = values[node.value]
      values.push({ lower: ends.lower.map((l) => Math.max(l, 0)), upper: ends.upper.map((u) => Math.max(u, 0)) })
    }
  }
  return values.at(-1)!
}

/**
 * The same for networks of any size, with estimated rounding.
 * @throws TimeIsUp past the deadline, OutOfRange for numbers that rounding cannot be bounded for
 */
export function roughOutputBounds(engine: Engine, graph: Graph, region: Region, deadline: Deadline): Interval {
  const values = new Substitution(engine, graph, region.lower, region.upper)
  graph.nodes.forEach((node, i) => {
    deadline.check()
    if (node.kind === 'affine') values.pushAffine(i)
    else values.pushRelu(i)
  })
  return { lower: values.lower.at(-1)!, upper: values.upper.at(-1)! }
}

/**
 * Bounds of Σ rows · value + bias.
 * @param rounded weights that are no 32-bit floats may be off by this share
 */
export function affineBounds(
  terms: readonly (Interval & { readonly rows: Omit<SparseRows, 'inputs'> })[],
  bias: Float64Array,
  rounded: number,
): Interval {
  const bounds = { lower: new Float64Array(bias.length), upper: new Float64Array(bias.length) }
  const [low, high] = [new MeasuredSum(rounded), new MeasuredSum(rounded)]
  for (let o = 0; o < bias.length; o++) {
    low.start(bias[o])
    high.start(bias[o])
    for (const { rows, lower, upper } of terms) {
      low.addRow(rows, o, lower, upper)
      high.addRow(rows, o, upper, lower)
    }
    bounds.lower[o] = low.below
    bounds.upper[o] = high.above
  }
  return bounds
}

const entriesOf = ({ form, inputs, outputs }: LinearMap): number =>
  form.kind === 'sparse' ? form.weight.length : inputs * outputs
