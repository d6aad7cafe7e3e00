/** Random formulas of the whole language, each with what it is worth at a point: slow, exact, and without its reader. */
import fc from 'fast-check'
import type { BoxQuestion } from './regions.ts'

/** A fraction of big integers; the second is > 0. */
export type Exact = readonly [bigint, bigint]

export const plus = ([a, b]: Exact, [c, d]: Exact): Exact => [a * d + c * b, b * d]
export const times = ([a, b]: Exact, [c, d]: Exact): Exact => [a * c, b * d]
export const minus = (a: Exact, [c, d]: Exact): Exact => plus(a, [-c, d])
export const compare = ([a, b]: Exact, [c, d]: Exact): number => Number(a * d > c * b) - Number(a * d < c * b)

/** The value of a decimal such as −12.5e-7. */
export function decimal(text: string): Exact {
  const [mantissa, exponent = '0'] = text.split('e')
  const [whole, fraction = ''] = mantissa!.split('.')
  const power = Number(exponent) - fraction.length
  const digits = BigInt(`${whole}${fraction}`)
  return power < 0 ? [digits, 10n ** BigInt(-power)] : [digits * 10n ** BigInt(power), 1n]
}

/** The value of a float64: halves until nothing is behind the point. */
export function float64(value: number): Exact {
  let divisor = 1n
  for (; !Number.isInteger(value); value *= 2) divisor *= 2n
  return [BigInt(value), divisor]
}

export interface Point {
  readonly x: readonly Exact[]
  readonly y: readonly Exact[]
}

/** A piece of VNN-LIB, and what it is worth at a point. */
export interface Written<T> {
  readonly text: string
  readonly at: (point: Point) => T
}

/** What float64 holds, and what it does not. */
const literals = ['0', '1', '2', '-1', '0.5', '1.25', '-0.75', '0.1', '-0.3', '0.7', '1e-3', '12.5e-1', '1e-20']
const long = ['0.30000000000000004', '0.2999999999999999888', '1000000000000.1', '-0.1234567890123456789', '3e-320']
export const numbers: readonly string[] = [...literals, ...long]

const literal = fc
  .constantFrom(...literals, ...numbers)
  .map((text): Written<Exact> => ({ text, at: () => decimal(text) }))

const operands = (all: readonly Written<unknown>[]) => all.map(({ text }) => text).join(' ')
const sum = (all: readonly Written<Exact>[]): Written<Exact> => ({
  text: `(+ ${operands(all)})`,
  at: (point) => all.map((one) => one.at(point)).reduce(plus),
})
const difference = (all: readonly Written<Exact>[]): Written<Exact> => ({
  text: `(- ${operands(all)})`,
  at: (point) => (all.length === 1 ? minus([0n, 1n], all[0].at(point)) : all.map((one) => one.at(point)).reduce(minus)),
})
const scaled = (factor: Written<Exact>, of: Written<Exact>, isFirst: boolean): Written<Exact> => ({
  text: isFirst ? `(* ${factor.text} ${of.text})` : `(* ${of.text} ${factor.text})`,
  at: (point) => times(factor.at(point), of.at(point)),
})

/** Sums that cancel almost all of their digits. */
const cancelling = fc
  .constantFrom(['1000000000000.1', '1000000000000'], ['1e17', '99999999999999999.9'], ['0.3', '0.1'])
  .map((pair) => difference(pair.map((text) => ({ text, at: () => decimal(text) }))))
const ratio = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 9 }))
  .map(([a, b]): Written<Exact> => ({ text: `(/ ${a < 0 ? `(- ${-a})` : a} ${b})`, at: () => [BigInt(a), BigInt(b)] }))
const number = fc.oneof({ weight: 6, arbitrary: literal }, cancelling, ratio)

const index = fc.integer({ min: 0, max: 1 })
const input = index.map((i): Written<Exact> => ({ text: `X_${i}`, at: ({ x }) => x[i] }))
const output = index.map((i): Written<Exact> => ({ text: `Y_${i}`, at: ({ y }) => y[i] }))

/** Over these variables. */
const expressionOf = (variable: fc.Arbitrary<Written<Exact>>) =>
  fc.letrec<{ expression: Written<Exact> }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      variable,
      number,
      fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map(sum),
      fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map(difference),
      fc.tuple(number, tie('expression'), fc.boolean()).map(([factor, of, isFirst]) => scaled(factor, of, isFirst)),
      // the inner name hides the outer one
      fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => ({
        text: `(let ((a ${a.text}) (b ${b.text})) (let ((a b) (b a)) (- a b)))`,
        at: (point: Point) => minus(b.at(point), a.at(point)),
      })),
    ),
  })).expression

