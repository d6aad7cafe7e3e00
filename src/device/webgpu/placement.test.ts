import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { read, update, write } from './kernel.ts'
import { bytesOf, memoryOf, placementOf, sharedRooms } from './placement.ts'
import { Plan, anyGpu } from './plan.ts'
import type { Storage, Values } from './values.ts'

/** Kernels that read some of the values before them, change one or not, and write one or two. */
function randomPlan(random: Random): Plan {
  const plan = new Plan(anyGpu)
  const known: Values[] = [plan.kept('first', 7)]
  for (let i = 0; i < 60; i++) {
    const any = () => known[Math.max(0, known.length - 1 - random.integer(12))]
    const made = Array.from({ length: 1 + random.integer(2) }, () => plan.values(`v${i}`, 1 + random.integer(1000)))
    const used = new Set(Array.from({ length: random.integer(4) }, any))
    const uses = [...used].map((values) => (random.integer(4) === 0 ? update(values) : read(values)))
    const all = [...uses, ...made.map((values) => write(values))]
    plan.each(`k${i}`, 1, Object.fromEntries(all.map((use, j) => [`x${j}`, use])), '')
    known.push(...made)
  }
  return plan
}

test('what is alive at the same time lies in different rooms, all large enough', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { dispatches } = randomPlan(new Random(seed, 'plans'))
    const { rooms, roomOf, kept } = placementOf({ dispatches })
    expect(kept.map(({ name }) => name)).toEqual(['first'])
    // whose values a room holds, replayed kernel by kernel
    const owner = new Map<number, Storage>()
    for (const { uses } of dispatches) {
      const inKernel: number[] = []
      for (const { values, access } of uses) {
        const { storage } = values
        if (storage.isKept) continue
        const room = roomOf.get(storage)!
        if (access === 'write') owner.set(room, storage)
        expect(owner.get(room)).toBe(storage)
        expect(bytesOf(storage)).toBeLessThanOrEqual(rooms[room])
        inKernel.push(room)
      }
      expect(new Set(inKernel).size).toBe(inKernel.length)
    }
    expect(rooms).toEqual([...rooms].sort((a, b) => b - a))
    const all = [...roomOf.keys()].reduce((sum, storage) => sum + bytesOf(storage), 0)
    expect(rooms.reduce((a, b) => a + b)).toBeLessThan(all / 2)
  }
})

test('a chain takes as much as its two largest neighbours', () => {
  const plan = new Plan(anyGpu)
  const chain = [100, 400, 300, 50, 200].map((length, i) => plan.values(`v${i}`, length))
  plan.each('start', 1, { y: write(chain[0]) }, '')
  chain.slice(1).forEach((y, i) => plan.each('next', 1, { x: read(chain[i]), y: write(y) }, ''))
  expect(placementOf(plan).rooms).toEqual([1600, 1200])
})

test('plans that never run together share rooms, and what they keep counts once', () => {
  const [a, b] = [new Plan(anyGpu), new Plan(anyGpu)]
  const kept = a.kept('weights', 10)
  const [x, y, z] = [a.values('x', 100), a.values('y', 50), b.values('z', 80)]
  a.each('k', 1, { w: update(kept), x: write(x), y: write(y) }, '')
  b.each('k', 1, { w: update(b.view(kept)), z: write(z) }, '')
  const placements = [a, b].map(placementOf)
  expect(sharedRooms(placements)).toEqual([400, 200])
  expect(memoryOf(placements)).toBe(400 + 200 + 40)
})

test('values that are read before anything is written are a mistake of the plan', () => {
  const plan = new Plan(anyGpu)
  plan.each('sum', 1, { x: read(plan.values('x', 1)) }, '')
  expect(() => placementOf(plan)).toThrow(new RangeError('sum reads x, which nothing has written'))
})
