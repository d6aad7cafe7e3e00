/**
 * Tighter bounds of a condensed system's neurons and cases by optimised slopes (α-CROWN):
 *
 *   max over the lower slopes in [0, 1] of  the lower bound
 *
 * Level by level, every bound of every neuron, and then of every open case, gets slopes of its own: gradient ascent
 * starts from the adaptive ones. Bounds never get looser.
 * Sound: yes. Complete: no. Source: Xu et al. 2021.
 */
import type { Deadline } from '../base/deadline.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { isUnstable } from '../model/phase.ts'
import { type Root, tightest } from './condense/condense.ts'
import { better, bothBounds, lowerBounds } from './sweep/best-bounds.ts'
import { type Condensed, type Row, joinRows, rowOf } from './system/condensed.ts'
import { UNDERFLOW } from './system/range.ts'

/** Steps of ascent for each bound. */
const STEPS = 8

/**
 * The same question with tighter bounds. Neurons that they settle are multiplied out, cases that they prove are closed.
 * @throws TimeIsUp past the deadline
 */
export function optimiseSlopes(engine: Engine, root: Root, deadline: Deadline): Root {
  const { lower, upper, ball, neurons, levels, cases } = root.condensed
  const neuronLower = root.condensed.neuronLower.slice()
  const neuronUpper = root.condensed.neuronUpper.slice()
  const rows = Array.from({ length: neurons + cases.length }, (_, r) => rowOf(root.condensed, r))
  const before = (end: number) => ({ lower, upper, ball, rows: rows.slice(0, end), neuronLower, neuronUpper })
  const effort = { slopes: tightest.slopes, steps: STEPS, deadline }
  levels.forEach((first, level) => {
    const next = levels[level + 1] ?? neurons
    const functions = rows.slice(first, next)
    if (first === 0 || functions.length === 0) return
    const found = bothBounds(engine, before(first), functions, effort)
    functions.forEach((_, i) => {
      neuronLower[first + i] = better(neuronLower[first + i], found.lower[i])
      neuronUpper[first + i] = -better(-neuronUpper[first + i], -found.upper[i])
    })
  })
  const margins = root.margins.slice()
  const found = lowerBounds(engine, before(neurons), rows.slice(neurons), effort)
  root.open.forEach((c, i) => (margins[c] = better(margins[c], found[i])))
  const left = [...root.open.keys()].filter((i) => !(margins[root.open[i]] > 0))
  const condensed = withoutSettled({ ...root.condensed, neuronLower, neuronUpper }, left)
  return { condensed, margins, open: left.map((i) => root.open[i]) }
}

/**
 * Multiplies out neurons with l ≥ 0 or u ≤ 0.
 * @param kept which cases to keep
 */
function withoutSettled(condensed: Condensed, kept: readonly number[]): Condensed {
  const { inputs, lower, upper, ball, neurons, neuronLower, neuronUpper, levels } = condensed
  const isOpen = (k: number) => isUnstable(neuronLower[k], neuronUpper[k])
  const numbers = new Int32Array(neurons)
  const unstable: number[] = []
  for (let k = 0; k < neurons; k++) if (isOpen(k)) numbers[k] = unstable.push(k) - 1
  const rewritten: Row[] = []
  const rewrite = (r: number): Row => {
    const row = rowOf(condensed, r)
    if (row.source.every((s) => s < inputs || isOpen(s - inputs))) {
      return { ...row, source: row.source.map((s) => (s < inputs ? s : inputs + numbers[s - inputs])) }
    }
    const coefficients = new Map<number, number>()
    let { bias, error } = row
    /** Sum of all absolute terms, before they cancel. */
    let magnitude = Math.abs(bias)
    const add = (source: number, weight: number) => {
      coefficients.set(source, (coefficients.get(source) ?? 0) + weight)
      magnitude += Math.abs(weight) * largest(source)
    }
    row.source.forEach((s, e) => {
      const weight = row.weight[e]
      const k = s - inputs
      if (k < 0) add(s, weight)
      else if (isOpen(k)) add(inputs + numbers[k], weight)
      else if (neuronLower[k] >= 0) {
        const inner = rewritten[k]
        bias += weight * inner.bias
        magnitude += Math.abs(weight * inner.bias)
        inner.source.forEach((source, i) => add(source, weight * inner.weight[i]))
        error += Math.abs(weight) * inner.error
      }
    })
    const sources = [...coefficients.keys()].toSorted((a, b) => a - b)
    return {
      bias,
      source: Int32Array.from(sources),
      weight: Float64Array.from(sources, (source) => coefficients.get(source)!),
      error: (error + rounding * magnitude) * (1 + rounding) + UNDERFLOW,
    }
  }
  /** Largest absolute value of a source, by its new number. */
  const largest = (s: number) =>
    s < inputs ? Math.max(Math.abs(lower[s]), Math.abs(upper[s])) : neuronUpper[unstable[s - inputs]]
  /** A sum here has at most one term per neuron, and one more. */
  const rounding = 4 * (neurons + 16) * 2 ** -53
  for (let k = 0; k < neurons; k++) rewritten.push(rewrite(k))
  return joinRows(
    {
      lower,
      upper,
      ball,
      rows: unstable.map((k) => rewritten[k]),
      neuronLower: unstable.map((k) => neuronLower[k]),
      neuronUpper: unstable.map((k) => neuronUpper[k]),
    },
    levels.map((first) => unstable.findIndex((k) => k >= first)).map((at) => (at < 0 ? unstable.length : at)),
    kept.map((i) => rewrite(neurons + i)),
  )
}
