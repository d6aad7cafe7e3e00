/**
 * Many boxes bounded together: what cheap bounds prove over the hull of several boxes holds in each of them. Where the hull
 * is too wide, half of the boxes are tried together, then the other half. Cases that are closed stay closed.
 * Sound: yes. Complete: no. Sources: those of the bounds (narrow.ts).
 */
import type { Deadline } from '../base/deadline.ts'
import type { Engine } from '../device/wasm/engine.ts'
import type { Graph } from '../model/graph.ts'
import type { LinearConstraint, Outcome, ProofMethod, Question } from '../region/question.ts'
import { reasonOf } from './undecided.ts'
import { type Narrowed, narrowByCrown, narrowByIntervals } from './narrow.ts'

/** Most cases of a hull's question: boxes that all ask something else are better bounded alone. */
const MOST_CASES = 64
/** The proof of a hull may take this share of the time that its boxes would take one by one. */
const SHARE = 0.25

export type Proof = Outcome & { readonly verdict: 'robust' }

/** What is proved of a box. */
interface Progress {
  /** Numbers of its open cases. */
  open: readonly number[]
  /** Least margin of the others, and the proof that closed the last one. */
  closed: number
  method: ProofMethod
}

/**
 * @param questions at least one, about boxes
 * @param deadline questions that are not proved by then stay open
 * @returns the proof of each question that has one
 */
export function proveTogether(
  engine: Engine,
  graph: Graph,
  questions: readonly Question[],
  deadline: Deadline,
): (Proof | undefined)[] {
  const { cases, numbers } = numberCases(questions)
  const progress = numbers.map((open): Progress => ({ open, closed: Infinity, method: 'interval' }))
  /** Milliseconds for one box: what a hull can save. */
  let single = 0
  const visit = (boxes: readonly number[]): void => {
    const started = performance.now()
    if (deadline.isOver()) return
    const asked = [...new Set(boxes.flatMap((box) => progress[box].open))]
    if (boxes.length === 1 || asked.length <= MOST_CASES) {
      const most = boxes.length === 1 ? Infinity : SHARE * boxes.length * single
      const unsafe = asked.map((number) => cases[number])
      const question = { ...hullOf(boxes.map((box) => questions[box])), unsafe }
      // slopes pay only where all boxes ask the same: what other boxes ask seldom holds in these
      const isShared = boxes.every((box) => progress[box].open.length === asked.length)
      const end = deadline.orIn(most)
      const intervals = () => narrowByIntervals(engine, graph, question, end)
      const slopes = (before: Narrowed) => narrowByCrown(engine, graph, before, end)
      const after = question.unsafe.length > 0 ? narrow(engine, intervals, isShared ? [slopes] : []) : undefined
      if (boxes.length === 1) single = Math.max(single, performance.now() - started)
      if (after) note(boxes, asked, after)
    }
    const left = boxes.filter((box) => progress[box].open.length > 0)
    if (boxes.length > 1) halvesOf(questions, left).forEach(visit)
  }
  const note = (boxes: readonly number[], asked: readonly number[], { cases: open, closed, method }: Narrowed) => {
    const stays = new Set(open.map((i) => asked[i]))
    for (const box of boxes) {
      const before = progress[box]
      progress[box] = {
        open: before.open.filter((number) => stays.has(number)),
        closed: Math.min(before.closed, closed),
        method: before.method === 'crown' ? 'crown' : method,
      }
    }
  }
  visit([0])
  visit([...questions.keys()])
  return progress.map(({ open, closed, method }) =>
    open.length === 0 ? { verdict: 'robust', method, margin: closed } : undefined,
  )
}

/** The first step, then each of the next ones on what the last one left open, as far as the time allows. */
function narrow(
  engine: Engine,
  first: () => Narrowed,
  next: readonly ((before: Narrowed) => Narrowed)[],
): Narrowed | undefined {
  const mark = engine.mark()
  let found: Narrowed | undefined
  try {
    found = first()
    for (const step of next) if (found.question.unsafe.length > 0) found = step(found)
    return found
  } catch (error) {
    reasonOf(error)
    return found
  } finally {
    engine.release(mark)
  }
}

function hullOf(questions: readonly Question[]) {
  const lower = questions[0].lower.slice()
  const upper = questions[0].upper.slice()
  for (const question of questions) {
    for (let i = 0; i < lower.length; i++) {
      lower[i] = Math.min(lower[i], question.lower[i])
      upper[i] = Math.max(upper[i], question.upper[i])
    }
  }
  return { lower, upper }
}

/** Two halves, along the input in which the boxes' middles lie farthest apart; a single box as it is. */
function halvesOf(questions: readonly Question[], boxes: readonly number[]): (readonly number[])[] {
  if (boxes.length < 2) return boxes.length === 0 ? [] : [boxes]
  const middle = (box: number, i: number) => questions[box].lower[i] + questions[box].upper[i]
  let [widest, most] = [0, -1]
  for (let i = 0; i < questions[0].lower.length; i++) {
    let [least, largest] = [Infinity, -Infinity]
    for (const box of boxes) {
      least = Math.min(least, middle(box, i))
      largest = Math.max(largest, middle(box, i))
    }
    if (largest - least > most) [widest, most] = [i, largest - least]
  }
  const sorted = boxes.toSorted((a, b) => middle(a, widest) - middle(b, widest))
  return [sorted.slice(0, sorted.length >> 1), sorted.slice(sorted.length >> 1)]
}

/** The different cases, and the numbers of those that each question has. */
function numberCases(questions: readonly Question[]) {
  const known = new Map<string, number>()
  const cases: (readonly LinearConstraint[])[] = []
  const numberOf = (constraints: readonly LinearConstraint[]) => {
    const key = constraints.map(keyOf).join('&')
    const number = known.get(key) ?? cases.push(constraints) - 1
    known.set(key, number)
    return number
  }
  return { numbers: questions.map(({ unsafe }) => unsafe.map(numberOf)), cases }
}

const sparse = (values: Float64Array) =>
  [...values.keys()].filter((i) => values[i] !== 0).map((i) => `${i}:${values[i]}`)

const keyOf = ({ coefficients, bound, strict, errors }: LinearConstraint): string =>
  [...sparse(coefficients), strict ? '<' : '<=', bound, ...(errors ? sparse(errors) : [])].join(' ')
