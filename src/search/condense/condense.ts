/**
 * From a network and a question to a condensed system (condensed.ts), layer by layer: an interval step from the
 * tightest bounds of the layers before settles most neurons; those left open are bounded by backward substitution
 * with adaptive slopes (Zhang et al. 2018) and the LP dual's common slopes (Wong & Kolter 2018); all are intersected.
 * What stays unstable is a neuron of the system. Problem: bounds of every neuron and of the question's margins. Sound: yes. Complete: no.
 */
import type { Engine } from '../../device/wasm/engine.ts'
import type { Graph } from '../../model/graph.ts'
import { Batch, FREE } from '../sweep/batch.ts'
import type { Condensed } from './condensed.ts'
import type { Region } from '../../region/region.ts'
import { checkRange } from './range.ts'
import { type Row, Substitution } from './substitution.ts'
import { type Neurons, System } from '../sweep/system.ts'
import { checkTime } from '../../base/deadline.ts'

/** Rows of a batch of bounds. */
const ROWS = 32

/** What is known of a question after bounding. */
export interface Root {
  readonly condensed: Condensed
  /** Per unsafe case of the question, a lower bound of its margin; above 0 where the case is proved impossible. */
  readonly margins: Float64Array
  /** The cases that are open, in the order of the condensed system's. */
  readonly open: readonly number[]
}

/** How neurons are bounded. */
export interface Bounding {
  /** Lower slopes that are tried for each bound. */
  readonly slopes: readonly ((l: number, u: number) => number)[]
  /** From which ReLU node on interval steps settle neurons. Before that every neuron has the bounds of its row alone. */
  readonly settlesFrom: number
}

/** Of the lower lines through 0 the one that leaves less area (Zhang et al. 2018). */
export const adaptiveSlope = (l: number, u: number): number => Number(u > -l)
/** Of the upper line, too (Wong & Kolter 2018). */
const commonSlope = (l: number, u: number): number => u / (u - l)

export const tightest: Bounding = { slopes: [commonSlope, adaptiveSlope], settlesFrom: 0 }
/** The LP dual (Wong & Kolter 2018). */
export const lpDual = (settlesFrom: number): Bounding => ({ slopes: [commonSlope], settlesFrom })

/**
 * @param graph whose outputs are the margins of a question, see margins-graph.ts
 * @param deadline on the clock of performance.now()
 * @throws TimeIsUp past the deadline, OutOfRange for numbers that rounding cannot be bounded for
 */
export function condense(
  engine: Engine,
  graph: Graph,
  { lower, upper, ball }: Region,
  deadline: number,
  { slopes, settlesFrom }: Bounding = tightest,
): Root {
  const mark = engine.mark()
  const substitution = new Substitution(engine, graph, lower, upper)
  const rows: Row[] = []
  const [neuronLower, neuronUpper]: [number[], number[]] = [[], []]
  const levels: number[] = []
  const bounds = (functions: readonly Row[], signs: readonly (1 | -1)[]) =>
    bounded(engine, { lower, upper, ball, rows, neuronLower, neuronUpper }, functions, signs, slopes, 0, deadline)

  graph.nodes.forEach((node, i) => {
    checkTime(deadline)
    if (node.kind === 'affine') return substitution.pushAffine(i)
    const [l, u] = [substitution.lower[node.value], substitution.upper[node.value]]
    const settles = levels.length >= settlesFrom
    const open = indicesWhere(l, (low, j) => !settles || (low < 0 && u[j] > 0))
    const candidates = substitution.rows(node.value, open, deadline)
    const ends = bounds([...candidates, ...candidates], signsOf(candidates))
    open.forEach((j, c) => {
      l[j] = better(settles ? l[j] : -Infinity, ends[c])
      u[j] = -better(settles ? -u[j] : -Infinity, ends[open.length + c])
    })
    substitution.pushRelu(i)
    levels.push(rows.length)
    open.forEach((j, c) => {
      if (!(l[j] < 0 && u[j] > 0)) return
      rows.push(candidates[c])
      neuronLower.push(l[j])
      neuronUpper.push(u[j])
    })
  })

  const last = graph.nodes.length
  const margins = substitution.lower[last].map((margin) => (levels.length >= settlesFrom ? margin : -Infinity))
  const tried = indicesWhere(margins, (margin) => !(margin > 0))
  const outputs = substitution.rows(last, tried, deadline)
  const found = bounds(outputs, signsOf(outputs))
  tried.forEach((c, i) => (margins[c] = better(margins[c], found[i])))
  const isOpen = (c: number) => !(margins[c] > 0)
  const open = tried.filter(isOpen)
  const left = outputs.filter((_, i) => isOpen(tried[i]))
  engine.release(mark)
  return { condensed: joinRows({ lower, upper, ball, rows, neuronLower, neuronUpper }, levels, left), margins, open }
}

