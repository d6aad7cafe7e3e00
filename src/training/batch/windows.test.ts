import { expect, test } from 'vitest'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { Plan, anyGpu } from '../../device/webgpu/plan.ts'
import { recordsOf } from '../../device/webgpu/statistics.ts'
import { columns } from './loss.ts'
import { MOST_STEPS, Windows } from './windows.ts'

/** A GPU whose step number n has the loss n, of which an empirical half, and how many windows it was asked for. */
function counting(faulty = -1) {
  const seen = { asked: 0 }
  let step = 0
  const read = async (_: unknown, first: number, length: number) => {
    expect([first, length % columns.length]).toEqual([0, 0])
    const rows = new Float32Array(length)
    for (let row = 0; row < length / columns.length; row++, step++) {
      for (const name of ['loss', 'empiricalLoss'] as const)
        rows[row * columns.length + columns.indexOf(name)] = step / 2
      rows[row * columns.length + columns.indexOf('squares')] = step === faulty ? Infinity : 1
    }
    seen.asked++
    return rows
  }
  return { gpu: { read } as unknown as Gpu, seen }
}

const records = recordsOf(new Plan(anyGpu), MOST_STEPS, columns)

test('every step is heard of once, in order, and at most two windows are on their way', async () => {
  const { gpu, seen } = counting()
  const losses: number[] = []
  let heard = 0
  const windows = new Windows(gpu, records, (results) => {
    heard++
    losses.push(...results.map(({ loss }) => loss))
  })
  let steps = 0
  const sizes: number[] = []
  for (let i = 0; i < 10; i++) {
    sizes.push(windows.size)
    steps += windows.size
    await windows.end(windows.size)
    expect(seen.asked - heard).toBe(1)
  }
  await windows.drain()
  expect(losses).toEqual(Array.from({ length: steps }, (_, step) => step))
  // how fast they grow is a matter of time
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MOST_STEPS)
})

test('a gradient that is not finite is told', async () => {
  const finite: boolean[] = []
  const windows = new Windows(counting(2).gpu, records, (results) =>
    finite.push(...results.map(({ isFinite }) => isFinite)),
  )
  await windows.end(4)
  await windows.drain()
  expect(finite).toEqual([true, true, false, true])
})
