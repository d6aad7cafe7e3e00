/** Operators made of linear pieces, element by element, exactly by ReLUs: max(a, b) = a + relu(b − a). */
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { broadcastIndex, broadcastShapes, elementsOf, sameShape } from './shape.ts'
import { type Operand, type Value, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

export const relu: Operator = (call) => reluOf(call, call.value(0))

export function reluOf(call: Call, { id, shape }: Value): Value {
  return call.steps.add({ kind: 'relu', label: call.label, size: elementsOf(shape), value: id }, shape, 0)
}

/** onNegative(o) · x where x < 0, onPositive(o) · x where x > 0. */
function bent(call: Call, value: Value, onNegative: (o: number) => number, onPositive: (o: number) => number): Value {
  const size = elementsOf(value.shape)
  const positive = reluOf(call, value)
  const source = (o: number) => o
  const terms = [
    { value: value.id, source, factor: onNegative },
    { value: positive.id, source, factor: (o: number) => onPositive(o) - onNegative(o) },
  ]
  const step = { kind: 'selection', label: call.label, size, terms, shift: () => 0 } as const
  return call.steps.add(step, value.shape, 5 * size)
}

export const abs: Operator = (call) =>
  bent(
    call,
    call.value(0),
    () => -1,
    () => 1,
  )

export const leakyRelu: Operator = (call) => {
  const slope = call.number('alpha', Math.fround(0.01))
  if (!Number.isFinite(slope)) throw call.refuse(`has alpha ${slope}`)
  return bent(
    call,
    call.value(0),
    () => slope,
    () => 1,
  )
}

export const pRelu: Operator = (call) => {
  const value = call.value(0)
  const { data, shape } = call.constant(1)
  const fits = broadcastShapes(value.shape, shape)
  if (!fits || !sameShape(fits, value.shape)) {
    throw call.refuse(`has slopes of [${shape}] for a value of [${value.shape}]: the shapes do not fit`)
  }
  const at = broadcastIndex(shape, value.shape)
  return bent(
    call,
    value,
    (o) => data[at(o)],
    () => 1,
  )
}

/** max(x, c), broadcast. */
export function atLeast(call: Call, value: Value, bound: Constant): Operand {
  const fits = broadcastShapes(value.shape, bound.shape)
  if (fits && sameShape(fits, value.shape) && bound.data.every((c) => c === 0)) return reluOf(call, value)
  return combine(call, 'Add', reluOf(call, combine(call, 'Sub', value, bound) as Value), bound)
}

/** min(x, c), broadcast. */
export const atMost = (call: Call, value: Value, bound: Constant): Operand =>
  combine(call, 'Sub', bound, reluOf(call, combine(call, 'Sub', bound, value) as Value))

/** Larger numbers are no bounds in float32. */
const FLOAT_MAX = 2 ** 128 - 2 ** 104

/** min(max(x, least), most), as ONNX Runtime does it where least > most. */
export const clip: Operator = (call) => {
  const ends =
    call.opset < 11 ? ['min', 'max'].map((name) => attributeBound(call, name)) : [1, 2].map((i) => inputBound(call, i))
  const [least, most] = ends
  const value = call.value(0)
  const risen = least === undefined || least <= -FLOAT_MAX ? value : atLeast(call, value, scalar(least))
  return most === undefined || most >= FLOAT_MAX ? risen : atMost(call, risen as Value, scalar(most))
}

const attributeBound = (call: Call, name: string) => (call.has(name) ? call.number(name, 0) : undefined)

function inputBound(call: Call, index: number): number | undefined {
  const bound = call.bound(index)
  if (!bound) return undefined
  if (!isConstant(bound))
    throw call.refuse(`needs a constant '${call.node.input[index]}', but it is computed from the input`)
  if (bound.data.length !== 1) throw call.refuse(`has a bound of [${bound.shape}], not one number`)
  return bound.data[0]
}

const scalar = (x: number): Constant => ({ shape: [], data: Float64Array.of(x), integer: false })

/** min(max(alpha·x + beta, 0), 1) */
export const hardSigmoid: Operator = (call) => {
  const [alpha, beta] = [call.number('alpha', Math.fround(0.2)), call.number('beta', 0.5)]
  if (!Number.isFinite(alpha + beta)) throw call.refuse(`has alpha ${alpha} and beta ${beta}`)
  const line = call.steps.scale(call.label, call.value(0), { factor: () => alpha, shift: () => beta })
  return atMost(call, reluOf(call, line), scalar(1))
}
