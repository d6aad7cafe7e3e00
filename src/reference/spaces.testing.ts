/** Reference spaces of random networks, and multipliers to try in them. */
import fc from 'fast-check'
import { Random } from '../base/random.ts'
import type { Shape } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { randomBox, randomNetwork } from '../model/random-network.testing.ts'
import { type AdversarialSpace, referenceAdversarialSpace } from './adversarial-space.ts'
import type { InputBall } from './input-ball.ts'
import { transitionPoints } from './transitions.ts'
import { rounding } from './problems.testing.ts'

export interface Problem {
  readonly f: Network
  readonly g: Network
  readonly random: Random
  readonly ball: InputBall
  readonly space: AdversarialSpace
}

/** The space of label 0 and target 1. */
export const spaceBetween = (f: Network, g: Network, ball: InputBall): AdversarialSpace =>
  referenceAdversarialSpace({ f, g, label: 0, target: 1, ball })

/** Two networks of different shapes over the same input, a ball, and the space of label 0 and target 1. */
const spaceArbitrary: fc.Arbitrary<Problem> = fc.nat().map((seed) => {
  const random = new Random(seed, 'robustra')
  const input: Shape =
    random.integer(2) === 0
      ? { channels: 1 + random.integer(8), height: 1, width: 1 }
      : { channels: 1 + random.integer(2), height: 2 + random.integer(4), width: 2 + random.integer(4) }
  const options = { input, classes: 3, maxWidth: 60, normalise: false }
  const f = randomNetwork(random, options)
  const g = randomNetwork(random, options)
  const ball = { ...randomBox(random, f.architecture), norm: 'linf' as const }
  return { f, g, random, ball, space: spaceBetween(f, g, ball) }
})

/** Holds the check of 100 random problems. */
export const forSpaces = (check: (problem: Problem) => void) => fc.assert(fc.property(spaceArbitrary, check))

/** Positive transition points, ascending, each once. */
export const positiveTransitions = (space: AdversarialSpace): number[] => [
  ...new Set([...transitionPoints(space)].filter((eta) => eta > 0).sort((a, b) => a - b)),
]

/** Multipliers worth trying: 0, every positive transition point, one between each two and one beyond the last. */
export function multipliers(space: AdversarialSpace): number[] {
  const at = [0, ...positiveTransitions(space)]
  return at.flatMap((eta, k) => [eta, k + 1 < at.length ? (eta + at[k + 1]) / 2 : 2 * eta + 1])
}

/** What rounding may do to h or its derivative at η. */
export const scaleAt = ({ f, g, ball }: AdversarialSpace, eta: number): number => {
  const size = (pass: AdversarialSpace['f']) =>
    Math.abs(pass.constant) +
    pass.inputCoefficients.reduce((sum, v, j) => sum + Math.abs(v) * (Math.abs(ball.centre[j]) + ball.radius[j]), 0)
  return rounding * (1 + size(f) + (1 + eta) * size(g))
}

/** A space with these coefficients of the input (ν̂_1 of f, q̂_1 of g), centre 0 and radius 1. */
export const spaceOf = (f: number[], g: number[]): AdversarialSpace => {
  const pass = (coefficients: number[]) => ({
    lower: NaN,
    upper: NaN,
    inputCoefficients: Float64Array.from(coefficients),
    constant: 0,
    lowerConstant: 0,
  })
  return {
    f: pass(f),
    g: pass(g),
    ball: { centre: new Float64Array(f.length), radius: new Float64Array(f.length).fill(1), norm: 'linf' },
  }
}
