import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { randomBox } from '../model/random-network.testing.ts'
import { paperBall } from '../region/ball.ts'
import { inputBall } from './input-ball.ts'
import { referenceMargins, referencePrunedMargins } from './margins.ts'
import { anyNetwork, excess, handMade, pointsOf, problemArbitrary, rounding } from './problems.testing.ts'
import { referenceForward } from './stages.ts'

/** All x of [−1, 1]. */
const around = { centre: Float64Array.of(0), radius: Float64Array.of(1), norm: 'linf' } as const

test('a pruned margin is no looser than an interval step of its row', () => {
  const network = handMade(
    [[1, 0]],
    [
      [0, 0],
      [-1, 0],
    ],
  )
  expect(referenceMargins(network, 0, around)[1]).toBeCloseTo(1 / 2, 12)
  expect(referencePrunedMargins(network, 0, around)[1]).toBe(0)
})

test('pruning can loosen a margin: the slope of a settled neuron is not always the better one', () => {
  // y = relu(relu(x)) ≥ 0 is settled by an interval step and gets slope 1, so −y ≤ −x/2 ≤ 1/2; the plain dual knows
  // only relu(x) ≥ −1/2 and takes slope 2/3, so −y ≤ −x/3 ≤ 1/3. Two equal neurons keep the interval step wide.
  const network = handMade(
    [
      [1, 0],
      [1, 2],
    ],
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ],
    [
      [0, 0, 0, 0],
      [-1, 10, -10, 0],
    ],
  )
  expect(referenceMargins(network, 0, around)[1]).toBeCloseTo(1 / 3, 12)
  expect(referencePrunedMargins(network, 0, around)[1]).toBeCloseTo(1 / 2, 12)
})

test('no input of the box exceeds a margin', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, random, ball }) => {
      const margins = [referenceMargins, referencePrunedMargins].map((of) => of(network, 1, ball))
      for (const x of pointsOf(network, random, ball)) {
        const output = referenceForward(network, x).at(-1)!
        const actual = output.map((z) => z - output[1])
        for (const upper of margins) {
          expect(upper[1]).toBe(0)
          expect(excess(actual, { lower: actual, upper })).toBeLessThan(rounding)
        }
      }
    }),
  )
})

test('with radius 0 the margins are those of the network', () => {
  fc.assert(
    fc.property(anyNetwork(), fc.nat(), (network, seed) => {
      const { centre } = randomBox(new Random(seed), network.architecture)
      const output = referenceForward(network, centre).at(-1)!
      for (const marginsOf of [referenceMargins, referencePrunedMargins]) {
        const difference = output.map((z) => z - output[0])
        const actual = marginsOf(network, 0, inputBall(centre, paperBall(0)))
        expect(excess(actual, { lower: difference, upper: difference })).toBeLessThan(rounding)
      }
    }),
  )
})

test('behind one hidden layer no margin is looser', () => {
  fc.assert(
    fc.property(problemArbitrary({ hiddenLayers: 1, everyKind: false }), ({ network, ball }) => {
      const margins = referenceMargins(network, 0, ball)
      const pruned = referencePrunedMargins(network, 0, ball)
      pruned.forEach((bound, target) => expect(bound).toBeLessThan(margins[target] + rounding * (1 + Math.abs(bound))))
    }),
  )
})