/** One +1 for each row, then one −1: both ends of its bounds. */
export const signsOf = (rows: readonly Row[]): (1 | -1)[] => [
  ...rows.map(() => 1 as const),
  ...rows.map(() => -1 as const),
]

const indicesWhere = (values: Float64Array, test: (value: number, index: number) => boolean): number[] =>
  [...values.keys()].filter((index) => test(values[index], index))

/** The best lower bounds of functions of a system, or of their negatives, that the slopes tried give. */
export function bounded(
  engine: Engine,
  parts: Neurons,
  functions: readonly Row[],
  signs: readonly (1 | -1)[],
  slopes: Bounding['slopes'],
  steps: number,
  deadline: number,
): Float64Array {
  const best = new Float64Array(functions.length).fill(-Infinity)
  if (functions.length === 0) return best
  const mark = engine.mark()
  const { neuronLower, neuronUpper } = parts
  const system = new System(engine, parts)
  const batch = new Batch(system, Math.min(ROWS, (functions.length + 7) & ~7))
  const start = (slope: (l: number, u: number) => number) => {
    for (let k = 0; k < system.neurons; k++) batch.setNeuron(k, FREE, slope(neuronLower[k], neuronUpper[k]), 1)
  }
  for (let first = 0; first < functions.length; first += batch.rows) {
    checkTime(deadline)
    const part = functions.slice(first, first + batch.rows)
    part.forEach((row, r) => batch.setFunction(r, row, signs[first + r]))
    const take = () => {
      const bounds = batch.bounds()
      part.forEach((_, r) => (best[first + r] = better(best[first + r], bounds[r])))
    }
    for (const slope of slopes) {
      start(slope)
      take()
    }
    batch.restart()
    for (let step = 0; step < steps; step++) {
      checkTime(deadline)
      batch.ascend(stepSize(step, steps))
      take()
    }
  }
  engine.release(mark)
  return best
}

/** The larger of two lower bounds; one that is not a finite number bounds nothing. */
export const better = (bound: number, other: number): number => (other > bound && other < Infinity ? other : bound)

/** Length of ascent step `step` of so many, counted from 0: from 0.3 down to 0.1. */
export const stepSize = (step: number, steps: number): number => 0.3 * 0.33 ** (step / steps)

/**
 * @param levels first neuron of every level
 * @param outputs rows of the open cases
 * @throws OutOfRange for coefficients that are too large
 */
export function joinRows(parts: Neurons, levels: readonly number[], outputs: readonly Row[]): Condensed {
  const { lower, upper, ball, neuronLower, neuronUpper } = parts
  const neurons = parts.rows.length
  const rows = [...parts.rows, ...outputs]
  const start = new Int32Array(rows.length + 1)
  rows.forEach(({ source }, r) => (start[r + 1] = start[r] + source.length))
  const source = new Int32Array(start.at(-1)!)
  const weight = new Float64Array(start.at(-1)!)
  rows.forEach((row, r) => {
    source.set(row.source, start[r])
    weight.set(row.weight, start[r])
  })
  checkRange(weight)
  return {
    inputs: lower.length,
    lower,
    upper,
    ball,
    neurons,
    neuronLower: Float64Array.from(neuronLower),
    neuronUpper: Float64Array.from(neuronUpper),
    levels,
    start,
    source,
    weight,
    bias: Float64Array.from(rows, ({ bias }) => bias),
    error: Float64Array.from(rows, ({ error }) => error),
    cases: outputs.map((_, i) => [neurons + i]),
  }
}
