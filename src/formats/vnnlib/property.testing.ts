/** Properties of two inputs and two outputs, as text, and what is read of them in plain arrays. */
import { expect } from 'vitest'
import { parseVnnlib } from './property.ts'

export const declared =
  '(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n'
export const boxed = `${declared}(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 -1) (<= X_1 2)))\n`
export const parse = (text: string) => parseVnnlib(text, 'p.vnnlib')
/** Regions in plain arrays; behind a strict bound there is a '<'. */
export const regions = (text: string) =>
  parse(text).regions.map(({ lower, upper, unsafe }) => ({
    lower: [...lower],
    upper: [...upper],
    unsafe: unsafe.map((all) =>
      all.map(({ coefficients, bound, strict }) => [...coefficients, bound, ...(strict ? ['<'] : [])]),
    ),
  }))
/** Each name is made of the one before twice. */
export const doubled = (body: string, times: number) =>
  `(assert ${Array.from({ length: times }, (_, i) => `(let ((a ${i === 0 ? '1e9' : body})) `).join('')}${'a'}${')'.repeat(times + 1)}`
/** The cases of one region over the usual box. */
export const unsafe = (formulas: string) => {
  const found = regions(`${boxed}${formulas}`)
  expect(found).toEqual([{ lower: [0, -1], upper: [1, 2], unsafe: expect.anything() }])
  return found[0].unsafe
}
