import { describe, expect, test } from 'vitest'
import { middleMultiplier } from './multiplier.ts'
import { objectiveLong } from './objective.ts'
import { forSpaces, scaleAt, spaceOf } from './spaces.testing.ts'

describe.each(['l2', 'l1'] as const)('over %s balls', (norm) => {
  test('no other η is better at t₀, and no bound is worse than the ordinary one', () => {
    forSpaces(({ space: box, random }) => {
      const space = { ...box, ball: { ...box.ball, norm } }
      const { eta, t } = middleMultiplier(space)
      const value = objectiveLong(space, eta, t)
      for (const other of [0, eta / 2, 2 * eta, random.uniform(), 10 * random.uniform()]) {
        const tolerance = scaleAt(space, eta + other) * (1 + Math.abs(t))
        expect(objectiveLong(space, other, t)).toBeGreaterThan(value - tolerance)
      }
    })
  })
})

test('by hand: the middle of the slopes of √((η − 2)² + 1), from −2/√5 to 1', () => {
  const { ball, ...passes } = spaceOf([-2, 1], [1, 0])
  const { eta, t, range } = middleMultiplier({ ...passes, ball: { ...ball, norm: 'l2' } })
  const middle = (1 - 2 / Math.sqrt(5)) / 2
  expect(range).toEqual([expect.closeTo(-2 / Math.sqrt(5), 12), expect.closeTo(1, 12)])
  expect(t).toBeCloseTo(middle, 12)
  expect(eta).toBeCloseTo(2 + middle / Math.sqrt(1 - middle ** 2), 9)
})

test('where g says the same as f, η is 0', () => {
  const { ball, ...passes } = spaceOf([1, 2], [2, 4])
  for (const norm of ['l2', 'l1'] as const) {
    expect(middleMultiplier({ ...passes, ball: { ...ball, norm } }).eta).toBe(0)
  }
})
