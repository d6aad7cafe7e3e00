import { expect, test } from 'vitest'
import { forSpaces, multipliers, spaceOf } from './spaces.testing.ts'
import { medianTransition, signsAt, transitionPoints } from './transitions.ts'

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
  forSpaces(({ space }) => {
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
