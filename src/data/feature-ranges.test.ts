import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { rangesIn, requireSameRanges } from './feature-ranges.ts'

const features = [
  { name: 'age', low: 18, high: 77 },
  { name: 'income', low: 20_000, high: 110_000 },
]
const named = (changed: object) => ({ name: 'loans', features: [features[0]!, { ...features[1]!, ...changed }] })

test('the ranges of the training are asked for again', () => {
  const metadata = rangesIn({ features })
  expect(() => requireSameRanges(metadata, named({}), 'net')).not.toThrow()
  for (const changed of [{ high: 110_001 }, { low: 19_999 }, { name: 'wage' }]) {
    expect(() => requireSameRanges(metadata, named(changed), 'net')).toThrow(UserError)
  }
  expect(() => requireSameRanges(metadata, { name: 'pictures' }, 'net')).toThrow('net was trained on a table')
})

test('networks of pictures, and those of other programs, say none', () => {
  expect(rangesIn({})).toEqual({})
  expect(() => requireSameRanges({}, named({}), 'net')).not.toThrow()
})
