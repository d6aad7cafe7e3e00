import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { advised } from './advice.ts'

const said = (code: UserError['code'], flag?: string) => advised(new UserError('what', { code }), flag).message

test('flags mend what the library only names', () => {
  expect(said('exists')).toBe('what: choose another --out, or continue with --resume')
  expect(said('exists', '--counterexamples')).toBe('what: choose another --counterexamples, or continue with --resume')
  expect(said('other-run')).toBe('what: choose another --out')
  expect(said('no-data')).toBe('what DIR and give --data DIR')
})

test('nothing is said of other kinds, nor twice', () => {
  expect(said('bad-input')).toBe('what')
  expect(advised(advised(new UserError('what', { code: 'exists' }))).message.match(/--out/g)).toHaveLength(1)
})
