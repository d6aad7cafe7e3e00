import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { lowerEnd, requireBall, scaledBall, upperEnd } from './ball.ts'

test('what is not asked for is the paper’s norm, over what an attacker can send', () => {
  expect(requireBall({ epsilon: 0.1 }, 784)).toEqual({ epsilon: 0.1, norm: 'linf', domain: 'pixels' })
  const asked = { epsilon: 1.5, norm: 'l2', domain: 'unbounded' } as const
  expect(requireBall({ ...asked, other: 1 } as typeof asked, 784)).toEqual(asked)
})

test('a ball that would hold all images is refused, and one without a radius', () => {
  const refuse = (options: Parameters<typeof requireBall>[0], message: string) => {
    const check = () => requireBall(options, 9)
    expect(check).toThrow(UserError)
    expect(check).toThrow(message)
  }
  refuse({ epsilon: 1.01 }, 'ε must be a number from 0 to 1 (pixels are in [0, 1]), not 1.01')
  refuse({ epsilon: 3.1, norm: 'l2' }, 'ε in ℓ2 must be a number from 0 to 3 (pixels')
  refuse({ epsilon: 9.1, norm: 'l1' }, 'ε in ℓ1 must be a number from 0 to 9 (pixels')
  for (const epsilon of [-0.1, NaN, Infinity]) refuse({ epsilon }, `not ${epsilon}`)
  for (const epsilon of [0, 1]) expect(requireBall({ epsilon }, 9).epsilon).toBe(epsilon)
})

test('names that are not known are refused, with the nearest one', () => {
  expect(() => requireBall({ epsilon: 0.1, norm: 'l3' as 'l2' }, 9)).toThrow("unknown norm 'l3'")
  expect(() => requireBall({ epsilon: 0.1, domain: 'pixel' as 'pixels' }, 9)).toThrow("did you mean 'pixels'?")
})

test('each value may have a radius of its own, of which ε is the largest', () => {
  const epsilons = [0, 0.25, 0.1]
  const ball = requireBall({ epsilon: 0.25, epsilons }, 3)
  expect(ball).toEqual({ epsilon: 0.25, epsilons, norm: 'linf', domain: 'pixels' })
  expect(scaledBall(ball, 0.125)).toEqual({ ...ball, epsilon: 0.125, epsilons: [0, 0.125, 0.05] })
  expect(scaledBall(requireBall({ epsilon: 0, epsilons: [0] }, 1), 0).epsilons).toEqual([0])
  const refuse = (options: Partial<Parameters<typeof requireBall>[0]>, message: string) => {
    const check = () => requireBall({ epsilon: 0.25, epsilons, ...options }, 3)
    expect(check).toThrow(UserError)
    expect(check).toThrow(message)
  }
  refuse({ epsilons: [0.25, 0] }, 'there are 2 ε for images of 3 values: give one for each')
  for (const wrong of [-0.1, 1.5, NaN])
    refuse({ epsilons: [0, wrong, 0.25] }, `ε of value 1 must be a number from 0 to 1`)
  refuse({ epsilon: 0.3 }, 'ε is 0.3, but the largest ε of a value is 0.25')
  refuse({ norm: 'l2' }, 'ε per value is for the norm ℓ∞, not ℓ2')
})

test('the ends of a value are its own, and of one that cannot move they are exact', () => {
  const ball = requireBall({ epsilon: 0.25, epsilons: [0, 0.25, 0.1], domain: 'unbounded' }, 3)
  const pixel = Math.fround(0.7)
  expect([lowerEnd(pixel, ball, 0), upperEnd(pixel, ball, 0)]).toEqual([pixel, pixel])
  for (const [i, radius] of [
    [1, 0.25],
    [2, 0.1],
  ] as const) {
    const [below, above] = [pixel - lowerEnd(pixel, ball, i), upperEnd(pixel, ball, i) - pixel]
    for (const reach of [below, above]) expect(reach > radius && reach < radius + 4e-16).toBe(true)
  }
})
