/** What the parser refuses, and on which line. */
import { expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { boxed, declared, doubled, parse, unsafe } from './property.testing.ts'

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
  expect(() => parse(`${boxed}${doubled('(and a a)', 100).replace('1e9', '(<= Y_0 1)')}`)).toThrow('more than 10000000')
  const long = `(and ${'(<= Y_0 1)'.repeat(2000)})`
  expect(() => parse(`${boxed}${ors(14, long)}`)).toThrow('more than 10000000 comparisons')
})
