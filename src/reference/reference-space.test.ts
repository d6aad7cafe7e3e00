import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { referenceMargins, referencePrunedDualBounds } from './reference.ts'
import { referenceForward } from './reference-stages.ts'
import { Random } from '../base/random.ts'
import type { Shape } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { randomBox, randomNetwork } from '../model/random-network.testing.ts'
import {
  type AdversarialSpace,
  derivative,
  derivativeRange,
  medianTransition,
  objectiveLong,
  objectiveShort,
  referenceAdversarialSpace,
  signsAt,
  tZero,
  tightness,
  transitionPoints,
} from './reference-space.ts'

const rounding = 1e-9

interface Problem {
  readonly f: Network
  readonly g: Network
  readonly random: Random
  readonly centre: Float64Array
  readonly radius: Float64Array
  readonly space: AdversarialSpace
}

/** Two networks of different shapes over the same input, a box, and the space of label 0 and target 1. */
const problemArbitrary: fc.Arbitrary<Problem> = fc.nat().map((seed) => {
  const random = new Random(seed, 'robustra')
  const input: Shape =
    random.integer(2) === 0
      ? { channels: 1 + random.integer(8), height: 1, width: 1 }
      : { channels: 1 + random.integer(2), height: 2 + random.integer(4), width: 2 + random.integer(4) }
  const options = { input, classes: 3, maxWidth: 60, normalise: false }
  const f = randomNetwork(random, options)
  const g = randomNetwork(random, options)
  const { centre, radius } = randomBox(random, f.architecture)
  return { f, g, random, centre, radius, space: referenceAdversarialSpace(f, g, 0, 1, centre, radius) }
})

const property = (check: (problem: Problem) => void) => fc.assert(fc.property(problemArbitrary, check))

/** Positive transition points, ascending, each once. */
const positiveTransitions = (space: AdversarialSpace): number[] => [
  ...new Set([...transitionPoints(space)].filter((eta) => eta > 0).sort((a, b) => a - b)),
]

/** Multipliers worth trying: 0, every positive transition point, one between each two and one beyond the last. */
function multipliers(space: AdversarialSpace): number[] {
  const at = [0, ...positiveTransitions(space)]
  return at.flatMap((eta, k) => [eta, k + 1 < at.length ? (eta + at[k + 1]) / 2 : 2 * eta + 1])
}

/** What rounding may do to h or its derivative at η. */
const scaleAt = ({ f, g, box }: AdversarialSpace, eta: number): number => {
  const size = (pass: AdversarialSpace['f']) =>
    Math.abs(pass.constant) +
    pass.inputCoefficients.reduce((sum, v, j) => sum + Math.abs(v) * (Math.abs(box.centre[j]) + box.radius[j]), 0)
  return rounding * (1 + size(f) + (1 + eta) * size(g))
}

/** A space with these coefficients of the input (ν̂_1 of f, q̂_1 of g), centre 0 and radius 1. */
const spaceOf = (f: number[], g: number[]): AdversarialSpace => {
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
    box: { centre: new Float64Array(f.length), radius: new Float64Array(f.length).fill(1) },
  }
}

describe('transition points, median and signs', () => {
  test('the lower median of the positive ones', () => {
    expect(medianTransition(spaceOf([-3, -1, -2, 5], [1, 1, 1, 1]))).toBe(2)
    expect(medianTransition(spaceOf([-4, 3, -1, -2], [1, -1, 1, 1]))).toBe(2)
    expect(medianTransition(spaceOf([1, 2, 0], [1, 1, 1]))).toBe(0)
    expect(medianTransition(spaceOf([-10, -3, -9], [1, 1, 1]))).toBe(9) // by size, not as text
  })

  test('inputs with a negligible coefficient have none', () => {
    expect([...transitionPoints(spaceOf([-1, -1, -1], [0, 0.9e-7, 1.1e-7]))]).toEqual([
      NaN,
      NaN,
      expect.closeTo(1 / 1.1e-7),
    ])
    expect([...signsAt(spaceOf([-1, 1, 0], [1e-9, -1e-9, 0]), 5)]).toEqual([-1, 1, 0])
  })

  test('the sign is 0 for the input whose transition point η is, although the sum rounds to something else', () => {
    const [v, q] = [-0.7, 0.3]
    const eta = -v / q
    expect(v + eta * q).not.toBe(0)
    expect([...signsAt(spaceOf([v, 1, -1], [q, q, -q]), eta)]).toEqual([0, 1, -1])
  })

  test('away from them the sign is that of the sum', () => {
    property(({ space }) => {
      const { f, g } = space
      for (const eta of multipliers(space)) {
        signsAt(space, eta).forEach((sign, j) => {
          const sum = f.inputCoefficients[j] + eta * g.inputCoefficients[j]
          const size = Math.abs(f.inputCoefficients[j]) + eta * Math.abs(g.inputCoefficients[j])
          if (Math.abs(sum) > 1e-12 * size) expect(sign).toBe(Math.sign(sum))
        })
      }
    })
  })
})

