import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { initialise } from '../../model/initialise.ts'
import { graphOf } from '../../model/graph.ts'
import { checkProperty, parseVnnlib, readVnnlib } from './property.ts'

const folder = mkdtempSync(join(tmpdir(), 'robustra-vnnlib-'))
afterAll(() => rmSync(folder, { recursive: true }))

const declared =
  '(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n'
const boxed = `${declared}(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 -1) (<= X_1 2)))\n`
const parse = (text: string) => parseVnnlib(text, 'p.vnnlib')
/** Regions in plain arrays; behind a strict bound there is a '<'. */
const regions = (text: string) =>
  parse(text).regions.map(({ lower, upper, unsafe }) => ({
    lower: [...lower],
    upper: [...upper],
    unsafe: unsafe.map((all) =>
      all.map(({ coefficients, bound, strict }) => [...coefficients, bound, ...(strict ? ['<'] : [])]),
    ),
  }))
/** Each name is made of the one before twice. */
const doubled = (body: string, times: number) =>
  `(assert ${Array.from({ length: times }, (_, i) => `(let ((a ${i === 0 ? '1e9' : body})) `).join('')}${'a'}${')'.repeat(times + 1)}`
/** The cases of one region over the usual box. */
const unsafe = (formulas: string) => {
  const found = regions(`${boxed}${formulas}`)
  expect(found).toEqual([{ lower: [0, -1], upper: [1, 2], unsafe: expect.anything() }])
  return found[0].unsafe
}

describe('one assertion after the other', () => {
  test('a property as the competition writes it', () => {
    const text = `; a comment with (parentheses and 'quotes
(declare-const X_0 Real)
(declare-const Y_0 Real) ; another
(declare-const Y_1 Real)

(assert (<= X_0 0.679857769))
(assert (>= X_0 6e-1))
(assert (or
    (and (<= Y_0 Y_1))(and (>= Y_1 3.5e+0))
))
`
    expect(parse(text)).toMatchObject({ name: 'p.vnnlib', inputs: 1, outputs: 2 })
    // 0.6 of float64 is below 0.6, and the other below what it is nearest to
    expect(regions(text)).toEqual([
      { lower: [0.6], upper: [0.6798577690000001], unsafe: [[[1, -1, 0]], [[0, -1, -3.5]]] },
    ])
  })

  test.each([
    ['(<= Y_0 2)', [[1, 0, 2]]],
    ['(>= Y_0 2)', [[-1, 0, -2]]],
    ['(< Y_0 2)', [[1, 0, 2, '<']]],
    ['(> Y_0 2)', [[-1, 0, -2, '<']]],
    ['(<= 2 Y_0)', [[-1, 0, -2]]],
    ['(= Y_0 2)', [[1, 0, 2], [-1, 0, -2]]], // prettier-ignore
    ['(<= 1 Y_0 2)', [[-1, 0, -1], [1, 0, 2]]], // prettier-ignore
    ['(>= Y_0 Y_1)', [[-1, 1, 0]]],
    ['(<= Y_0 (- 2))', [[1, 0, -2]]],
    ['(<= Y_0 (- 2 0.5 1))', [[1, 0, 0.5]]],
    ['(<= (+ Y_0 Y_1 1) 3)', [[1, 1, 2]]],
    ['(<= (- Y_0 Y_1) 0.0)', [[1, -1, 0]]],
    ['(<= (- Y_0) 1)', [[-1, 0, 1]]],
    ['(<= (* 2.5 Y_1) Y_0)', [[-1, 2.5, 0]]],
    ['(<= (* Y_1 2 (- 3)) 1)', [[0, -6, 1]]],
    ['(<= (/ Y_0 4) (/ 1 2))', [[0.25, 0, 0.5]]],
    ['(<= (* 2 (+ Y_0 (- (* 3 Y_1) 1))) (* 4 Y_1))', [[2, 2, 2]]],
    ['(and (<= Y_0 +1.) (and (<= Y_1 .5)))', [[1, 0, 1], [0, 1, 0.5]]], // prettier-ignore
    ['(or (<= Y_0 1))', [[1, 0, 1]]],
  ])('%s', (formula, expected) => expect(unsafe(`(assert ${formula})`)).toEqual([expected]))

  test('assertions hold together: an or in one, constraints in others before and behind', () => {
    const formulas = '(assert (<= Y_0 1)) (assert (or (<= Y_1 2) (<= Y_1 Y_0))) (assert (<= Y_0 3))'
    const always = [[1, 0, 1], [1, 0, 3]] // prettier-ignore
    expect(unsafe(formulas)).toEqual([[...always, [0, 1, 2]], [...always, [-1, 1, 0]]]) // prettier-ignore
  })

  test('commands that change nothing, and declare-fun', () => {
    const text = boxed.replace('(declare-const X_0 Real)', '(set-logic QF_LRA)(declare-fun X_0 () Real)')
    expect(regions(`${text}(assert (<= Y_0 1))(check-sat)(exit)`)).toEqual(regions(`${boxed}(assert (<= Y_0 1))`))
  })
})

describe('regions', () => {
  test('cases with the same box are one region, those with others are others', () => {
    const region = (low: string, high: string, y: string) => `(and (>= X_0 ${low}) (<= X_0 ${high}) (<= Y_0 ${y}))`
    const text = `${boxed}(assert (or ${region('0.5', '0.75', '1')} ${region('-9', '0.25', '2')} ${region('0.5', '7.5e-1', '3')}))`
    expect(regions(text)).toEqual([
      { lower: [0.5, -1], upper: [0.75, 2], unsafe: [[[1, 0, 1]], [[1, 0, 3]]] },
      { lower: [0, -1], upper: [0.25, 2], unsafe: [[[1, 0, 2]]] },
    ])
  })

  test('two ors of boxes: only what overlaps is left', () => {
    const text = `${boxed}
      (assert (or (and (>= X_0 0) (<= X_0 0.25)) (and (>= X_0 0.5) (<= X_0 1))))
      (assert (or (and (<= X_0 0.25) (<= Y_0 1)) (and (>= X_0 0.75) (<= Y_0 2))))`
    expect(regions(text)).toEqual([
      { lower: [0, -1], upper: [0.25, 2], unsafe: [[[1, 0, 1]]] },
      { lower: [0.75, -1], upper: [1, 2], unsafe: [[[1, 0, 2]]] },
    ])
  })

  test('an empty box can never hold; a box of one point can', () => {
    expect(regions(`${boxed}(assert (>= X_0 1.5)) (assert (<= Y_0 1))`)).toEqual([])
    expect(regions(`${boxed}(assert (or (and (<= X_1 -2)) (and (<= X_0 0.5) (>= X_0 0.75))))`)).toEqual([])
    expect(regions(`${boxed}(assert (= X_0 1)) (assert (= X_1 2))`)).toEqual([
      { lower: [1, 2], upper: [1, 2], unsafe: [[]] },
    ])
  })

  test('comparisons of numbers are decided', () => {
    expect(unsafe('(assert (or (and (<= 1 2) (<= Y_0 1)) (and (<= 2 1) (<= Y_0 2))))')).toEqual([[[1, 0, 1]]])
    expect(unsafe('(assert (<= Y_0 (+ Y_0 1)))')).toEqual([[]])
    expect(regions(`${boxed}(assert (<= (- Y_0 Y_0) -1))`)).toEqual([])
  })
})

describe('words', () => {
  test.each(['\n', '\r', '\r\n'])('lines end with %j, and comments with them', (end) => {
    const text = `; first${end}${boxed}(assert (or ; (two${end} (<= Y_0 1) ; three)${end} (<= Y_0 2)))`
    const [{ unsafe: found }] = regions(text.replaceAll('\n', end)) as [ReturnType<typeof regions>[number]]
    expect(found).toEqual([[[1, 0, 1]], [[1, 0, 2]]])
    const mistake = `(set-info :a "x${end}y")${end}; c${end}${end}(assert (<= |Z${end}0| 1))`
    expect(() => parse(mistake)).toThrow("p.vnnlib, line 5: '|Z 0|' is neither")
  })

  test('quoted symbols and strings are one word each', () => {
    const idle = '(set-info :source |(; "|)(set-info :notes ") ""; (|")(echo "")(get-value (X_0 (+ Y_0 1)))'
    expect(regions(`${idle}${boxed}(assert (<= |Y_0| 1))`)).toEqual(regions(`${boxed}(assert (<= Y_0 1))`))
  })
})

describe('the language', () => {
  const half = { lower: [0.5, -1], upper: [1, 2] }
  test.each([
    ['(not (<= Y_0 2))', [[[-1, 0, -2, '<']]]],
    ['(not (< Y_0 2))', [[[-1, 0, -2]]]],
    ['(not (and (<= Y_0 2) (> Y_1 1)))', [[[-1, 0, -2, '<']], [[0, 1, 1]]]],
    ['(=> (< Y_0 1) (< Y_1 1) (< Y_0 0))', [[[-1, 0, -1]], [[0, -1, -1]], [[1, 0, 0, '<']]]],
    ['(xor (< Y_0 1) true)', [[[-1, 0, -1]]]],
    ['(distinct Y_0 1)', [[[-1, 0, -1, '<']], [[1, 0, 1, '<']]]],
    ['(!= Y_0 1)', [[[-1, 0, -1, '<']], [[1, 0, 1, '<']]]],
    ['(= (< Y_0 1) false)', [[[-1, 0, -1]]]],
    ['(ite (< Y_0 1) (< Y_1 1) false)', [[[1, 0, 1, '<'], [0, 1, 1, '<']]]],
    ['(< 0 Y_0 Y_1 1)', [[[-1, 0, 0, '<'], [1, -1, 0, '<'], [0, 1, 1, '<']]]],
    ['(! (< Y_0 1) :named (a b))', [[[1, 0, 1, '<']]]],
    ['(let ((a Y_0) (b (< Y_1 1))) (and b (< (+ a a a) a)))', [[[0, 1, 1, '<'], [2, 0, 0, '<']]]],
    ['(<= Y_0 (+ 1e17 1 (- 1e17)))', [[[1, 0, 1]]]],
    ['(<= (+ (* 1e17 Y_0) Y_0) (* 1e17 Y_0))', [[[1, 0, 0]]]],
    ['(<= Y_0 (- 1000000000000.1 1000000000000))', [[[1, 0, 0.1]]]],
    ['(<= (* 1e-200 1e-200 Y_0) 0)', [[[1, 0, 0]]]],
    ['(or (< 1 X_0 1) (<= Y_0 1) (and (< X_0 0.5) (>= X_0 0.5)))', [[[1, 0, 1]]]],
  ])('%s', (formula, expected) => expect(unsafe(`(assert ${formula})`)).toEqual(expected)) // prettier-ignore

  test.each(['(>= (* 2 X_0) 1)', '(<= (- X_0) (/ (- 1) 2))', '(<= X_0 (- (* 2 X_0) 0.5))', '(not (< X_0 0.5))'])(
    '%s is a box',
    (formula) => expect(regions(`${boxed}(assert ${formula})`)).toEqual([{ ...half, unsafe: [[]] }]),
  )

  test('names for terms and formulas', () => {
    const named = '(define-fun a () Real (+ Y_0 1))(define-const b Real 2)(define-fun c () Bool (<= a b))'
    expect(regions(`${boxed}${named}(assert c)(assert (<= a 3))`)[0].unsafe).toEqual([[[1, 0, 1], [1, 0, 2]]]) // prettier-ignore
  })

  test('inputs in comparisons are watched: behind the outputs, those that are needed', () => {
    const { watched, regions: found } = parse(
      `${boxed}(assert (or (<= Y_0 X_1) (<= X_0 0.5)))(assert (<= (+ X_1 Y_1) 3))`,
    )
    expect(watched).toEqual([1])
    expect(found.map(({ unsafe: cases }) => cases.map((all) => all.map((c) => [...c.coefficients])))).toEqual([
      [[[0, 1, 1], [1, 0, -1]]], // prettier-ignore
      [[[0, 1, 1]]],
    ])
  })

  test('ends of boxes: outwards for proofs, inwards for counterexamples', () => {
    const ends = (low: string, high: string, operator: string) => {
      const [{ lower, upper, asked }] = parse(
        `${declared}(assert (${operator} ${low} X_0 ${high}))(assert (= X_1 0.1))`,
      ).regions as [ReturnType<typeof parse>['regions'][number]]
      expect([lower[1], upper[1], asked.lower[1], asked.upper[1]]).toEqual([0.09999999999999999, 0.1, 0.1, 0.1])
      const isPossible = asked.holds(Float64Array.of(asked.lower[0], 0.1), Float64Array.of(0, 0))
      return [lower[0], asked.lower[0], asked.upper[0], upper[0], isPossible]
    }
    expect(ends('0.1', '0.3', '<=')).toEqual([0.09999999999999999, 0.1, 0.3, 0.30000000000000004, true])
    // 0.1 of float64 is above 0.1, but written like it
    expect(ends('0.1', '0.3', '<')).toEqual([0.09999999999999999, 0.10000000000000002, 0.29999999999999993, 0.30000000000000004, true]) // prettier-ignore
    expect(ends('0', '1', '<')).toEqual([0, Number.MIN_VALUE, 1 - 2 ** -53, 1, true])
    // 2⁻⁶⁰, which is written with a little less
    const power = '8.67361737988403547205962240695953369140625e-19'
    expect(ends('0', power, '<')[2]).toBeLessThan(2 ** -60)
    expect(ends('0', power, '<=')[2]).toBe(2 ** -60)
    // written 0.3, the float64 below this end is above it
    expect(ends('0', '0.29999999999999999', '<=').slice(2, 4)).toEqual([0.29999999999999993, 0.30000000000000004])
    // no float64 between the ends: the nearest stands for closed ones
    expect(ends('0.10000000000000001', '0.10000000000000001', '<=').slice(1, 3)).toEqual([0.1, 0.1])
    expect(ends('0.1', '0.1000000000000000001', '<=').at(-1)).toBe(true)
    expect(ends('0.1', '0.1000000000000000001', '<').at(-1)).toBe(false)
    // a strict bound that another hides does not count
    const hidden = parse(`${declared}(assert (< 0 X_0 1))(assert (= X_0 0.1))(assert (= X_1 0))`).regions[0].asked
    expect(hidden.holds(hidden.lower, Float64Array.of(0, 0))).toBe(true)
  })
})

describe('version 2.0', () => {
  const network = (inside: string, more = '') => `(vnnlib-version <2.0>)(declare-network N ${inside})${more}`
  const usual = '(declare-input X Real [1,2])(declare-output Y float32 [2, 1] "out")'
  const bounds = '(assert (<= 0 X[0,0] 1))(assert (<= -1 X [0, 1] 2))'

  test('tensors are flat, row by row', () => {
    expect(parse(network(usual, bounds))).toMatchObject({ inputs: 2, outputs: 2 })
    expect(regions(network(usual, `${bounds}(assert (!= Y[1,0] 3))`))).toEqual(
      regions(`${boxed}(assert (distinct Y_1 3))`),
    )
  })

  test('several inputs and outputs follow each other; scalars need no index', () => {
    const several =
      '(declare-input a Real [])(declare-input b Real [2,2])(declare-output u Real [1])(declare-output v Real [])'
    const box = ['a', 'b[0,0]', 'b[0,1]', 'b[1,0]', 'b[1,1]'].map((name, i) => `(assert (== ${name} ${i}))`).join('')
    const text = network(several, `${box}(assert (<= (+ v[] u[0] v) 7))`)
    expect(parse(text)).toMatchObject({ inputs: 5, outputs: 2 })
    expect(regions(text)).toEqual([{ lower: [0, 1, 2, 3, 4], upper: [0, 1, 2, 3, 4], unsafe: [[[1, 2, 7]]] }])
  })

  test.each([
    ['(declare-input X Real [2])', '', 'declares no output of the network'],
    [`(declare-hidden H Real [2] "h")${usual}`, '', "'declare-hidden' cannot be verified"],
    [`(equal-to M)${usual}`, '', "'equal-to' cannot be verified"],
    [`(declare-input X int8 [2])`, '', "X is of type 'int8': known are Real"],
    [`(declare-input X Real 2)`, '', "'2' where a shape such as [1,2] after 'Real' should be"],
    [`(declare-input X Real [1,0])`, '', 'X has no element'],
    [`(declare-input X Real [99999999])`, '', 'more than 16777216 inputs'],
    [`${usual}(declare-input X Real [1])`, '', 'X is declared twice'],
    [`${usual}(declare-input Z Real [1] "z")`, '', 'several inputs with names'],
    [`(declare-input Z Real [1] "z")${usual}`, '', 'several inputs with names'],
    [usual, '(declare-network M)', 'a second network, M: only properties of one'],
    [usual, '(declare-const X_0 Real)', "'X_0' does not belong to the network"],
    [usual, '(assert (<= X[0] 1))', 'give one index for each of its 2 dimensions after X'],
    [usual, '(assert (<= X 1))', 'give one index for each of its 2 dimensions after X'],
    [usual, '(assert (<= X[0,2] 1))', 'X has the shape [1,2]: no index 2'],
    [usual, '(assert (<= X[0,-1] 1))', "'[0,-1]' where one index"],
    [usual, '(assert (<= X[0,1 1))', "the '[' that begins here has no end"],
    [usual, '(assert (<= Z[0] 1))', "'Z' is neither"],
  ])('%s %s', (inside, more, message) => {
    expect(() => parse(network(inside, more))).toThrow(UserError)
    expect(() => parse(network(inside, more))).toThrow(message)
  })
})

describe('mistakes', () => {
  const cut = 'is it cut short?'
  test.each([
    ['(assert (<= Y_0 1)', 6, cut],
    ['(assert\n(<= Y_0', 7, cut],
    ['(assert (<= Y_0 1)))', 6, "')' where '(' should be"],
    ['(assert (<= Y_0 1) (<= Y_1 1))', 6, "'(' where ')' should be, after 'assert'"],
    ['assert', 6, "'assert' where '(' should be"],
    ['\n\n(asert (<= Y_0 1))', 8, "unknown command 'asert'"],
    ['(vnnlib-version <3.0>)', 6, 'version <3.0>: known are'],
    ['(push 1)', 6, "unknown command 'push'"],
    ['(assert Y_0)', 6, 'a number or variable where a formula should be'],
    ['(assert (and Y_0 true))', 6, "a number or variable where 'and' needs a formula"],
    ['(assert (<= Y_0 true))', 6, "a formula where '<=' needs a number or variable"],
    ['(assert (= (<= Y_0 1) 1))', 6, "a number or variable where '=' needs a formula"],
    ['(assert (not))', 6, "'not' is of 1, not 0"],
    ['(assert (ite (<= Y_0 1) 1 2))', 6, "where 'ite' needs a formula"],
    ['(assert (=> true))', 6, "'=>' needs two sides"],
    ['(assert (xor))', 6, "'xor' needs two sides"],
    ['(assert (distinct Y_0))', 6, "'distinct' needs two sides"],
    ['(assert (<= Y_0))', 6, "'<=' needs two sides"],
    ['(assert ((<= Y_0 1)))', 6, "unknown operator '('"],
    ['(assert (<= Y_0 (^ Y_1 2)))', 6, "unknown operator '^': known are let, and, or"],
    ['(assert (<= Y_0 (+)))', 6, "'+' of too little"],
    ['(assert (<= Y_0 (* 2)))', 6, "'*' of too little"],
    ['(assert (<= Y_0 1.5.2))', 6, "'1.5.2' is neither a number nor a variable"],
    ['(assert (<= Y_0 0x10))', 6, "'0x10' is neither"],
    ['(assert (<= Y_0 NaN))', 6, "'NaN' is neither"],
    ['(assert (<= Y_0 1e999999999))', 6, 'a number of more than 2000 digits'],
    [`(assert (<= (* Y_0 ${'1e900 '.repeat(9)}) 1))`, 6, 'a number of more than 2000 digits'],
    [doubled('(* a a)', 200), 6, 'a number of more than 2000 digits'],
    ['(assert (let ((a 1) (a 2)) (<= Y_0 a)))', 6, "a has two meanings in one 'let'"],
    ['(assert (let ((a 1) (b a)) (<= Y_0 b)))', 6, "'a' is neither"],
    ['(assert (and (let ((a 1)) (<= Y_0 a)) (<= Y_1 a)))', 6, "'a' is neither"],
    ['(assert (let ((1 2)) (<= Y_0 1)))', 6, "'1' cannot be a name"],
    ['(define-fun a () Bool 1)', 6, "a is of type 'Bool', which its value is not"],
    ['(define-fun a ((x Real)) Real x)', 6, 'only functions without arguments'],
    ['(define-fun a () Real 1)(define-fun a () Real 1)', 6, 'a is defined twice'],
    ['(set-info :source |a\n\nb)', 6, 'the symbol that begins here has no end'],
    ['(echo "a', 6, 'the string that begins here has no end'],
    ['(declare-network N)', 6, 'declare-network goes without declare-const'],
    ['(assert (<= Y_2 1))', 6, 'Y_2 is not declared: add (declare-const Y_2 Real)'],
    ['(assert (<= Y_00 1))', 6, "'Y_00' is neither"],
    ['(assert (<= (* Y_0 Y_1) 1))', 6, 'not linear'],
    ['(assert (<= (/ 1 Y_1) 1))', 6, 'divide by numbers other than 0'],
    ['(assert (<= (/ Y_0 0) 1))', 6, 'divide by numbers other than 0'],
    ['(declare-const Y_0 Real)', 6, 'Y_0 is declared twice'],
    ['(declare-const Z_0 Real)', 6, "cannot declare 'Z_0'"],
    ['(declare-const Y_2 Int)', 6, "Y_2 is of type 'Int'"],
    ['(declare-fun Y_2 (Real) Real)', 6, 'a variable has no arguments'],
    [`(assert ${'(and '.repeat(200_000)}`, 6, 'nested deeper than 500 levels'],
    [`(assert (<= Y_0 ${'(- '.repeat(200_000)}`, 6, 'nested deeper than 500 levels'],
    [`(assert (<= Y_0 ${'9'.repeat(200_000)}`, 6, 'a number of more than 2000 digits'],
  ])('%.60s', (text, line, message) => {
    expect(() => parse(`${boxed}${text}`)).toThrow(UserError)
    expect(() => parse(`${boxed}${text}`)).toThrow(`p.vnnlib, line ${line}: `)
    expect(() => parse(`${boxed}${text}`)).toThrow(message)
  })

  test.each([
    ['', 'p.vnnlib declares no X_0: is it a VNN-LIB file?'],
    ['(declare-const X_0 Real)', 'declares no Y_0'],
    ['(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)', 'declares 2 Xs but not X_1'],
    [`${declared}(assert (<= X_0 1)) (assert (= X_1 1))`, 'X_0 has no lower bound: add one'],
    [`${declared}(assert (= X_0 1)) (assert (>= X_1 1))`, 'X_1 has no upper bound: add one'],
    [`${declared}(assert (= X_0 1)) (assert (or (= X_1 1) (<= Y_0 1)))`, 'X_1 has no lower bound'],
  ])('%.80s', (text, message) => {
    expect(() => parse(text)).toThrow(UserError)
    expect(() => parse(text)).toThrow(message)
  })

  test('too many cases or comparisons are refused before they take the memory', () => {
    const ors = (count: number, text: string) => `(assert (or ${text} (<= Y_0 9)))`.repeat(count)
    expect(unsafe(ors(10, '(<= Y_0 1)'))).toHaveLength(1024)
    expect(() => parse(`${boxed}${ors(40, '(<= Y_0 1)')}`)).toThrow('p.vnnlib is more than 100000 cases')
    // a formula of 2¹⁰⁰ parts, by names
    expect(() => parse(`${boxed}${doubled('(and a a)', 100).replace('1e9', '(<= Y_0 1)')}`)).toThrow(
      'more than 10000000',
    )
    const long = `(and ${'(<= Y_0 1)'.repeat(2000)})`
    expect(() => parse(`${boxed}${ors(14, long)}`)).toThrow('more than 10000000 comparisons')
  })
})

describe('files', () => {
  test('plain and compressed', () => {
    const text = `${boxed}(assert (<= Y_0 1))`
    writeFileSync(join(folder, 'p.vnnlib'), `\ufeff${text}`)
    writeFileSync(join(folder, 'p.vnnlib.gz'), gzipSync(text))
    const expected = {
      ...parse(text),
      name: expect.anything(),
      regions: [{ asked: expect.anything(), lower: Float64Array.of(0, -1) }],
    }
    expect(readVnnlib(join(folder, 'p.vnnlib'))).toMatchObject(expected)
    expect(readVnnlib(join(folder, 'p.vnnlib.gz'))).toMatchObject(expected)
  })

  test('missing, cut short, binary', () => {
    writeFileSync(join(folder, 'cut.gz'), gzipSync(boxed).subarray(0, 40))
    writeFileSync(
      join(folder, 'binary'),
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251),
    )
    expect(() => readVnnlib(join(folder, 'none'))).toThrow(/none: there is no such file/)
    expect(() => readVnnlib(join(folder, 'cut.gz'))).toThrow(/cut\.gz cannot be uncompressed/)
    expect(() => readVnnlib(join(folder, 'binary'))).toThrow('binary is no text in UTF-8')
  })

  test('a property of another network', () => {
    const input = { channels: 2, height: 1, width: 1 }
    const graph = (outFeatures: number) =>
      graphOf(initialise({ name: 'tiny', input, layers: [{ kind: 'linear', outFeatures }] }, 1))
    const property = parse(`${boxed}(assert (<= Y_0 1))`)
    expect(() => checkProperty(graph(2), property)).not.toThrow()
    expect(() => checkProperty(graph(3), property)).toThrow(
      new UserError('p.vnnlib is for another network: it has 2 inputs X and 2 outputs Y, tiny has 2 and 3'),
    )
  })
})