const mixed = expressionOf(fc.oneof(input, output))
const sides = fc.oneof(
  fc.tuple(output, number),
  fc.tuple(input, number),
  fc.tuple(number, input),
  fc.tuple(number, input).chain(([factor, one]) => number.map((other) => [scaled(factor, one, true), other] as const)),
  fc.tuple(expressionOf(output), expressionOf(output)),
  fc.tuple(mixed, mixed),
  fc.tuple(mixed, mixed, mixed),
)

const holds: Record<string, (difference: number) => boolean> = {
  '<=': (d) => d <= 0,
  '>=': (d) => d >= 0,
  '<': (d) => d < 0,
  '>': (d) => d > 0,
  '=': (d) => d === 0,
}
const comparison = fc
  .tuple(fc.constantFrom('<=', '>=', '<', '>', '<=', '>=', '<', '>', '='), sides)
  .map(([operator, all]): Written<boolean> => ({
    text: `(${operator} ${operands(all)})`,
    at: (point) => {
      const values = all.map((one) => one.at(point))
      return values.slice(1).every((value, i) => holds[operator](compare(values[i], value)))
    },
  }))

const connectives: Record<string, (values: readonly boolean[]) => boolean> = {
  and: (values) => values.every(Boolean),
  or: (values) => values.some(Boolean),
  '=>': (values) => values.at(-1)! || !values.slice(0, -1).every(Boolean),
  xor: (values) => values.filter(Boolean).length % 2 === 1,
  '=': (values) => values.every((value) => value === values[0]),
}
export const { formula } = fc.letrec<{ formula: Written<boolean> }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: comparison },
    { weight: 1, arbitrary: fc.boolean().map((value) => ({ text: `${value}`, at: () => value })) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom('and', 'or', 'and', 'or'), fc.array(tie('formula'), { maxLength: 4 }))
        .map(connective),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('=>', 'xor', '='), fc.array(tie('formula'), { minLength: 2, maxLength: 3 }))
        .map(connective),
    },
    {
      weight: 3,
      arbitrary: tie('formula').map((one) => ({ text: `(not ${one.text})`, at: (point: Point) => !one.at(point) })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(tie('formula'), tie('formula'), tie('formula')).map((all) => ({
        text: `(ite ${operands(all)})`,
        at: (point: Point) => (all[0].at(point) ? all[1].at(point) : all[2].at(point)),
      })),
    },
    {
      weight: 2,
      // both meanings are of the outer f
      arbitrary: fc.tuple(tie('formula'), tie('formula')).map(([a, b]) => ({
        text: `(let ((f ${a.text})) (let ((f (not f)) (g f)) (or f (and g ${b.text}))))`,
        at: (point: Point) => !a.at(point) || b.at(point),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(mixed, mixed).map((all) => ({
        text: `(distinct ${operands(all)})`,
        at: (point: Point) => compare(all[0].at(point), all[1].at(point)) !== 0,
      })),
    },
  ),
}))

function connective([operator, parts]: readonly [string, readonly Written<boolean>[]]): Written<boolean> {
  return {
    text: `(${operator} ${operands(parts)})`,
    at: (point) => connectives[operator](parts.map((part) => part.at(point))),
  }
}

/** A file that asserts these over two inputs in [−2, 2] and two outputs. */
export function fileOf(formulas: readonly Written<boolean>[]): Written<boolean> {
  const variables = ['X_0', 'X_1', 'Y_0', 'Y_1'].map((name) => `(declare-const ${name} Real)`)
  const box = [0, 1].map((i) => `(assert (<= -2 X_${i} 2))`)
  const asserted = formulas.map(({ text }) => `(assert ${text})`)
  const isInside = (value: Exact) => compare(value, [-2n, 1n]) >= 0 && compare(value, [2n, 1n]) <= 0
  return {
    text: [...variables, ...box, ...asserted].join('\n'),
    at: (point) => point.x.every(isInside) && formulas.every((one) => one.at(point)),
  }
}

/** Whether an input of this point stands for an end that float64 cannot hold, between which and the other there is none. */
export const isStandIn = (regions: readonly BoxQuestion[], x: readonly number[]): boolean =>
  regions.some(({ lower, upper, asked }) =>
    x.some((value, i) => lower[i] < upper[i] && asked.lower[i] === value && asked.upper[i] === value),
  )
