/** Counterexamples to a question: the float64 re-run that each must pass, and how the competition writes them. */
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { type Question, distanceToUnsafe, isUnsafe } from './question.ts'
import { distanceIn, moveInto } from './region.ts'

export interface Counterexample {
  /** In the region. */
  readonly point: Float64Array
  /** Of the network in float64. */
  readonly outputs: Float64Array
  /** distanceToUnsafe, ≤ 0 */
  readonly distance: number
}

/**
 * Runs a point in float64 on the graph itself.
 * @returns undefined if it is outside the region, or safe: on the border of a strict constraint, too
 */
export function runCounterexample(
  graph: Graph,
  question: Question,
  point: ArrayLike<number>,
): Counterexample | undefined {
  const { ball, asked } = question
  const { lower, upper } = asked ?? question
  const inBox = point.length === lower.length && lower.every((end, i) => end <= point[i] && point[i] <= upper[i])
  const input = Float64Array.from(point)
  if (!inBox || (ball && !(distanceIn(ball, input) <= ball.radius))) return undefined
  const outputs = evaluateGraph(graph, input).at(-1)!
  if (!isUnsafe(question, outputs) || asked?.holds(input, outputs) === false) return undefined
  return { point: input, outputs, distance: distanceToUnsafe(question, outputs) }
}

/** The same for what a search has found, which may end a rounding outside the region: it is moved into it first. */
export const runCandidate = (graph: Graph, question: Question, point: Float64Array): Counterexample | undefined =>
  runCounterexample(graph, question, moveInto({ ...question, ...question.asked }, point))

/**
 * The re-run that must pass before a point is called a counterexample. If its float32 neighbour in the region passes too,
 * that is taken instead: others run the network in float32, and then run it on the very same input.
 * @throws Error if the point does not pass: the method that found it is at fault
 */
export function confirmCounterexample(graph: Graph, question: Question, point: ArrayLike<number>): Counterexample {
  const found = runCandidate(graph, question, Float64Array.from(point))
  if (!found) throw new Error('a counterexample did not pass its re-run in float64: it is not counted')
  const { lower, upper } = question.asked ?? question
  return runCounterexample(graph, question, inFloat32(lower, upper, found.point)) ?? found
}

/** Every number rounded to float32 inside the box; as it is where the box may hold none. */
function inFloat32(lower: Float64Array, upper: Float64Array, point: Float64Array): Float64Array {
  return point.map((value, i) => {
    const nearest = Math.fround(value)
    // three quarters of 2⁻²³ are more than half the way to the next float32, and less than half to the one behind
    const step = 0.75 * 2 ** -23 * Math.abs(nearest)
    const inside = [nearest, nearest + step, nearest - step].map(Math.fround)
    return inside.find((candidate) => lower[i] <= candidate && candidate <= upper[i]) ?? value
  })
}

/** As VNN-COMP reads it: one pair of parentheses around pairs of name and number, inputs first. */
export function formatCounterexample({ point, outputs }: Counterexample): string {
  const pairs = (letter: string, values: Float64Array) => Array.from(values, (value, i) => `(${letter}_${i} ${value})`)
  return `(${[...pairs('X', point), ...pairs('Y', outputs)].join('\n ')})`
}
