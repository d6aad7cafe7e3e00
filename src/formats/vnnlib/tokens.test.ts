/** How the text is cut into words. */
import { expect, test } from 'vitest'
import { boxed, parse, regions } from './property.testing.ts'

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
