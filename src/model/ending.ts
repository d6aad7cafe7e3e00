/**
 * What a network does to its outputs after its graph: a softmax, or its logarithm. Both keep the order of the outputs,
 * so that questions about that order, and no others, are questions about the graph.
 */
import { UserError } from '../base/errors.ts'
import type { Ending, Graph } from './graph.ts'

/** What the network makes of the outputs of its graph, in float64. */
export function endOutputs(ending: Ending | undefined, outputs: Float64Array): Float64Array {
  if (ending === undefined) return outputs
  const most = outputs.reduce((a, b) => Math.max(a, b), -Infinity)
  const logarithm = Math.log(outputs.reduce((sum, y) => sum + Math.exp(y - most), 0))
  return outputs.map((y) => (ending === 'softmax' ? Math.exp(y - most - logarithm) : y - most - logarithm))
}

/** Outputs y with Σ coefficients·y ≤ bound. */
interface Constraint {
  readonly coefficients: Float64Array
  readonly bound: number
  readonly errors?: Float64Array | undefined
}

/** @throws UserError if a network has an ending, and a constraint is not about the order of two outputs, Y_i ≤ Y_j */
export function requireOrder({ ending }: Graph, constraints: readonly Constraint[]): void {
  if (ending === undefined) return
  const isOrder = ({ coefficients, bound, errors }: Constraint) => {
    const [a = 0, b = 0, ...more] = coefficients.filter((c) => c !== 0)
    return bound === 0 && a === -b && more.length === 0 && !errors?.some((error) => error !== 0)
  }
  if (constraints.every(isOrder)) return
  throw new UserError(
    `the network ends in a ${ending}: only properties that compare its outputs, such as Y_0 <= Y_1, can be verified`,
  )
}
