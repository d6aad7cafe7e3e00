import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { checkQuestion, distanceToUnsafe, type Question } from './question.ts'

const box = (lower: number[], upper: number[]) => ({ lower: Float64Array.from(lower), upper: Float64Array.from(upper) })
const constraint = (coefficients: number[], bound: number) => ({ coefficients: Float64Array.from(coefficients), bound })

test('outputs are unsafe where all constraints of a case hold', () => {
  const unsafe = [[constraint([1, 0], 0), constraint([0, 1], 1)], [constraint([-1, 0], -5)]]
  const question = { ...box([0], [1]), unsafe }
  expect(distanceToUnsafe(question, [-1, 0])).toBe(-1)
  expect(distanceToUnsafe(question, [0, 1])).toBe(0)
  expect(distanceToUnsafe(question, [2, 0])).toBe(2)
  expect(distanceToUnsafe(question, [6, 0])).toBe(-1)
})

test('questions that make no sense are refused', () => {
  const good: Question = { ...box([0, 0], [1, 0]), unsafe: [[constraint([1], 0)]] }
  expect(() => checkQuestion(good, 2, 1)).not.toThrow()
  const refuse = (over: Partial<Question>, message: RegExp) => {
    const check = () => checkQuestion({ ...good, ...over }, 2, 1)
    expect(check).toThrow(UserError)
    expect(check).toThrow(message)
  }
  refuse(box([0], [1]), /1 and 1 ends for a network of 2 inputs/)
  refuse(box([0, 1], [1, 0]), /input 1 goes from 1 to 0/)
  refuse(box([0, NaN], [1, 0]), /input 1/)
  refuse(box([-Infinity, 0], [1, 0]), /input 0/)
  refuse({ unsafe: [] }, /needs an unsafe case/)
  refuse({ unsafe: [[]] }, /every case a constraint/)
  refuse({ unsafe: [[constraint([1, 2], 0)]] }, /2 coefficients/)
  refuse({ unsafe: [[constraint([NaN], 0)]] }, /finite/)
  refuse({ unsafe: [[constraint([1], Infinity)]] }, /finite/)
})

test('balls that make no sense are refused', () => {
  const one = (x: number) => Float64Array.of(x)
  const unsafe = [[{ coefficients: one(1), bound: 0 }]]
  const ball = { norm: 'l2', centre: one(0), radius: 1 } as const
  const check = (over: object) =>
    checkQuestion({ lower: one(-1), upper: one(1), unsafe, ball: { ...ball, ...over } }, 1, 1)
  expect(() => check({})).not.toThrow()
  expect(() => check({ norm: 'linf' })).toThrow(/unknown norm of a ball 'linf'/)
  expect(() => check({ radius: -1 })).toThrow('the radius of a ball must be 0 or more, not -1')
  expect(() => check({ radius: NaN })).toThrow('not NaN')
  expect(() => check({ centre: new Float64Array(2) })).toThrow('the centre of the ball has 2 numbers for 1 inputs')
  expect(() => check({ centre: one(2) })).toThrow('the centre of the ball is 2 at input 0, which is not in the box')
})
