/** Variables of version 2.0: tensors of one network. */
import { expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { boxed, parse, regions } from './property.testing.ts'

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
