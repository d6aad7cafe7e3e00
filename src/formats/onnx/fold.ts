/** Operators on constants alone, which run as small networks with twice the digits of float64. */
import type { GraphNode } from '../../model/graph.ts'
import { rowsOf } from '../../model/linear-map.ts'
import type { Call, Operator } from './call.ts'
import { LongSum } from './long-sum.ts'
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
  // what the operator's own weights are made of may have been rounded as well
  const values: Value[] = [
    { data: Float64Array.from(data), error: new Float64Array(data.length).fill(call.inputError) },
  ]
  for (const step of steps.list) values.push(run(nodeOf(step, sizes), values, call.inputError))
  const like = { shape, data: new Float64Array(), integer: false } as const
  return made.map((operand) => {
    if (isConstant(operand)) return operand
    const { data: found, error } = values[operand.id]
    const most = error.reduce((a, b) => Math.max(a, b), 0)
    return call.make(operand.shape, like, (i) => found[i], most)
  })
}

interface Value {
  readonly data: Float64Array
  /** The error of each number, in units of 2⁻⁵³ of that number. */
  readonly error: Float64Array
}

/** @param weightError of the weights */
function run(node: GraphNode, values: readonly Value[], weightError: number): Value {
  if (node.kind === 'relu') {
    const { data, error } = values[node.value]
    return {
      data: data.map((z) => Math.max(z, 0)),
      error: error.map((e, j) => (data[j] > 0 ? e : e < Infinity ? 0 : e)),
    }
  }
  const made = { data: node.bias.slice(), error: new Float64Array(node.bias.length) }
  const sum = new LongSum()
  const terms = node.terms.map(({ value, map }) => ({ rows: rowsOf(map), ...values[value] }))
  for (let o = 0; o < node.bias.length; o++) {
    sum.start(node.bias[o])
    for (const { rows, data, error } of terms) {
      for (let e = rows.start[o]; e < rows.start[o + 1]; e++) {
        const source = rows.source[e]
        // weights that are no 32-bit floats may be rounded: 1/n and the like
        const ofWeight = weightError + (Math.fround(rows.weight[e]) === rows.weight[e] ? 0 : 4)
        sum.add(rows.weight[e], data[source], error[source] + ofWeight)
      }
    }
    made.data[o] = sum.value
    made.error[o] = sum.error
  }
  return made
}
