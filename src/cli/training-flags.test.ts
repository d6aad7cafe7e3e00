import { expect, test } from 'vitest'
import { trainingOptions } from '../training/options.ts'
import { requireSame } from './training-flags.ts'

test('a share of validation images may be repeated, though the run has their number', () => {
  const saved = trainingOptions({ validationCount: 120 })
  const repeat = (validationCount: number) => () =>
    requireSame(['validationCount'], trainingOptions({ validationCount }), saved)
  repeat(0.1)()
  repeat(120)()
  expect(repeat(0)).toThrow('the run was started with --validation-count 120, not 0: leave it out with --resume')
  expect(repeat(100)).toThrow('--validation-count 120, not 100')
})
