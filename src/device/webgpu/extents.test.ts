import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { affine } from './affine.ts'
import { boxStep } from './box-step.ts'
import { flopOf, inputsOf, outputsOf, padded, weightsOf } from './extents.ts'
import { anyGpu, costOf, Plan } from './plan.ts'
import { eachWeight, randomExtents } from './products.testing.ts'

const random = new Random(1, 'extents')
const cases = Array.from({ length: 20 }, () => randomExtents(random))

test('counts two operations for every weight between an output and an input', () => {
  for (const extents of cases) {
    let weights = 0
    eachWeight(extents, () => weights++)
    expect(flopOf(extents, 8)).toBe(2 * 8 * weights)
  }
})

test('a tap that no place of the input meets is none', () => {
  const shape = { inChannels: 1, inHeight: 1, inWidth: 1, outChannels: 1, outHeight: 3, outWidth: 3 }
  expect(flopOf({ ...shape, kernel: 1, stride: 1, padding: 1, groups: 1 }, 4)).toBe(8)
})

test.each(['plain', 'tiled'] as const)('%s passes count their products, and so do their gradients', (products) => {
  for (const extents of cases) {
    const plan = new Plan({ ...anyGpu, products })
    const tape = new Tape()
    const weight = plan.kept('weight', weightsOf(extents), true)
    const bias = plan.kept('bias', padded(extents.outChannels), true)
    const input = plan.kept('input', inputsOf(extents) * 16, true)
    const stage = { products: [{ extents, weight, input }], bias }
    const y = affine(plan, tape, { ...stage, rows: 16, biasEvery: 1, relu: true })
    expect(y.length).toBe(outputsOf(extents) * 16)
    expect(costOf(plan).flop).toBe(flopOf(extents, 16))
    boxStep(plan, tape, { ...stage, rows: 8 }).intoGradient()
    expect(costOf(plan).flop).toBe(2 * flopOf(extents, 16))
    y.intoGradient()
    tape.backward()
    expect(costOf(plan).flop).toBe(6 * flopOf(extents, 16))
  }
})
