/**
 * What bounds of single constraints say about a question. A case is closed if one of its constraints fails over the whole
 * region; a constraint that always holds can be dropped:
 *
 *   Σ c·y − bound > 0 everywhere: it fails      ≤ 0 everywhere: it holds
 *
 * Sound: as the bounds are. Complete: no.
 */
import { sparseConstraints } from '../region/margins-graph.ts'
import type { LinearConstraint, Question } from '../region/question.ts'
import { type Interval, affineBounds } from './condense/output-bounds.ts'

/** What is left of a question. */
export interface Presolved {
  /** The cases that are open, without the constraints that always hold. Every case keeps at least one. */
  readonly question: Question
  /** The numbers of these cases in the question before. */
  readonly cases: readonly number[]
  /** The numbers of their constraints there, counted from 0 over all cases. */
  readonly kept: readonly number[]
  /** Least margin of the cases that are closed. It is 0 if outputs may reach no more than the border of a strict constraint. */
  readonly margin: number
}

/**
 * @param bounds of the excess Σ c·y − bound of every constraint, counted over all cases; NaN says nothing
 */
export function presolve(question: Question, { lower, upper }: Interval): Presolved {
  const unsafe: LinearConstraint[][] = []
  const cases: number[] = []
  const kept: number[] = []
  let margin = Infinity
  let first = 0
  for (const [c, constraints] of question.unsafe.entries()) {
    const numbers = constraints.map((_, i) => first + i)
    first += constraints.length
    const failing = numbers.filter((n, i) => (constraints[i].strict ? lower[n] >= 0 : lower[n] > 0))
    if (failing.length > 0) {
      margin = Math.min(margin, largest(failing, lower))
      continue
    }
    const may = numbers.filter((n, i) => !(constraints[i].strict ? upper[n] < 0 : upper[n] <= 0))
    const left = may.length > 0 ? may : numbers.slice(0, 1)
    unsafe.push(left.map((n) => constraints[n - numbers[0]]))
    for (const n of left) kept.push(n)
    cases.push(c)
  }
  return { question: { ...question, unsafe }, cases, kept, margin }
}

/** The largest of these elements. There may be more of them than a call can have arguments. */
export const largest = (numbers: readonly number[], values: ArrayLike<number>): number =>
  numbers.reduce((most, n) => Math.max(most, values[n]), -Infinity)

/** Bounds of the excess of every constraint, counted over all cases, from those of the outputs. */
export const excessBounds = ({ unsafe }: Question, outputs: Interval): Interval =>
  affineBounds(
    [{ rows: sparseConstraints(unsafe.flat()), ...outputs }],
    Float64Array.from(unsafe.flat(), ({ bound }) => -bound),
    // the numbers of a question are exact, or it says by how much they are not
    0,
  )

/**
 * The question with every bound raised by as much as the coefficients' errors can change the sum over the region. What is
 * proved of it holds for all coefficients within their errors.
 */
export function widened(question: Question, outputs: Interval): Question {
  const most = outputs.lower.map((l, i) => Math.max(Math.abs(l), Math.abs(outputs.upper[i])))
  const wide = (constraint: LinearConstraint): LinearConstraint => {
    const { coefficients, bound, strict, errors } = constraint
    if (!errors) return constraint
    const error = errors.reduce((sum, e, i) => (e === 0 ? sum : sum + e * most[i]), 0)
    // sums have less than 2²⁰ terms
    const raised = error === 0 ? bound : bound + error * (1 + 2 ** -30) + Math.abs(bound) * 2 ** -52 + Number.MIN_VALUE
    return { coefficients, bound: raised, strict }
  }
  return { ...question, unsafe: question.unsafe.map((constraints) => constraints.map(wide)) }
}

export const hasErrors = ({ unsafe }: Question): boolean =>
  unsafe.some((constraints) => constraints.some(({ errors }) => errors !== undefined))
