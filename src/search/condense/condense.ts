/**
 * From a network and a question to a condensed system (condensed.ts), with bounds of every neuron and of every margin.
 * Layer by layer, an interval step from the tightest bounds so far settles most neurons. Backward substitution bounds the
 * others, with adaptive slopes and with the LP dual's common ones, and of all bounds the tightest count:
 *
 *   l = max(interval, adaptive, common)      u = min(interval, adaptive, common)
 *
 * A neuron that is still unstable, l < 0 < u, is a neuron of the system.
 * Sound: yes. Complete: no. Sources: Zhang et al. 2018 (adaptive slopes), Wong & Kolter 2018 (common slopes).
 */
import type { Engine } from '../../device/wasm/engine.ts'
import type { Graph } from '../../model/graph.ts'
import type { Region } from '../../region/region.ts'
import type { Deadline } from '../../base/deadline.ts'
import { isUnstable } from '../../model/phase.ts'
import { type LowerSlope, better, bothBounds, lowerBounds } from '../sweep/best-bounds.ts'
import { adaptiveSlope, upperSlope } from '../sweep/lines.ts'
import { type Condensed, type Row, joinRows } from '../system/condensed.ts'
import { Substitution } from './substitution.ts'

/** What bounds have found out about a question. */
export interface Root {
  readonly condensed: Condensed
  /** Per unsafe case of the question, a lower bound of its margin; above 0 where the case is proved impossible. */
  readonly margins: Float64Array
  /** The numbers of the cases that are open, in the order of the condensed system. */
  readonly open: readonly number[]
}

/** How neurons are bounded. */
export interface Bounding {
  /** Every bound is tried with each of these lower slopes. */
  readonly slopes: readonly LowerSlope[]
  /** From this ReLU node on, interval steps settle neurons. Before it only backward substitution bounds them. */
  readonly settlesFrom: number
}

export interface CondenseOptions {
  readonly deadline: Deadline
  /** `tightest` by default. */
  readonly bounding?: Bounding
}

export const tightest: Bounding = { slopes: [upperSlope, adaptiveSlope], settlesFrom: 0 }
/** The LP dual (Wong & Kolter 2018). */
export const lpDual = (settlesFrom: number): Bounding => ({ slopes: [upperSlope], settlesFrom })

/**
 * @param graph whose outputs are the margins of a question, see margins-graph.ts
 * @throws TimeIsUp past the deadline, OutOfRange for numbers that rounding cannot be bounded for
 */
export function condense(
  engine: Engine,
  graph: Graph,
  { lower, upper, ball }: Region,
  { deadline, bounding = tightest }: CondenseOptions,
): Root {
  const mark = engine.mark()
  const substitution = new Substitution(engine, graph, lower, upper)
  const rows: Row[] = []
  const [neuronLower, neuronUpper]: [number[], number[]] = [[], []]
  const levels: number[] = []
  const { slopes, settlesFrom } = bounding
  const neurons = { lower, upper, ball, rows, neuronLower, neuronUpper }
  const effort = { slopes, steps: 0, deadline }

  graph.nodes.forEach((node, i) => {
    deadline.check()
    if (node.kind === 'affine') return substitution.pushAffine(i)
    const [l, u] = [substitution.lower[node.value], substitution.upper[node.value]]
    const settles = levels.length >= settlesFrom
    const open = indicesWhere(l, (low, j) => !settles || isUnstable(low, u[j]))
    const candidates = substitution.rows(node.value, open, deadline)
    const found = bothBounds(engine, neurons, candidates, effort)
    open.forEach((j, c) => {
      l[j] = better(settles ? l[j] : -Infinity, found.lower[c])
      u[j] = -better(settles ? -u[j] : -Infinity, -found.upper[c])
    })
    substitution.pushRelu(i)
    levels.push(rows.length)
    open.forEach((j, c) => {
      if (!isUnstable(l[j], u[j])) return
      rows.push(candidates[c])
      neuronLower.push(l[j])
      neuronUpper.push(u[j])
    })
  })

  const last = graph.nodes.length
  const margins = substitution.lower[last].map((margin) => (levels.length >= settlesFrom ? margin : -Infinity))
  const tried = indicesWhere(margins, (margin) => !(margin > 0))
  const outputs = substitution.rows(last, tried, deadline)
  const found = lowerBounds(engine, neurons, outputs, effort)
  tried.forEach((c, i) => (margins[c] = better(margins[c], found[i])))
  const isOpen = (c: number) => !(margins[c] > 0)
  const open = tried.filter(isOpen)
  const left = outputs.filter((_, i) => isOpen(tried[i]))
  engine.release(mark)
  return { condensed: joinRows(neurons, levels, left), margins, open }
}

const indicesWhere = (values: Float64Array, test: (value: number, index: number) => boolean): number[] =>
  [...values.keys()].filter((index) => test(values[index], index))
