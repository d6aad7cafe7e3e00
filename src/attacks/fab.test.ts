import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { dualNorm, norms } from '../region/norm.ts'
import { converse, line, victimIn } from './dialogue.testing.ts'
import { fab, fabTo } from './fab.ts'

/** A network of two classes: the second wins where ⟨w, u⟩ > bias. */
function linear(weights: Float64Array, bias: number) {
  return {
    logits: (at: Float64Array) =>
      Float64Array.of(
        0,
        at.reduce((sum, x, i) => sum + x * weights[i]!, -bias),
      ),
    back: (_: Float64Array, slopes: Float64Array) => weights.map((w) => w * slopes[1]!),
  }
}

test('of a linear network it finds the nearest point of the other class, but for its overstep', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, 'fab')
    const weights = Float64Array.from({ length: 6 }, () => random.normal())
    const network = linear(weights, 5)
    for (const norm of norms) {
      const { inquiries } = converse(fabTo(victimIn(norm, line(6)), 1, 20), network)
      const fooled = inquiries.filter(({ at }) => network.logits(at)[1]! >= 0)
      const shortest = Math.min(...fooled.map(({ at }) => lengthIn(norm, at)))
      // ⟨w, u⟩ = bias is this far away
      const distance = 5 / dualNorm(norm, weights)
      expect(shortest).toBeGreaterThanOrEqual(distance - 1e-9)
      expect(shortest).toBeLessThanOrEqual(1.051 * distance)
    }
  }
})

test('it oversteps the boundary, goes back, and is then pulled a little towards the image', () => {
  const weights = Float64Array.of(1, 2, -2)
  const network = linear(weights, 6)
  for (const norm of norms) {
    const { inquiries } = converse(fabTo(victimIn(norm, line(3)), 1, 2), network)
    // how far each point is on its way to the boundary
    const shares = inquiries.map(({ at }) => at.reduce((sum, x, i) => sum + x * weights[i]!, 0) / 6)
    const [over, back] = [1.05, 0.9 * 1.05]
    const pull = (1 - back) / (1 - back + 1)
    const next = (1 - pull) * (back + 1.05 * (1 - back)) + pull * 1.05
    const expected = [0, over, back, next, 0.9 * next]
    expect(shares).toEqual(expected.map((share) => expect.closeTo(share, 9)))
  }
})

test('points stay in the box, also where it leaves no way to the boundary; without a slope it ends', () => {
  const weights = Float64Array.of(1, -2, 0.5)
  for (const norm of norms) {
    const { inquiries } = converse(fabTo(victimIn(norm, line(3), { end: 0.5 }), 1, 30), linear(weights, 5))
    expect(inquiries).toHaveLength(31)
    for (const { at } of inquiries) expect(lengthIn('linf', at)).toBeLessThanOrEqual(0.5)
    expect(converse(fabTo(victimIn(norm, line(3)), 1, 30), linear(new Float64Array(3), 5)).inquiries).toHaveLength(1)
  }
})

test('all classes but the label are targets, the nearest first, at most 9', () => {
  const bias = Float64Array.of(9, 1, 5, 3)
  const network = (classes: number) => ({
    logits: () => Float64Array.from({ length: classes }, (_, c) => bias[c] ?? -c),
    back: (_: Float64Array, slopes: Float64Array) => (targets.push(slopes.indexOf(1)), new Float64Array(2)),
  })
  let targets: number[] = []
  converse(fab(victimIn('linf', line(2), { classes: 4 }), 5), network(4))
  expect(targets).toEqual([2, 3, 1])
  targets = []
  converse(fab(victimIn('linf', line(2), { classes: 15 }), 5), network(15))
  expect(targets).toEqual([2, 3, 1, 4, 5, 6, 7, 8, 9])
})
