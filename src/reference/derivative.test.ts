import { expect, test } from 'vitest'
import { derivative, derivativeRange, tZero, tightness } from './derivative.ts'
import { referenceMargins } from './margins.ts'
import { objectiveLong } from './objective.ts'
import { forSpaces, multipliers, positiveTransitions, scaleAt, spaceOf } from './spaces.testing.ts'
import { medianTransition, transitionPoints } from './transitions.ts'

test('the derivative never falls, and changes only at transition points', () => {
  forSpaces(({ space }) => {
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
  forSpaces(({ space, random }) => {
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
  forSpaces(({ space, random }) => {
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
  forSpaces(({ g, ball, space, random }) => {
    const t = random.normal()
    const bound = referenceMargins(g, 0, ball)[1]
    expect(Math.abs(derivativeRange(space, t)[1] - (bound - t))).toBeLessThan(scaleAt(space, 0))
  })
})

test('loose, tight and infeasible say where h has its minimum', () => {
  forSpaces(({ space, random }) => {
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

test('the derivative jumps across 0 at η_med, and t_0 makes the constraint tight', () => {
  forSpaces(({ space }) => {
    const eta = medianTransition(space)
    const t = tZero(space)
    const tolerance = scaleAt(space, 0)
    expect(Math.abs(derivative(space, eta, t))).toBeLessThan(tolerance)
    const jump = transitionPoints(space).reduce(
      (sum, at, j) => sum + (at === eta ? space.ball.radius[j] * Math.abs(space.g.inputCoefficients[j]) : 0),
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
