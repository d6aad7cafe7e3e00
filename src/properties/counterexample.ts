/** Counterexamples to a question: the float64 re-run that each must pass, and how the competition writes them. */
import { type Graph, evaluateGraph } from '../networks/graph.ts'
import { type Question, distanceToUnsafe } from '../complete/question.ts'

export interface Counterexample {
  /** In the box. */
  readonly point: Float64Array
  /** Of the network in float64. */
  readonly outputs: Float64Array
  /** distanceToUnsafe, ≤ 0 */
  readonly distance: number
}

/** Runs a point in float64 on the graph itself. @returns undefined if it is outside the box, or is safe */
export function runCounterexample(
  graph: Graph,
  question: Question,
  point: ArrayLike<number>,
): Counterexample | undefined {
  const { lower, upper } = question
  const inBox = point.length === lower.length && lower.every((end, i) => end <= point[i] && point[i] <= upper[i])
  if (!inBox) return undefined
  const outputs = evaluateGraph(graph, point).at(-1)!
  const distance = distanceToUnsafe(question, outputs)
  return distance <= 0 ? { point: Float64Array.from(point), outputs, distance } : undefined
}

/**
 * The re-run that must pass before a point is called a counterexample. Searches may end a rounding outside the box, so
 * the point is moved into it first. If its float32 neighbour in the box passes too,
 * it is taken instead: others run the network in float32, and then run it on the very same input.
 * @throws Error if the point does not pass: the method that found it is at fault
 */
export function confirmCounterexample(graph: Graph, question: Question, point: ArrayLike<number>): Counterexample {
  const { lower, upper } = question
  const inside = Float64Array.from(point, (value, i) => Math.min(upper[i], Math.max(lower[i], value)))
  const found = runCounterexample(graph, question, inside)
  if (!found) throw new Error('a counterexample did not pass its re-run in float64: it is not counted')
  return runCounterexample(graph, question, inFloat32(question, found.point)) ?? found
}

/** Every number rounded to float32 inside the box; as it is where the box may hold none. */
function inFloat32({ lower, upper }: Question, point: Float64Array): Float64Array {
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
