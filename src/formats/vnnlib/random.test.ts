/** Random formulas, and random damage to texts. RANDOM_FORMULAS sets how many formulas. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { type Property, parseVnnlib } from './property.ts'
import {
  type Exact,
  type Point,
  compare,
  decimal,
  fileOf,
  float64,
  formula,
  isStandIn,
  minus,
  numbers,
  plus,
  times,
} from './random-formula.testing.ts'
import type { BoxQuestion } from './regions.ts'

const FORMULAS = Number(process.env['RANDOM_FORMULAS'] ?? 5300)
const MOST_CASES = 300

/** Quarters, which decimals and float64 have alike. */
const quarter = fc.integer({ min: -8, max: 8 }).map((n) => n / 4)
/** Where comparisons have their borders, and right beside. */
const border = fc.tuple(fc.constantFrom(...numbers), fc.constantFrom(-1, 0, 0, 1)).map(([text, steps]) => {
  const value = Number(text)
  return value + steps * 2 ** -52 * Math.abs(value)
})
const place = fc.oneof({ weight: 3, arbitrary: quarter }, border)
const point = fc.tuple(place, place, place, place)

const pointOf = (values: readonly number[], exact: (value: number) => Exact): Point => {
  const [a, b, c, d] = values.map(exact)
  return { x: [a!, b!], y: [c!, d!] }
}
const written = (value: number) => decimal(`${value}`)

/** Whether a counterexample would be accepted, as region/counterexample.ts does. */
const isAccepted = ({ regions, watched }: Property, values: readonly number[]): boolean => {
  const x = Float64Array.from(values.slice(0, 2))
  const outputs = Float64Array.from([...values.slice(2), ...watched.map((input) => x[input])])
  return regions.some(
    ({ asked: { lower, upper, holds } }) =>
      x.every((value, i) => lower[i] <= value && value <= upper[i]) && holds(x, outputs),
  )
}

/** Whether a proof covers a point: by real numbers, and with the coefficients that suit it worst. */
const isCovered = ({ regions, watched }: Property, { x, y }: Point): boolean => {
  const values = [...y, ...watched.map((input) => x[input])]
  const isIn = ({ lower, upper }: BoxQuestion) =>
    x.every((value, i) => compare(float64(lower[i]), value) <= 0 && compare(value, float64(upper[i])) <= 0)
  return regions.some(
    (region) =>
      isIn(region) &&
      region.unsafe.some((all) =>
        all.every(({ coefficients, errors, bound, strict }) => {
          let excess: Exact = float64(-bound)
          for (const [i, value] of values.entries()) {
            excess = plus(excess, times(float64(coefficients[i]), value))
            const size: Exact = [value[0] < 0n ? -value[0] : value[0], value[1]]
            if (errors) excess = minus(excess, times(float64(errors[i]), size))
          }
          return excess[0] < 0n || (excess[0] === 0n && !strict)
        }),
      ),
  )
}

/** Undefined if it has too many cases for slow tests. */
function read(text: string): Property | undefined {
  try {
    const property = parseVnnlib(text, 'random')
    return property.regions.flatMap(({ unsafe }) => unsafe).length <= MOST_CASES ? property : undefined
  } catch (error) {
    expect((error as Error).message).toContain('if written as an or of ands')
    return undefined
  }
}

test('the reader agrees with the formulas themselves, exactly, at borders too', () => {
  const seen = { inside: 0, outside: 0, offGrid: 0, tooLarge: 0 }
  fc.assert(
    fc.property(
      fc.array(formula, { minLength: 1, maxLength: 3 }),
      fc.array(point, { minLength: 4, maxLength: 4 }),
      (formulas, points) => {
        const file = fileOf(formulas)
        const property = read(file.text)
        if (!property) {
          seen.tooLarge++
          return
        }
        for (const values of points) {
          const [inFloat64, asWritten] = [float64, written].map((exact) => file.at(pointOf(values, exact)))
          const isAlike = values.every((value) => compare(float64(value), written(value)) === 0)
          const accepted = isAccepted(property, values)
          if (accepted && !isStandIn(property.regions, values.slice(0, 2))) expect(asWritten).toBe(true)
          if (isAlike) expect(accepted).toBe(inFloat64)
          else seen.offGrid++
          for (const exact of [float64, written]) {
            const real = pointOf(values, exact)
            if (file.at(real)) expect(isCovered(property, real)).toBe(true)
          }
          seen[inFloat64 ? 'inside' : 'outside']++
        }
      },
    ),
    { numRuns: FORMULAS, seed: 7 },
  )
  expect(Math.min(seen.inside, seen.outside, seen.offGrid)).toBeGreaterThan(FORMULAS / 2)
  expect(seen.tooLarge).toBeLessThan(FORMULAS / 20)
}, 600_000)

test('12,000 damaged texts: each is read or refused in one line, and quickly', () => {
  const random = new Random(1, 'vnnlib')
  const pick = <T>(all: readonly T[]) => all[random.integer(all.length)]
  const words = [
    '(',
    ')',
    'and',
    'or',
    '<=',
    '=',
    'X_0',
    'X_9',
    'Y_1',
    ...['assert', 'not', 'let', 'xor', '=>', 'X_0[0]', 'declare-network', '|', '"', '\r', '1e999'],
    '-',
    '*',
    ';',
    '\n',
    '((((',
    '\0',
    '𝒴',
  ]
  const seeds = fc.sample(fc.array(formula, { minLength: 1, maxLength: 4 }), { numRuns: 40, seed: 3 })
  let [read, refused] = [0, 0]
  for (let i = 0; i < 12_000; i++) {
    let text = fileOf(pick(seeds)).text
    for (let change = random.integer(4); change >= 0; change--) {
      const [a, b] = [random.integer(text.length + 1), random.integer(text.length + 1)]
      const length = random.integer(12)
      text = pick([
        () => text.replace(/[0-9](?=[^0-9]*$)/, `${random.integer(10)}`),
        () => text.slice(0, a).replace(/\s\S*$/, '') + text.slice(a).replace(/^\S*/, ` ${pick(words)}`),
        () => `${text} ; ${text.slice(a, b)}`.replace(/[<>]=/, pick(['<', '>', '=', '=>'])),
        () => text.slice(0, a) + text.slice(a + length),
        () => text.slice(0, a) + pick(words) + text.slice(a + random.integer(2)),
        () => text.slice(0, a) + String.fromCharCode(random.integer(128)) + text.slice(a + 1),
        () => text.slice(0, Math.max(a, b)),
        () => text.slice(0, a) + text.slice(b, b + 200) + text.slice(a),
      ])()
    }
    try {
      const { regions, inputs } = parseVnnlib(text, 'damaged')
      for (const { lower, upper } of regions) {
        for (let k = 0; k < inputs; k++) expect(lower[k] <= upper[k]).toBe(true)
      }
      read++
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      expect((error as UserError).message).toMatch(/^damaged.{5,250}$/)
      refused++
    }
  }
  expect(Math.min(read, refused)).toBeGreaterThan(500)
})
