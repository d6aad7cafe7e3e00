import { expect, test } from 'vitest'
import { holdsAt, widened } from './constraint.ts'
import { next } from './float64.ts'
import type { Comparison } from './formula.ts'
import { indexOf, outputVariable } from './linear.ts'
import { Rational } from './rational.ts'

const read = (text: string) => {
  const [numerator, denominator = '1'] = text.split('/')
  return Rational.decimal(numerator!)!.times(Rational.decimal(denominator)!.reciprocal)
}
/** Σ coefficients[k]·Y_k ≤ bound, or <. */
const comparison = (coefficients: readonly string[], bound: string, strict = false): Comparison => ({
  kind: 'comparison',
  variables: coefficients.map((_, k) => outputVariable(k)),
  coefficients: coefficients.map(read),
  bound: read(bound),
  strict,
})
const wide = (...given: Parameters<typeof comparison>) => widened(comparison(...given), given[0].length, indexOf)

test('what float64 holds stays as it is', () => {
  expect(wide(['0.5', '-3'], '0.25')).toEqual({
    ...{ coefficients: Float64Array.of(0.5, -3), bound: 0.25, strict: false, errors: undefined },
  })
  expect(wide(['1'], '2', true)!.strict).toBe(true)
})

test('bounds are rounded up', () => {
  // 0.1 of float64 is above 0.1, 0.3 is below 0.3
  expect(wide(['1'], '0.1')!.bound).toBe(0.1)
  expect(wide(['1'], '0.3')!.bound).toBe(next(0.3))
  expect(wide(['1'], '-0.1')!.bound).toBe(-Number('0.09999999999999999'))
  expect(wide(['1'], '1e-400')!.bound).toBe(Number.MIN_VALUE)
})

test('coefficients become integers where float64 cannot hold them', () => {
  expect(wide(['0.1', '0.3'], '1')).toMatchObject({ coefficients: Float64Array.of(1, 3), bound: 10, errors: undefined })
  expect(wide(['1/3', '-1/2'], '1')).toMatchObject({ coefficients: Float64Array.of(2, -3), bound: 6 })
  expect(wide(['1e300'], '1e300')).toMatchObject({ coefficients: Float64Array.of(1), bound: 1 })
  expect(wide(['1e400'], '3e400')).toMatchObject({ coefficients: Float64Array.of(1), bound: 3 })
})

test('otherwise errors say how far they are off', () => {
  const { coefficients, errors } = wide(['0.1', '0.12345678901234567', '0.5'], '1')!
  expect([...coefficients]).toEqual([0.1, Number('0.12345678901234567'), 0.5])
  for (const [k, text] of ['0.1', '0.12345678901234567'].entries()) {
    const off = read(text).plus(Rational.float64(-coefficients[k]))
    const size = off.sign < 0 ? off.negated : off
    expect(size.sign).toBe(1)
    expect(size.compare(Rational.float64(errors![k]))).toBeLessThanOrEqual(0)
  }
  expect(errors![2]).toBe(0)
  const huge = wide(['1e300', '1.234567890123456789'], '1e300')!
  expect(Math.abs(huge.coefficients[0])).toBeLessThan(10)
  expect(huge.bound).toBeLessThan(10)
})

test('bounds beyond all use say nothing, or no more than is of use', () => {
  expect(wide(['1'], '1e300')).toBeUndefined()
  expect(wide(['1'], '-1e300')!.bound).toBe(-1e60)
})

test('the file itself decides, exactly, for the number and for the decimal that it is written as', () => {
  const holds = (given: Comparison, ...values: number[]) => holdsAt(given, (variable) => values[indexOf(variable)])
  // the float64 0.1 is above 0.1, but written like it
  expect(holds(comparison(['1'], '0.1'), 0.1)).toBe(false)
  expect(holds(comparison(['-1'], '-0.1'), 0.1)).toBe(true)
  expect(holds(comparison(['-1'], '-0.1', true), 0.1)).toBe(false)
  expect(holds(comparison(['1'], '0.1'), 0.09999999999999999)).toBe(true)
  // sums that float64 would round to the bound
  expect(holds(comparison(['1', '1'], '1'), 1, 2 ** -60)).toBe(false)
  expect(holds(comparison(['1', '1'], '1', true), 1, -(2 ** -60))).toBe(true)
  expect(holds(comparison(['1', '1'], '1', true), 1, 0)).toBe(false)
  expect(holds(comparison(['0.1', '0.2'], '0.3'), 1, 1)).toBe(true)
  expect(holds(comparison(['1e-400', '1'], '0'), 1e300, 0)).toBe(false)
  expect(holds(comparison(['1e-400', '1'], '0'), -1e300, 0)).toBe(true)
  expect(holds(comparison(['1e200', '-1e200'], '0'), 1e200, 1e200)).toBe(true)
})
