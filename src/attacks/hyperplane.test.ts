import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { norms } from '../region/norm.ts'
import { moveOnto } from './hyperplane.ts'

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

function drawn(seed: number) {
  const random = new Random(seed, 'hyperplane')
  const inputs = 1 + random.integer(8)
  const vector = (draw: () => number) => Float64Array.from({ length: inputs }, draw)
  const from = vector(() => random.between(-1, 1))
  const room = { lower: vector(() => -1), upper: vector(() => 1) }
  // some values that do not count, and some that cannot move
  const weights = vector(() => (random.integer(5) === 0 ? 0 : random.normal()))
  from.forEach((_, i) => random.integer(6) === 0 && (from[i] = room.lower[i] = room.upper[i] = 0.25))
  const most = weights.reduce(
    (sum, w, i) => sum + (w > 0 ? w * (room.upper[i]! - from[i]!) : w * (room.lower[i]! - from[i]!)),
    0,
  )
  return { random, inputs, from, room, weights, most }
}

test('it comes onto the hyperplane in the box, and no other move that does so is shorter', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { random, inputs, from, room, weights, most } = drawn(seed)
    const gain = random.uniform() * most
    for (const norm of norms) {
      const move = moveOnto({ weights, gain }, from, norm, room)
      expect(dot(weights, move)).toBeCloseTo(gain, 9)
      move.forEach((delta, i) => {
        expect(from[i]! + delta).toBeGreaterThanOrEqual(room.lower[i]! - 1e-12)
        expect(from[i]! + delta).toBeLessThanOrEqual(room.upper[i]! + 1e-12)
      })
      const length = lengthIn(norm, move)
      for (let other = 0; other < 20; other++) {
        // to a random point of the box, and on from there until the hyperplane is reached, if it is
        const share = other < 10 ? 1 : 0.05
        const rival = Float64Array.from({ length: inputs }, (_, i) => {
          const goal = random.between(room.lower[i]!, room.upper[i]!) - from[i]!
          return share * goal + (1 - share) * move[i]!
        })
        const reached = dot(weights, rival)
        if (reached < gain || reached <= 0) continue
        expect(
          lengthIn(
            norm,
            rival.map((x) => (x * gain) / reached),
          ),
        ).toBeGreaterThanOrEqual(length - 1e-9)
      }
    }
  }
})

test('gains of the other sign; what cannot be reached ends at the corner; nothing moves without a weight', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { from, room, weights, most } = drawn(seed)
    for (const norm of norms) {
      const back = moveOnto({ weights: weights.map((w) => -w), gain: -0.5 * most }, from, norm, room)
      const there = moveOnto({ weights, gain: 0.5 * most }, from, norm, room)
      expect(back.map((x) => x + 0)).toEqual(there.map((x) => x + 0))
      expect(dot(weights, moveOnto({ weights, gain: most + 1 }, from, norm, room))).toBeCloseTo(most, 9)
      expect(moveOnto({ weights: weights.map(() => 0), gain: 1 }, from, norm, room).every((x) => x === 0)).toBe(true)
    }
  }
})

test('without a box it is the closed form: the distance in the dual norm', () => {
  const weights = Float64Array.of(3, -4)
  const room = { lower: Float64Array.of(-Infinity, -Infinity), upper: Float64Array.of(Infinity, Infinity) }
  const move = (norm: (typeof norms)[number]) => [...moveOnto({ weights, gain: 14 }, new Float64Array(2), norm, room)]
  expect(move('linf')).toEqual([2, -2])
  expect(move('l2')[0]).toBeCloseTo((14 * 3) / 25, 12)
  expect(move('l2')[1]).toBeCloseTo((-14 * 4) / 25, 12)
  expect(move('l1')).toEqual([0, -3.5])
})
