import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { next, previous } from './float64.ts'
import { type Exact, compare, decimal, float64, minus, plus, times } from './random-formula.testing.ts'
import { Rational, TooManyDigits } from './rational.ts'

const read = (text: string) => Rational.decimal(text)!
const isExactly = (value: Rational, expected: Exact) =>
  compare([value.fraction.numerator, value.fraction.denominator], expected) === 0

const random = new Random(3, 'rational')
const digits = (most: number) => Array.from({ length: 1 + random.integer(most) }, () => random.integer(10)).join('')
/** Of any size, some beyond what float64 holds. */
const randomDecimal = () => {
  const exponent = [0, random.integer(30) - 15, random.integer(700) - 350][random.integer(3)]
  const fraction = random.integer(2) ? `.${digits(18)}` : ''
  return `${random.integer(2) ? '-' : ''}${digits(random.integer(2) ? 4 : 22)}${fraction}${exponent ? `e${exponent}` : ''}`
}
/** Neighbours, middles of neighbours, and what is near them. */
const nearDouble = () => {
  const value = (random.uniform() - 0.5) * 2 ** (random.integer(120) - 60)
  const [a, b] = [Rational.float64(value), Rational.float64(next(value))]
  const middle = a.plus(b).times(Rational.fraction(1n, 2n))
  const hair = Rational.fraction(BigInt(random.integer(3) - 1), 10n ** 60n)
  return [a, b, middle, middle.plus(hair)][random.integer(4)]
}

test('decimals: nearest is what Number reads, floor and ceiling enclose the number, with nothing between', () => {
  for (let i = 0; i < 5000; i++) {
    const text = randomDecimal()
    const value = read(text)
    const exact = decimal(text)
    expect(isExactly(value, exact), text).toBe(true)
    expect(value.nearest + 0, text).toBe(Number(text) + 0)
    const { floor, ceiling } = value
    expect(ceiling === floor || ceiling === next(floor), text).toBe(true)
    if (Number.isFinite(floor)) expect(compare(float64(floor), exact), text).toBeLessThanOrEqual(0)
    if (Number.isFinite(ceiling)) expect(compare(float64(ceiling), exact), text).toBeGreaterThanOrEqual(0)
    if (floor === ceiling) expect(compare(float64(floor), exact), text).toBe(0)
    if (Number.isFinite(value.nearest)) {
      expect(value.side + 0, text).toBe(compare(exact, float64(value.nearest)))
    }
    expect(value.sign + 0, text).toBe(compare(exact, [0n, 1n]))
  }
})

test('fractions: nearest is rounded to even, also where they are subnormal', () => {
  const half = Rational.fraction(1n, 2n)
  for (let i = 0; i < 2000; i++) {
    const value = nearDouble()
    const { numerator, denominator } = value.fraction
    const distance = (to: number): Exact => {
      const difference = minus([numerator, denominator], float64(to))
      return difference[0] < 0n ? [-difference[0], difference[1]] : difference
    }
    const { nearest } = value
    for (const other of [previous(nearest), next(nearest)]) {
      const closer = compare(distance(nearest), distance(other))
      expect(closer).toBeLessThanOrEqual(0)
      // of two at the same distance the one with an even last digit
      if (closer === 0) expect(new BigInt64Array(Float64Array.of(nearest).buffer)[0] & 1n).toBe(0n)
    }
  }
  const least = Rational.float64(Number.MIN_VALUE)
  const units = (count: number) => least.times(Rational.integer(count)).times(half).nearest
  expect([1, 2, 3, 4, 5].map(units)).toEqual([0, 1, 2, 2, 2].map((count) => count * Number.MIN_VALUE))
  expect(Rational.fraction(10n ** 400n, 3n)).toMatchObject({ nearest: Infinity, floor: Number.MAX_VALUE })
  expect(Rational.fraction(-1n, 10n ** 400n)).toMatchObject({ floor: -Number.MIN_VALUE, ceiling: 0, sign: -1 })
})

test('arithmetic and order are exact', () => {
  for (let i = 0; i < 2000; i++) {
    const [s, t] = [randomDecimal(), random.integer(4) ? randomDecimal() : `${random.integer(9) - 4}`]
    const [a, b] = [read(s), read(t)]
    const [x, y] = [decimal(s), decimal(t)]
    expect(isExactly(a.plus(b), plus(x, y)), `${s} + ${t}`).toBe(true)
    expect(isExactly(a.times(b), times(x, y)), `${s} * ${t}`).toBe(true)
    expect(isExactly(a.negated, minus([0n, 1n], x)), s).toBe(true)
    if (b.sign !== 0) expect(isExactly(b.reciprocal.times(b), [1n, 1n]), t).toBe(true)
    expect(Math.sign(a.compare(b)) + 0, `${s} and ${t}`).toBe(compare(x, y))
    expect(a.compare(Rational.fraction(a.fraction.numerator, a.fraction.denominator)), s).toBe(0)
  }
  const [big, one] = [read('9007199254740993'), Rational.integer(-1)]
  expect(big.plus(one).fraction.numerator).toBe(9007199254740992n)
})

test('keys differ for different numbers', () => {
  const texts = ['0.1', '0.10000000000000001', '0.1000000000000000055511151231257827', '1e-400', '1e-401', '0', '1e400']
  expect(new Set(texts.map((text) => read(text).key)).size).toBe(texts.length)
  expect(read('0.5').key).toBe(read('5e-1').key)
})

test('what is no decimal, and what is too long', () => {
  for (const text of ['', '.', '-', '1.2.3', '0x10', 'NaN', 'Infinity', '1e', '1e5.5', '--1', '1,5']) {
    expect(Rational.decimal(text), text).toBeUndefined()
  }
  for (const text of ['1e999999999', '1e-2001', '9'.repeat(2001)]) {
    expect(() => Rational.decimal(text), text).toThrow(TooManyDigits)
  }
  expect(read('+1.').nearest).toBe(1)
  expect(read('.5e+1').nearest).toBe(5)
  expect(read('-0.000').nearest).toBe(0)
})
