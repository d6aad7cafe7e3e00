import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { converse, victimIn } from './dialogue.testing.ts'
import { shareOf, square } from './square.ts'
import { bumpOf } from './square-l2.ts'

const shape = { channels: 2, height: 7, width: 6 }
/** The second class wins the further the values move along a pattern. */
const pattern = new Random(3, 'pattern')
const weights = Float64Array.from({ length: 84 }, () => pattern.normal())
const network = {
  logits: (at: Float64Array) =>
    Float64Array.of(
      0,
      at.reduce((sum, x, i) => sum + x * weights[i]!, -1000),
    ),
}

test('squares shrink as the paper has it, stretched to the number of queries', () => {
  const at = (query: number) => shareOf(query / 10_000)
  expect([0, 10, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001].map(at)).toEqual(
    [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((halvings) => 0.8 / 2 ** halvings),
  )
  expect(shareOf(1 / 100)).toBe(0.8 / 4)
})

test.each(['linf', 'l2'] as const)(
  '%s: it asks for no gradient, stays in ball and box, and lowers the margin',
  (norm) => {
    for (const end of [Infinity, 0.4]) {
      const { inquiries } = converse(square(victimIn(norm, shape, { end }), 300), network)
      expect(inquiries).toHaveLength(300)
      expect(inquiries.every(({ loss }) => loss === undefined)).toBe(true)
      for (const { at } of inquiries) {
        expect(lengthIn(norm, at)).toBeLessThanOrEqual(1 + 1e-12)
        expect(lengthIn('linf', at)).toBeLessThanOrEqual(end)
        // all of the ball is used
        if (end === Infinity || norm === 'linf') expect(lengthIn(norm, at)).toBeCloseTo(Math.min(1, end), 9)
      }
      const gains = inquiries.map(({ at }) => network.logits(at)[1]! + 1000)
      // no point of the ball gains more
      const most = norm === 'l2' ? lengthIn('l2', weights) : Math.min(1, end) * lengthIn('l1', weights)
      expect(Math.max(...gains)).toBeLessThanOrEqual(most + 1e-9)
      expect(Math.max(...gains)).toBeGreaterThan((norm === 'l2' ? 0.35 : 0.7) * most)
      expect(Math.max(...gains)).toBeGreaterThan(2 * Math.abs(gains[0]!))
    }
  },
)

test('under ℓ∞ a query differs from the best so far in one square, of one value per channel', () => {
  const { inquiries } = converse(square(victimIn('linf', shape), 100), network)
  let best = inquiries[0]!.at
  for (const { at } of inquiries.slice(1)) {
    for (let c = 0; c < 2; c++) {
      const changed = [...at.keys()].filter((i) => Math.floor(i / 42) === c && at[i] !== best[i])
      expect(new Set(changed.map((i) => at[i])).size).toBeLessThanOrEqual(1)
    }
    if (network.logits(at)[1]! > network.logits(best)[1]!) best = at
  }
})

test('images of any size, of one value, too', () => {
  for (const [channels, height, width] of [
    [5, 1, 1],
    [1, 1, 9],
    [1, 2, 2],
    [3, 4, 9],
  ] as const) {
    for (const norm of ['linf', 'l2'] as const) {
      const flat = { logits: (at: Float64Array) => Float64Array.of(0, at[0]!) }
      const { inquiries } = converse(square(victimIn(norm, { channels, height, width }), 50), flat)
      expect(inquiries).toHaveLength(50)
      for (const { at } of inquiries) expect(at.every(Number.isFinite)).toBe(true)
    }
  }
})

test('a bump is half up, half down, of length 1, and highest in the middles', () => {
  const bumps = [0, 1, 2, 3, 4, 5].map((seed) => bumpOf(6, new Random(seed, 'bump')))
  // in the corner of its first row and last column it is up if its halves lie one above the other
  const upright = bumps.find((bump) => bump[5]! > 0)!
  const lying = bumps.find((bump) => bump[5]! < 0)!
  for (const bump of [upright, lying]) {
    expect(bump.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 12)
    expect(bump.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 12)
  }
  expect(upright.slice(0, 18).every((x) => x > 0)).toBe(true)
  expect(upright.indexOf(Math.max(...upright))).toBe(9)
  expect(lying).toEqual(upright.map((_, i) => upright[(i % 6) * 6 + Math.floor(i / 6)]!))
})
