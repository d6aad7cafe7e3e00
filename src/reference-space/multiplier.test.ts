import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Norm, dualNorm } from '../region/norm.ts'
import { Random } from '../base/random.ts'
import { multiplierOf } from './multiplier.ts'

const vectors = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 12 }), fc.constantFrom('any', 'whole', 'near', 'opposite', 'sparse'))
  .map(([seed, length, kind]) => {
    const random = new Random(seed, 'multiplier')
    const draw = () =>
      Float64Array.from({ length }, () => {
        if (kind === 'whole') return random.integer(5) - 2
        return kind === 'sparse' && random.integer(2) ? 0 : random.normal() * 10 ** random.between(-3, 3)
      })
    const [u, w] = [draw(), draw()]
    if (kind === 'near') u.forEach((_, j) => (u[j] = 3 * w[j] + 1e-6 * random.normal()))
    if (kind === 'opposite') u.forEach((_, j) => (u[j] = -0.5 * w[j]))
    return { u, w }
  })

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, j) => sum + v * b[j], 0)
/** s lies in the ball of `norm` itself: the dual of the dual. */
const primalNorm = (norm: Norm, s: Float64Array) => dualNorm(norm === 'l1' ? 'linf' : norm, s)

describe.each(['l2', 'l1'] as const)('the multiplier over an %s ball', (norm) => {
  const property = (
    check: (u: Float64Array, w: Float64Array, found: ReturnType<typeof multiplierOf>, scale: number) => void,
  ) =>
    fc.assert(
      fc.property(vectors, ({ u, w }) =>
        check(u, w, multiplierOf(norm, u, w), 1e-9 * (1 + dualNorm('linf', u) + dualNorm('linf', w))),
      ),
      { numRuns: 500, seed: 1 },
    )
  const along = (u: Float64Array, w: Float64Array, eta: number) =>
    dualNorm(
      norm,
      u.map((v, j) => v + eta * w[j]),
    )

  it('has the ends of the derivative’s range', () => {
    property((u, w, { lowest, highest }, scale) => {
      expect(Math.abs(highest - dualNorm(norm, w))).toBeLessThan(scale)
      // convex: difference quotients fall to the derivative as the step shrinks
      const size = Math.max(1e-300, dualNorm('linf', u) / Math.max(1e-300, dualNorm('linf', w)))
      const quotient = (step: number) => (along(u, w, step) - along(u, w, 0)) / step
      expect(lowest).toBeLessThan(quotient(size) + scale)
      expect(Math.abs(lowest)).toBeLessThan(highest + scale)
    })
    // by hand
    const of = (...[u, w]: [number[], number[]]) => multiplierOf(norm, Float64Array.from(u), Float64Array.from(w))
    expect(of([3, 4], [1, -2]).lowest).toBeCloseTo(norm === 'l2' ? -1 : -2, 12)
    expect(of([-3, -3], [1, -2]).lowest).toBeCloseTo(norm === 'l2' ? Math.SQRT1_2 : 2, 12)
    expect(of([0, 0], [1, -2]).lowest).toBeCloseTo(norm === 'l2' ? Math.sqrt(5) : 2, 12)
  })

  it('finds a subgradient at η whose slope is in the middle', () => {
    property((u, w, { eta, subgradient: s, lowest, highest }, scale) => {
      expect(eta).toBeGreaterThanOrEqual(0)
      expect(primalNorm(norm, s)).toBeLessThan(1 + 1e-9)
      const sum = u.map((v, j) => v + eta * w[j])
      expect(Math.abs(dot(s, sum) - dualNorm(norm, sum))).toBeLessThan(scale * (1 + eta))
      if (eta > 0) expect(Math.abs(dot(s, w) - (lowest + highest) / 2)).toBeLessThan(scale)
      else expect(dot(s, u)).toBeCloseTo(dualNorm(norm, u), 6)
    })
  })

  it('is optimal for its t among other η', () => {
    let tight = 0
    property((u, w, { eta, lowest, highest }, scale) => {
      const middle = (lowest + highest) / 2
      const here = along(u, w, eta) - eta * middle
      for (const other of [0, eta / 2, eta * 0.999, eta * 1.001 + 1e-3, 2 * eta, 10]) {
        const t = eta > 0 ? middle : lowest
        expect(here).toBeLessThan(along(u, w, other) - other * t + scale * (1 + eta + other))
      }
      if (eta > 0) tight++
    })
    expect(tight).toBeGreaterThan(200)
  })

  it('is 0 where g gains nothing: no reference, f itself, no ball', () => {
    const u = Float64Array.of(1, -2, 0.5)
    const zeros = new Float64Array(3)
    expect(multiplierOf(norm, u, zeros).eta).toBe(0)
    expect(multiplierOf(norm, u, u).eta).toBe(0)
    expect(
      multiplierOf(
        norm,
        u,
        u.map((v) => 1e-3 * v),
      ).eta,
    ).toBe(0)
    expect(multiplierOf(norm, zeros, zeros).eta).toBe(0)
    expect(multiplierOf(norm, zeros, u).eta).toBe(0)
  })

  it('ends where values are not finite', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const [u, w] of [
        [
          [bad, 1],
          [1, -1],
        ],
        [
          [1, 1],
          [bad, -1],
        ],
      ] as const) {
        expect(multiplierOf(norm, Float64Array.from(u), Float64Array.from(w)).subgradient).toHaveLength(2)
      }
    }
  })
})

it('over an ℓ1 ball, the corner of the envelope by hand', () => {
  // N(η) = max(|4 − 2η|, |1 + η|, …): slope −2 to 2, so the corner where it turns, at η = 1, with s·w = 0
  const { eta, subgradient, lowest, highest } = multiplierOf('l1', Float64Array.of(4, 1), Float64Array.of(-2, 1))
  expect([lowest, highest, eta]).toEqual([-2, 2, 1])
  expect(subgradient[0]).toBeCloseTo(1 / 3, 12)
  expect(subgradient[1]).toBeCloseTo(2 / 3, 12)
})
