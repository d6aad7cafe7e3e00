/** Random formulas, and random damage to texts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../engine/random.ts'
import { UserError } from '../../errors.ts'
import { type Property, parseVnnlib } from './property.ts'

interface Point {
  readonly x: readonly number[]
  readonly y: readonly number[]
}
/** A piece of VNN-LIB, and what it is worth at a point. */
interface Written<T> {
  readonly text: string
  readonly at: (point: Point) => T
}

const variables = '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)'
const box = [-2, 2] as const
const bounded = [0, 1].map((i) => `(assert (<= ${box[0]} X_${i} ${box[1]}))`).join('')

// Quarters: all sums and products here are exact, so that equality at borders counts.
const quarter = fc.integer({ min: -9, max: 9 }).map((n) => n / 4)
const number = quarter.map((n): Written<number> => ({ text: n < 0 ? `(- ${-n})` : `${n}`, at: () => n }))
const index = fc.integer({ min: 0, max: 1 })
const output = index.map((i): Written<number> => ({ text: `Y_${i}`, at: ({ y }) => y[i]! }))

const { expression } = fc.letrec<{ expression: Written<number> }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    output,
    number,
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map((terms) => ({
      text: `(+ ${terms.map(({ text }) => text).join(' ')})`,
      at: (point: Point) => terms.reduce((sum, term) => sum + term.at(point), 0),
    })),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => ({
      text: `(- ${a.text} ${b.text})`,
      at: (point: Point) => a.at(point) - b.at(point),
    })),
    tie('expression').map((a) => ({ text: `(- ${a.text})`, at: (point: Point) => -a.at(point) })),
    fc.tuple(fc.integer({ min: -3, max: 3 }), tie('expression'), fc.boolean()).map(([c, a, first]) => ({
      text: first ? `(* ${c} ${a.text})` : `(* ${a.text} ${c})`,
      at: (point: Point) => c * a.at(point),
    })),
  ),
}))

/** An input with a sign and a shift. */
const input = fc.tuple(index, quarter, fc.constantFrom(1, -1)).map(([i, shift, sign]): Written<number> => ({
  text: sign > 0 ? `(+ X_${i} ${shift})` : `(- ${shift} X_${i})`,
  at: ({ x }) => shift + sign * x[i]!,
}))

const comparison = fc
  .tuple(
    fc.constantFrom('<=', '>=', '<', '>', '='),
    fc.oneof(fc.tuple(expression, expression), fc.tuple(input, number)),
  )
  .map(([operator, [a, b]]): Written<boolean> => ({
    text: `(${operator} ${a.text} ${b.text})`,
    // strict ones count as non-strict
    at: (point) => {
      const [left, right] = [a.at(point), b.at(point)]
      return operator === '=' ? left === right : operator.startsWith('<') ? left <= right : left >= right
    },
  }))

const { formula } = fc.letrec<{ formula: Written<boolean> }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    comparison,
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('formula'), { minLength: 1, maxLength: 4 }))
      .map(([operator, parts]): Written<boolean> => ({
        text: `(${operator} ${parts.map(({ text }) => text).join(' ')})`,
        at: (point) =>
          operator === 'and' ? parts.every((part) => part.at(point)) : parts.some((part) => part.at(point)),
      })),
  ),
}))

const isUnsafe = ({ regions }: Property, { x, y }: Point) =>
  regions.some(
    ({ lower, upper, unsafe }) =>
      x.every((value, i) => lower[i]! <= value && value <= upper[i]!) &&
      unsafe.some((all) =>
        all.every(({ coefficients, bound }) => coefficients[0]! * y[0]! + coefficients[1]! * y[1]! <= bound),
      ),
  )

const inBox = fc.integer({ min: 4 * box[0], max: 4 * box[1] }).map((n) => n / 4)
const point = fc.record({ x: fc.tuple(inBox, inBox), y: fc.tuple(quarter, quarter) })

test('a point is in a region exactly if the formulas hold there', () => {
  const seen = { unsafe: 0, safe: 0 }
  fc.assert(
    fc.property(
      fc.array(formula, { maxLength: 3 }),
      fc.array(point, { minLength: 20, maxLength: 20 }),
      (all, points) => {
        const text = `${variables}${bounded}${all.map(({ text: one }) => `(assert ${one})`).join('\n')}`
        const property = parseVnnlib(text, 'random')
        for (const { lower, upper, unsafe } of property.regions) {
          expect(lower.every((value, i) => value <= upper[i]!)).toBe(true)
          expect(unsafe.length).toBeGreaterThan(0)
        }
        for (const one of points) {
          const expected = all.every((each) => each.at(one))
          seen[expected ? 'unsafe' : 'safe']++
          expect(isUnsafe(property, one)).toBe(expected)
        }
      },
    ),
    { numRuns: 1500, seed: 7 },
  )
  expect(Math.min(seen.unsafe, seen.safe)).toBeGreaterThan(3000)
})

test('12,000 damaged texts: each is read or refused in one line, and quickly', () => {
  const random = new Random(1, 'vnnlib')
  const pick = <T>(all: readonly T[]) => all[random.integer(all.length)]!
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
    'assert',
    '1e999',
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
    let text = `${variables}\n${bounded}\n${pick(seeds)
      .map((one) => `(assert ${one.text})`)
      .join('\n')}`
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
        for (let k = 0; k < inputs; k++) expect(lower[k]! <= upper[k]!).toBe(true)
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
