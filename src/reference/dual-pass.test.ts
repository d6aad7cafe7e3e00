import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Network } from '../model/network.ts'
import { isUnstable } from '../model/phase.ts'
import { referenceDualBounds, referencePrunedDualBounds } from './bounds.ts'
import { referenceDualPass } from './dual-pass.ts'
import { type InputBall, normalised } from './input-ball.ts'
import type { Bounds } from './interval-step.ts'
import { handMade, problemArbitrary, residual, vector } from './problems.testing.ts'
import { slope } from './relaxation.ts'
import { affineValue, referenceStages } from './stages.ts'
import { dot } from './vectors.ts'

const one = Float64Array.of(1)
const zero = Float64Array.of(0)
/** All x of [−1, 1]. */
const around = { centre: zero, radius: one, norm: 'linf' } as const

test('relu(x) on [−1, 1] lies between x / 2 and (x + 1) / 2', () => {
  const network = handMade([[1, 0]], [[1, 0]])
  expect(referenceDualBounds(network, around)[1]).toEqual({
    lower: Float64Array.of(-0.5),
    upper: Float64Array.of(1),
  })
  const pass = referenceDualPass(
    network,
    { coefficients: one, stage: 1, bounds: referenceDualBounds(network, around) },
    around,
  )
  expect(pass.inputCoefficients).toEqual(Float64Array.of(0.5))
  expect([pass.constant, pass.lowerConstant]).toEqual([0.5, 0])
  expect(referencePrunedDualBounds(network, around)[1].lower).toEqual(zero)
})

test('a dual row is cut at every ReLU on its way, and every bias counts once', () => {
  const network = residual([1, 0, 1, 0.25, -1, 0, -1, 0.5])
  const bounds = referenceDualBounds(network, around)
  // z = ReLU(x) − x + 1/4 between −x/2 + 1/4 and −x/2 + 3/4
  expect([bounds[1].lower[0], bounds[1].upper[0]]).toEqual([-0.25, 1.25])
  // slope 5/6, gaps 1/2 of the first ReLU and 5/24 of the second: 1/2 − 5/6 (−x/2 + 1/4) − (5/12 + 5/24) and up
  const pass = referenceDualPass(network, { coefficients: one, stage: 2, bounds }, around)
  expect(pass.inputCoefficients[0]).toBeCloseTo(5 / 12, 12)
  expect(pass.constant).toBeCloseTo(0.5 - 5 / 24, 12)
  expect(pass.lowerConstant).toBeCloseTo(0.5 - 5 / 24 - 5 / 12 - 5 / 24, 12)
})

test('the dual pass is the exact optimum of the relaxed network, found by trying all vertices', () => {
  const options = { input: { channels: 3, height: 1, width: 1 }, hiddenLayers: 2, maxWidth: 4 }
  fc.assert(
    fc.property(problemArbitrary(options), ({ network, random, ball }) => {
      const stages = referenceStages(network)
      const bounds = referenceDualBounds(network, ball)
      const specification = vector(random, stages.at(-1)!.bias.length)
      const values = relaxedVertexValues(network, bounds, ball).map((output) => dot(specification, output))
      const pass = referenceDualPass(network, { coefficients: specification, stage: stages.length - 1, bounds }, ball)
      expect(pass.upper / (1 + Math.abs(pass.upper))).toBeCloseTo(Math.max(...values) / (1 + Math.abs(pass.upper)), 9)
      expect(pass.lower / (1 + Math.abs(pass.lower))).toBeCloseTo(Math.min(...values) / (1 + Math.abs(pass.lower)), 9)
    }),
  )
})

test('a pass over one row gives the bound of that row, and its parts make up its ends', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, random, ball }) => {
      const stages = referenceStages(network)
      const bounds = referenceDualBounds(network, ball)
      const stage = random.integer(stages.length)
      const row = random.integer(stages[stage].bias.length)
      const specification = new Float64Array(stages[stage].bias.length)
      specification[row] = 1
      const pass = referenceDualPass(network, { coefficients: specification, stage, bounds }, ball)
      expect(pass.lower).toBeCloseTo(bounds[stage].lower[row], 9)
      expect(pass.upper).toBeCloseTo(bounds[stage].upper[row], 9)
      const box = normalised(network.architecture, ball)
      const middle = dot(pass.inputCoefficients, box.centre)
      const spread = dot(pass.inputCoefficients.map(Math.abs), box.radius)
      expect(pass.upper).toBeCloseTo(middle + spread + pass.constant, 9)
      expect(pass.lower).toBeCloseTo(middle - spread + pass.lowerConstant, 9)
    }),
  )
})

/** The outputs at every vertex of the relaxed network: every corner of the box, each unstable ReLU on either line. */
function relaxedVertexValues(network: Network, bounds: Bounds[], ball: InputBall) {
  const stages = referenceStages(network)
  const box = normalised(network.architecture, ball)
  // of every vertex, what the image and the stages so far make
  let vertices = corners(box.centre, box.radius).map((x) => [x])
  stages.forEach((stage, i) => {
    const { lower, upper } = bounds[i]
    const halfGap = lower.map((l, o) => (isUnstable(l, upper[o]) ? (-slope(l, upper[o]) * l) / 2 : 0))
    vertices = vertices.flatMap((values) => {
      const z = affineValue(stage, values)
      const made = stage.relu
        ? corners(
            z.map((v, o) => slope(lower[o], upper[o]) * v + halfGap[o]),
            halfGap,
          )
        : [z]
      return made.map((value) => [...values, value])
    })
  })
  return vertices.map((values) => values.at(-1)!)
}

/** All corners of a box; a side of radius 0 counts once. */
function corners(centre: Float64Array, radius: Float64Array): Float64Array[] {
  let all = [centre]
  radius.forEach((r, j) => {
    if (r > 0) all = all.flatMap((x) => [x.with(j, centre[j] - r), x.with(j, centre[j] + r)])
  })
  return all
}
