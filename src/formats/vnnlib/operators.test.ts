/** What each operator of the language means. */
import { describe, expect, test } from 'vitest'
import { boxed, regions, unsafe } from './property.testing.ts'

describe('comparisons and sums', () => {
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
})
