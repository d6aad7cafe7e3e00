/** Softmax and its logarithm: what keeps the order of the outputs, at the end of a network (see run.ts). */
import type { Ending } from '../../model/graph.ts'
import { endOutputs } from '../../model/ending.ts'
import type { Operator } from './call.ts'
import { refusedValue } from './refused.ts'
import { elementsOf } from './shape.ts'
import { isConstant } from './steps.ts'

export const softmax =
  (ending: Ending): Operator =>
  (call) => {
    const operand = call.operand(0)
    const { shape } = operand
    const old = call.opset < 13
    const axis = call.axis(call.wholeNumber('axis', old ? 1 : -1), shape.length)
    // before opset 13 over all dimensions from the axis on
    const length = old ? elementsOf(shape.slice(axis)) : shape[axis]
    const isWhole = length === elementsOf(shape)
    if (!isConstant(operand)) return refusedValue(call, shape, [operand], isWhole ? { ending } : {})
    if (!isWhole) throw call.refuse('is not over all elements of its constant: that is not supported')
    const data = endOutputs(ending, Float64Array.from(operand.data))
    return call.make(shape, { ...operand, data: new Float64Array() }, (i) => data[i], call.rounded(16))
  }
