import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { Layer } from '../model/layers.ts'
import { isUnstable } from '../model/phase.ts'
import { randomBox } from '../model/random-network.testing.ts'
import { paperBall } from '../region/ball.ts'
import { referenceDualBounds, referenceIntervalBounds, referencePrunedDualBounds } from './bounds.ts'
import { inputBall } from './input-ball.ts'
import {
  anyNetwork,
  excess,
  handMade,
  pixel,
  pointsOf,
  problemArbitrary,
  residual,
  rounding,
} from './problems.testing.ts'
import { referenceForward, referenceStages } from './stages.ts'

/** All x of [−1, 1]. */
const around = { centre: Float64Array.of(0), radius: Float64Array.of(1), norm: 'linf' } as const

describe('by hand', () => {
  test('two affine layers without a ReLU between them are one affine map', () => {
    const network = handMade(
      [
        [1, 0],
        [1, 0],
      ],
      [[1, -1, 0.5]],
    )
    const layers = network.architecture.layers.filter((layer) => layer.kind !== 'relu')
    const affine = { ...network, architecture: { ...network.architecture, layers } }
    const half = Float64Array.of(0.5)
    expect(referenceIntervalBounds(affine, around)[1]).toEqual({
      lower: Float64Array.of(-1.5),
      upper: Float64Array.of(2.5),
    })
    expect(referenceDualBounds(affine, around)[1]).toEqual({ lower: half, upper: half })
    expect(referencePrunedDualBounds(affine, around)[1]).toEqual({ lower: half, upper: half })
  })

  test('a residual sum: both ways to the image are known to depend on one x', () => {
    const network = residual([1, 0, 1, 0.25, -1, 0.75, -1, 0])
    const bound = (lower: number, upper: number) => ({ lower: Float64Array.of(lower), upper: Float64Array.of(upper) })
    expect(referenceForward(network, Float64Array.of(-0.5))).toEqual([-0.5, 1.5, -1.5].map((z) => Float64Array.of(z)))
    // intervals know nothing of it: [0, 1] − [−1, 1] + 1
    expect(referenceIntervalBounds(network, around)).toEqual([bound(-1, 1), bound(0, 3), bound(-3, 0)])
    // x/2 ≤ ReLU(x) ≤ (x + 1)/2, so −x/2 + 1 ≤ z ≤ −x/2 + 3/2: always on
    expect(referenceDualBounds(network, around)).toEqual([bound(-1, 1), bound(0.5, 2), bound(-2, -0.5)])
    // the interval step has settled it, and what is settled stays as it is; not so the last row
    expect(referencePrunedDualBounds(network, around)).toEqual([bound(-1, 1), bound(0, 3), bound(-2, -0.5)])
  })

  test('two terms over the image: an interval step is not exact, a dual pass is', () => {
    const network = residual([1, 0, 1, 0.25, -1, 0, -1, 0.5])
    const layers: Layer[] = [pixel, { ...pixel, from: -1 }, { kind: 'add', other: 0 }, { kind: 'relu' }, pixel]
    const sum = {
      architecture: { ...network.architecture, layers },
      parameters: Float32Array.of(3, 0, -2, 0.5, 1, 0),
    }
    const [stage] = referenceDualBounds(sum, around)
    expect([stage.lower[0], stage.upper[0]]).toEqual([-0.5, 1.5])
    expect(referencePrunedDualBounds(sum, around)[0]).toEqual(stage)
    expect(referenceIntervalBounds(sum, around)[0].upper[0]).toBe(5.5)
  })
})

test('no input of the box leaves any bound, at any stage', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, random, ball }) => {
      const kinds = [referenceIntervalBounds, referenceDualBounds, referencePrunedDualBounds]
      const bounds = kinds.map((boundsOf) => boundsOf(network, ball))
      for (const x of pointsOf(network, random, ball)) {
        referenceForward(network, x).forEach((values, stage) => {
          for (const kind of bounds) expect(excess(values, kind[stage])).toBeLessThan(rounding)
        })
      }
    }),
  )
})

test('with radius 0 the bounds are the values of the network', () => {
  fc.assert(
    fc.property(anyNetwork(), fc.nat(), (network, seed) => {
      const { centre } = randomBox(new Random(seed), network.architecture)
      const ball = inputBall(centre, paperBall(0))
      const values = referenceForward(network, centre)
      for (const boundsOf of [referenceIntervalBounds, referenceDualBounds, referencePrunedDualBounds]) {
        boundsOf(network, ball).forEach(({ lower, upper }, stage) => {
          expect(excess(lower, { lower: values[stage], upper: values[stage] })).toBeLessThan(rounding)
          expect(excess(upper, { lower: values[stage], upper: values[stage] })).toBeLessThan(rounding)
        })
      }
    }),
  )
})

test('no row is looser than its interval, and up to stage 1 no open row looser than its dual bound', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, ball }) => {
      const stages = referenceStages(network)
      const interval = referenceIntervalBounds(network, ball)
      const dual = referenceDualBounds(network, ball)
      const pruned = referencePrunedDualBounds(network, ball)
      pruned.forEach((bounds, stage) => {
        bounds.lower.forEach((lower, o) => {
          const upper = bounds.upper[o]
          // Never looser than plain intervals, at any stage.
          expect(lower).toBeGreaterThan(interval[stage].lower[o] - rounding * (1 + Math.abs(lower)))
          expect(upper).toBeLessThan(interval[stage].upper[o] + rounding * (1 + Math.abs(upper)))
          // Up to stage 1 the slopes are the same: there an open row is not looser than its dual bound either.
          if (stage > 1 || (stages[stage].relu && !isUnstable(lower, upper))) return
          expect(lower).toBeGreaterThan(dual[stage].lower[o] - rounding * (1 + Math.abs(lower)))
          expect(upper).toBeLessThan(dual[stage].upper[o] + rounding * (1 + Math.abs(upper)))
        })
      })
    }),
  )
})
