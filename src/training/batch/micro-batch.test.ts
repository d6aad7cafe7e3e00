import { expect, test } from 'vitest'
import { read, write } from '../../device/webgpu/kernel.ts'
import { Plan, anyGpu } from '../../device/webgpu/plan.ts'
import { fittingSize, partsOf } from './micro-batch.ts'
import { microBatches } from './step.ts'

/** A plan of two values that are alive together: 1 MB per example each, and 1 MB that stays. */
function plansOf(size: number): { readonly only: Plan } {
  const plan = new Plan(anyGpu)
  const [x, y] = ['x', 'y'].map((name) => plan.values(name, size * 2 ** 18)) as [typeof kept, typeof kept]
  const kept = plan.kept('kept', 2 ** 18)
  plan.each('first', 1, { x: write(x) }, 'x[i] = 1.0;')
  plan.each('second', 1, { x: read(x), y: write(y), kept: read(kept) }, 'y[i] = x[i] + kept[i];')
  return { only: plan }
}

const sizeWithin = (deviceMemory: number, largestBinding = 2 ** 30) =>
  fittingSize({ batchSize: 50, deviceMemory }, { largestBinding }, plansOf).size

test('a batch falls into parts as equal as can be', () => {
  expect(partsOf(50).slice(0, 8)).toEqual([50, 25, 17, 13, 10, 9, 8, 7])
  expect(partsOf(1)).toEqual([1])
  expect(microBatches(50, 17)).toEqual([
    { first: 0, count: 17 },
    { first: 17, count: 17 },
    { first: 34, count: 16 },
  ])
  expect(microBatches(5, 17)).toEqual([{ first: 0, count: 5 }])
})

test('parts are as large as memory allows, in all and for one value', () => {
  expect([101, 100, 51, 21, 20].map((memory) => sizeWithin(memory))).toEqual([50, 25, 25, 10, 9])
  expect(sizeWithin(101, 50 * 2 ** 20)).toBe(50)
  expect(sizeWithin(101, 50 * 2 ** 20 - 1)).toBe(25)
})

test('one image that does not fit is refused in a line', () => {
  expect(sizeWithin(3)).toBe(1)
  expect(() => sizeWithin(2)).toThrow('one image takes 3 MB on the GPU, and deviceMemory is 2: give it more')
  expect(() => sizeWithin(100, 2 ** 19)).toThrow('one image takes 1 MB at once, and the GPU allows 1: train on the CPU')
})