describe('Theorems 1 and 2', () => {
  test('the derivative never falls, and changes only at transition points', () => {
    property(({ space }) => {
      const etas = multipliers(space)
      const derivatives = etas.map((eta) => derivative(space, eta, 0))
      for (let k = 1; k < etas.length; k++) {
        expect(derivatives[k]).toBeGreaterThan(derivatives[k - 1] - scaleAt(space, 0))
      }
      // Two multipliers between the same two transition points.
      for (let k = 1; k + 2 < etas.length; k += 2) {
        const other = etas[k - 1] + 0.3 * (etas[k + 1] - etas[k - 1])
        expect(Math.abs(derivative(space, other, 0) - derivatives[k])).toBeLessThan(scaleAt(space, 0))
      }
    })
  })

  test('the derivative is that of h', () => {
    property(({ space, random }) => {
      const t = random.normal()
      const at = [0, ...positiveTransitions(space)]
      at.forEach((left, k) => {
        const right = at[k + 1] ?? 2 * left + 1
        const [a, b] = [left + 0.1 * (right - left), left + 0.9 * (right - left)]
        const change = objectiveLong(space, b, t) - objectiveLong(space, a, t)
        const error = Math.abs(change - (b - a) * derivative(space, (a + b) / 2, t))
        expect(error).toBeLessThan(scaleAt(space, b) * (1 + Math.abs(t)))
      })
    })
  })

  test('it stays within [l, r] and takes both values', () => {
    property(({ space, random }) => {
      const t = random.normal()
      const [l, r] = derivativeRange(space, t)
      const tolerance = scaleAt(space, 0)
      const derivatives = multipliers(space).map((eta) => derivative(space, eta, t))
      for (const value of derivatives.slice(1)) {
        expect(value).toBeGreaterThan(l - tolerance)
        expect(value).toBeLessThan(r + tolerance)
      }
      expect(Math.abs(derivatives[1] - l)).toBeLessThan(tolerance)
      expect(Math.abs(derivatives.at(-1)! - r)).toBeLessThan(tolerance)
    })
  })

  test('r is the ordinary bound of g less t', () => {
    property(({ g, centre, radius, space, random }) => {
      const t = random.normal()
      const bound = referenceMargins(g, 0, centre, radius)[1]
      expect(Math.abs(derivativeRange(space, t)[1] - (bound - t))).toBeLessThan(scaleAt(space, 0))
    })
  })

  test('loose, tight and infeasible say where h has its minimum', () => {
    property(({ space, random }) => {
      const [l, r] = derivativeRange(space, 0)
      const t = random.between(l - 1, r + 1)
      const etas = multipliers(space)
      const values = etas.map((eta) => objectiveLong(space, eta, t))
      const least = Math.min(...values)
      const tolerance = scaleAt(space, etas.at(-1)!) * (1 + Math.abs(t))
      const far = objectiveLong(space, 10 * etas.at(-1)!, t)
      const found = tightness(space, t)
      if (found === 'loose') expect(values[0]).toBeLessThan(least + tolerance)
      if (found === 'tight') expect(far).toBeGreaterThan(least - tolerance)
      if (found === 'infeasible') expect(far).toBeLessThan(least + tolerance)
    })
    // One transition point, at 2, and the derivative runs from −1 − t to 1 − t.
    const space = spaceOf([-2], [1])
    expect([-1.5, -1, -0.5, 0.5, 1, 1.5].map((t) => tightness(space, t))).toEqual([
      'loose',
      'loose',
      'tight',
      'tight',
      'infeasible',
      'infeasible',
    ])
  })
})

