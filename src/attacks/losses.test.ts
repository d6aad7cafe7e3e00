import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { type Loss, difference, softMargin, targetedLoss, targetedRatio } from './losses.ts'

const losses: readonly (readonly [string, Loss])[] = [
  ['soft margin', softMargin(2)],
  ['difference', difference(2, 0)],
  // all parts that a target can have: among the largest four logits, and below
  ...[0, 1, 3, 4, 5].map((target) => [`targeted DLR to ${target}`, targetedRatio(2, target)] as const),
]

const logitsOf = (seed: number) => {
  const random = new Random(seed, 'logits')
  return Float64Array.from({ length: 6 }, () => 3 * random.normal())
}

test.each(losses)('%s: the gradient is that of finite differences', (_, loss) => {
  for (let seed = 0; seed < 20; seed++) {
    const logits = logitsOf(seed)
    const gradient = new Float64Array(6).fill(7)
    const value = loss(logits, gradient)
    for (const c of logits.keys()) {
      const at = (by: number) => loss(logits.with(c, logits[c]! + by), new Float64Array(6))
      expect(gradient[c]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 5)
    }
    expect(loss(logits, new Float64Array(6))).toBe(value)
  }
})

test('the soft margin orders points as the cross-entropy does, and does not vanish where the network is sure', () => {
  for (let seed = 0; seed < 20; seed++) {
    const logits = logitsOf(seed)
    const crossEntropy = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[2]!
    expect(softMargin(2)(logits, new Float64Array(6))).toBeCloseTo(Math.log(Math.exp(crossEntropy) - 1), 9)
  }
  const gradient = new Float64Array(3)
  expect(softMargin(0)([3000, 0, 1], gradient)).toBeCloseTo(-2998.687, 3)
  expect(gradient[0]).toBe(-1)
  expect(gradient[1]! + gradient[2]!).toBeCloseTo(1, 12)
})

test('the targeted DLR loss knows no scale and no offset, and says 0 at the boundary', () => {
  const loss = targetedRatio(2, 4)
  for (let seed = 0; seed < 20; seed++) {
    const logits = logitsOf(seed)
    const value = loss(logits, new Float64Array(6))
    expect(
      loss(
        logits.map((z) => 1000 * z + 5),
        new Float64Array(6),
      ),
    ).toBeCloseTo(value, 9)
    expect(Math.sign(value)).toBe(Math.sign(logits[4]! - logits[2]!))
    expect(loss(logits.with(4, logits[2]!), new Float64Array(6))).toBe(0)
  }
  const gradient = new Float64Array(4)
  expect(targetedRatio(0, 1)([1, 1, 1, 1], gradient)).toBe(0)
  expect(gradient.every(Number.isFinite)).toBe(true)
})

test('with fewer than 4 classes the plain difference takes its place', () => {
  expect(() => targetedRatio(0, 1)([1, 2, 3], new Float64Array(3))).toThrow(RangeError)
  const [mine, plain] = [new Float64Array(3), new Float64Array(3)]
  expect(targetedLoss(3, 0, 1)([1, 4, 3], mine)).toBe(difference(0, 1)([1, 4, 3], plain))
  expect(mine).toEqual(plain)
  expect(targetedLoss(4, 0, 1)([1, 4, 3, 0], new Float64Array(4))).toBeCloseTo(3 / (4 - 0.5), 9)
})
