import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { requireBall } from './ball.ts'

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
