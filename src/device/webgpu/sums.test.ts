import { expect, test } from 'vitest'
import { Tape } from '../tape.ts'
import { inputsOf, outputsOf, weightsOf } from './extents.ts'
import { anyGpu, Plan } from './plan.ts'
import { type SumOfProducts, sumOfProducts } from './sums.ts'

const extents = {
  ...{ inChannels: 3, inHeight: 4, inWidth: 4, outChannels: 5, outHeight: 2, outWidth: 2 },
  ...{ kernel: 2, stride: 2, padding: 0, groups: 1 },
}
const ROWS = 8

/** A product, with values that are longer by some. */
function workOn(plan: Plan, more: { weight?: number; input?: number } = {}): SumOfProducts {
  const weight = plan.kept('weight', weightsOf(extents) + (more.weight ?? 0), true)
  const input = plan.kept('input', inputsOf(extents) * ROWS + (more.input ?? 0), true)
  const products = [{ extents, weight, input }]
  return { name: 'layer', direction: 'forward', products, rows: ROWS, halves: 1, relu: false }
}

test.each([
  ['layer: 6 rows are no multiple of 4', (plan: Plan) => ({ ...workOn(plan), rows: 6 })],
  ['layer reads 384 values, and gets 385', (plan: Plan) => workOn(plan, { input: 1 })],
  ['layer reads 768 values, and gets 384', (plan: Plan) => ({ ...workOn(plan), halves: 2 as const })],
  ['layer reads 160 values, and gets 384', (plan: Plan) => ({ ...workOn(plan), direction: 'transposed' as const })],
  ['layer has 96 weights, and gets 97', (plan: Plan) => workOn(plan, { weight: 1 })],
])('refuses values of another length: %s', (message, workOf) => {
  const plan = new Plan(anyGpu)
  expect(() => sumOfProducts(plan, undefined, workOf(plan))).toThrow(new RangeError(message))
})

test('records the way back only where something is to go back, and has come', () => {
  const plan = new Plan(anyGpu)
  const work = workOn(plan)
  const count = () => plan.dispatches.length
  const tape = new Tape()
  const still = work.products.map(({ weight, input }) => ({
    ...{ extents, weight: weight.detached(), input: input.detached() },
  }))
  expect(sumOfProducts(plan, tape, { ...work, products: still }).wantsGradient).toBe(false)
  expect(sumOfProducts(plan, undefined, work).wantsGradient).toBe(false)
  const y = sumOfProducts(plan, tape, work)
  expect(y.length).toBe(outputsOf(extents) * ROWS)
  expect(count()).toBe(3)
  tape.backward()
  expect(count()).toBe(3)
})

test('goes back to weights alone, or to inputs alone', () => {
  for (const wanted of ['weight', 'input'] as const) {
    const plan = new Plan(anyGpu)
    const work = workOn(plan)
    const [{ weight, input }] = work.products
    const product = { extents, weight: weight.detached(), input: input.detached(), [wanted]: { weight, input }[wanted] }
    const tape = new Tape()
    sumOfProducts(plan, tape, { ...work, products: [product] }).intoGradient()
    tape.backward()
    expect([weight.gradient !== undefined, input.gradient !== undefined]).toEqual([
      wanted === 'weight',
      wanted === 'input',
    ])
  }
})

test('biases cannot be trained without weights', () => {
  const plan = new Plan(anyGpu)
  const work = workOn(plan)
  const products = work.products.map(({ weight, input }) => ({ extents, weight: weight.detached(), input }))
  const bias = { values: plan.kept('bias', 8, true), every: 1 }
  const tape = new Tape()
  sumOfProducts(plan, tape, { ...work, products, bias }).intoGradient()
  expect(() => tape.backward()).toThrow('layer has biases that are trained, but no such weights')
})
