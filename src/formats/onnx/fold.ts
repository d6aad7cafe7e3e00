/** Operators on constants alone: run as little networks, in float64. */
import { evaluateGraph } from '../../networks/graph.ts'
import type { Call, Operator } from './call.ts'
import { elementsOf } from './shape.ts'
import { type Operand, Steps, isConstant, nodeOf } from './steps.ts'

/** An operator on computed values that takes constants in their place. */
export const folding =
  (operator: Operator): Operator =>
  (call) =>
    call.isConstant ? fold(call, operator) : operator(call)

function fold(call: Call, operator: Operator): readonly Operand[] {
  const steps = new Steps()
  const { data, shape, integer } = call.constant(0)
  if (integer) throw call.refuse(`reads whole numbers ('${call.node.input[0]}'): that is not supported`)
  const made = [operator(call.alone(steps))].flat()
  const sizes = [elementsOf(shape), ...steps.list.map(({ size }) => size)]
  const nodes = steps.list.map((step) => nodeOf(step, sizes))
  const values = evaluateGraph({ name: call.label, inputShape: shape, nodes }, data)
  const like = { shape, data: new Float64Array(), integer: false } as const
  return made.map((operand) =>
    isConstant(operand) ? operand : call.make(operand.shape, like, (i) => values[operand.id][i]),
  )
}
