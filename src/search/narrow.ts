/**
 * The cheap proofs of a question: intervals, adaptive slopes, optimised slopes. Each works on what the last one left open.
 * They bound single constraints: one that fails over the whole region closes its case, one that always holds is dropped.
 * Sound: yes. Complete: no. Sources: Moore 1966, Zhang et al. 2018, Xu et al. 2021.
 */
import type { Deadline } from '../base/deadline.ts'
import type { Engine } from '../device/wasm/engine.ts'
import type { Graph } from '../model/graph.ts'
import { withExcesses } from '../region/margins-graph.ts'
import type { LinearConstraint, ProofMethod, Question } from '../region/question.ts'
import { type Condensed, joinRows, rowOf } from './system/condensed.ts'
import { type Root, condense } from './condense/condense.ts'
import { optimiseSlopes } from './slopes.ts'
import { excessBounds, hasErrors, largest, presolve, widened } from './presolve.ts'
import { outputBounds, roughOutputBounds } from './condense/output-bounds.ts'

/** How far proofs have come: each makes a new one. */
export interface Narrowed {
  /** The cases that are open, with the constraints that matter; none if the question is proved. */
  readonly question: Question
  /** Their numbers in the question that was asked. */
  readonly cases: readonly number[]
  /** Least margin of the cases that are closed, Infinity if there are none. */
  readonly closed: number
  /** What is proved of the least margin of all. */
  readonly bound: number
  /** The last proof. */
  readonly method: ProofMethod
}

/** With the condensed network. It has one row for each constraint that is left. */
export interface Bounded extends Narrowed {
  readonly root: Root
}

/**
 * By intervals. From here on the question's coefficients are exact: its bounds allow for all errors of theirs.
 * @throws TimeIsUp past the deadline, OutOfRange for numbers that rounding cannot be bounded for
 */
export function narrowByIntervals(engine: Engine, graph: Graph, asked: Question, deadline: Deadline): Narrowed {
  const exact = outputBounds(graph, asked)
  const outputs = exact ?? (hasErrors(asked) ? roughOutputBounds(engine, graph, asked, deadline) : undefined)
  const all = [...asked.unsafe.keys()]
  if (!outputs) return { question: asked, cases: all, closed: Infinity, bound: -Infinity, method: 'interval' }
  const wide = widened(asked, outputs)
  const bounds = excessBounds(wide, outputs)
  const { question, cases, kept, margin } = presolve(wide, bounds)
  return { question, cases, closed: margin, bound: leastOf(question, kept, bounds.lower, margin), method: 'interval' }
}

/** By adaptive slopes. @throws as narrowByIntervals */
export function narrowByCrown(engine: Engine, graph: Graph, before: Narrowed, deadline: Deadline): Bounded {
  const { question } = before
  const constraints = question.unsafe.flat()
  // where a case has several constraints, upper bounds drop those that always hold
  const several = constraints.length > question.unsafe.length
  const functions = several ? [...constraints, ...constraints.map(opposite)] : constraints
  const root = condense(engine, withExcesses(graph, functions), question, { deadline })
  const lower = root.margins.subarray(0, constraints.length)
  const upper = several ? root.margins.subarray(constraints.length).map((m) => -m) : lower.map(() => NaN)
  return narrowed(before, root, 'crown', upper)
}

/** By optimised slopes. @throws as narrowByIntervals */
export function narrowByAlpha(engine: Engine, before: Bounded, deadline: Deadline): Bounded {
  const root = optimiseSlopes(engine, before.root, deadline)
  return narrowed(before, root, 'alpha', new Float64Array(root.margins.length).fill(NaN))
}

/** The condensed network with the cases that are open; a case has one row for each of its constraints. */
export function casesOf({ question, root }: Bounded): Condensed {
  let next = root.condensed.neurons
  return { ...root.condensed, cases: question.unsafe.map((constraints) => constraints.map(() => next++)) }
}

function narrowed(before: Narrowed, root: Root, method: ProofMethod, upper: Float64Array): Bounded {
  const lower = root.margins
  const { question, cases: left, kept, margin } = presolve(before.question, { lower, upper })
  const cases = left.map((c) => before.cases[c])
  const closed = Math.min(before.closed, margin)
  const bound = Math.max(before.bound, leastOf(question, kept, lower, closed))
  return { question, cases, closed, bound, method, root: restricted(root, kept) }
}

const opposite = ({ coefficients, bound }: LinearConstraint): LinearConstraint => ({
  coefficients: coefficients.map((c) => -c),
  bound: -bound,
})

/** The least margin that is proved. An open case has that of its best constraint. */
function leastOf({ unsafe }: Question, kept: readonly number[], lower: Float64Array, closed: number): number {
  let [least, next] = [closed, 0]
  for (const constraints of unsafe) {
    const own = kept.slice(next, (next += constraints.length))
    least = Math.min(least, largest(own, lower))
  }
  return Number.isNaN(least) ? -Infinity : least
}

/** The same with only these outputs, all of which are open. */
function restricted({ condensed, margins, open }: Root, kept: readonly number[]): Root {
  const { lower, upper, ball, neurons, neuronLower, neuronUpper, levels } = condensed
  const places = new Map(open.map((output, i) => [output, i]))
  const rows = Array.from({ length: neurons }, (_, k) => rowOf(condensed, k))
  const outputs = kept.map((output) => rowOf(condensed, neurons + places.get(output)!))
  return {
    condensed: joinRows({ lower, upper, ball, rows, neuronLower, neuronUpper }, levels, outputs),
    margins: Float64Array.from(kept, (output) => margins[output]),
    open: kept.map((_, i) => i),
  }
}