describe('η_med and t_0', () => {
  test('the derivative jumps across 0 at η_med, and t_0 makes the constraint tight', () => {
    property(({ space }) => {
      const eta = medianTransition(space)
      const t = tZero(space)
      const tolerance = scaleAt(space, 0)
      expect(Math.abs(derivative(space, eta, t))).toBeLessThan(tolerance)
      const jump = transitionPoints(space).reduce(
        (sum, at, j) => sum + (at === eta ? space.box.radius[j] * Math.abs(space.g.inputCoefficients[j]) : 0),
        0,
      )
      const etas = multipliers(space)
      const k = etas.indexOf(eta)
      expect(Math.abs(derivative(space, etas[k + 1], t) - jump)).toBeLessThan(tolerance)
      if (eta === 0) return
      expect(Math.abs(derivative(space, etas[k - 1], t) + jump)).toBeLessThan(tolerance)
      if (jump > tolerance) expect(tightness(space, t)).toBe('tight')
    })
  })

  test('the short form equals the long one', () => {
    property(({ space }) => {
      const eta = medianTransition(space)
      const long = objectiveLong(space, eta, tZero(space))
      expect(Math.abs(objectiveShort(space) - long)).toBeLessThan(scaleAt(space, eta))
    })
  })

  test('at t_0 no η is better than η_med, and the bound is no worse than the ordinary one', () => {
    property(({ f, space, random, centre, radius }) => {
      const eta = medianTransition(space)
      const t = tZero(space)
      const value = objectiveShort(space)
      for (const other of [...multipliers(space), random.uniform(), 10 * random.uniform()]) {
        expect(objectiveLong(space, other, t)).toBeGreaterThan(value - scaleAt(space, eta + other) * (1 + Math.abs(t)))
      }
      const ordinary = referenceMargins(f, 0, centre, radius)[1]
      expect(Math.abs(objectiveLong(space, 0, t) - ordinary)).toBeLessThan(scaleAt(space, 0))
      expect(value).toBeLessThan(ordinary + scaleAt(space, eta))
      if (eta === 0) expect(Math.abs(value - ordinary)).toBeLessThan(scaleAt(space, 0))
    })
  })

  test('where f is its own reference, or the radius is 0, the bound is the ordinary one', () => {
    property(({ f, g, centre, radius }) => {
      const self = referenceAdversarialSpace(f, f, 0, 1, centre, radius)
      expect(medianTransition(self)).toBe(0)
      expect(Math.abs(objectiveShort(self) - referenceMargins(f, 0, centre, radius)[1])).toBeLessThan(scaleAt(self, 0))
      const point = referenceAdversarialSpace(f, g, 0, 1, centre, new Float64Array(centre.length))
      const [label, target] = referenceForward(f, centre).at(-1)!
      expect(Math.abs(objectiveShort(point) - (target - label))).toBeLessThan(scaleAt(point, 0))
    })
  })
})

test('h(η) bounds f over all inputs for which g reaches t', () => {
  property(({ f, g, random, centre, radius, space }) => {
    const pruned = referenceAdversarialSpace(f, g, 0, 1, centre, radius, referencePrunedDualBounds)
    const margin = (network: Network, x: Float64Array) => {
      const output = referenceForward(network, x).at(-1)!
      return output[1] - output[0]
    }
    for (let i = 0; i < 10; i++) {
      const x = centre.map(
        (value, j) => value + radius[j] * (i < 5 ? Math.sign(random.normal()) : random.between(-1, 1)),
      )
      const t = margin(g, x) // the most demanding t that x still meets
      for (const of of [space, pruned]) {
        for (const eta of [0, medianTransition(of), random.uniform(), 10 * random.uniform()]) {
          expect(margin(f, x)).toBeLessThan(objectiveLong(of, eta, t) + scaleAt(of, eta) * (1 + Math.abs(t)))
        }
      }
    }
  })
})

test('networks that normalise their input differently are refused', () => {
  const random = new Random(1)
  const input = { channels: 2, height: 1, width: 1 }
  const f = randomNetwork(random, { input, normalise: true })
  const g = randomNetwork(random, { input, normalise: false })
  const { centre, radius } = randomBox(random, f.architecture)
  expect(() => referenceAdversarialSpace(f, g, 0, 1, centre, radius)).toThrow(RangeError)
  expect(() => referenceAdversarialSpace(f, f, 0, 1, centre, radius)).not.toThrow()
})
