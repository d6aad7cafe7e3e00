import { expect, test } from 'vitest'
import { UserError, badFile, nearestName, unknownName } from './errors.ts'

test('an error says which kind of mistake it is', () => {
  expect(new UserError('what').code).toBe('bad-input')
  const cause = new Error('why')
  expect(new UserError('what', { code: 'no-access', cause })).toMatchObject({
    message: 'what',
    code: 'no-access',
    cause,
  })
  expect(badFile('what')).toMatchObject({ name: 'UserError', code: 'bad-file' })
})

test('a name that is almost right is found', () => {
  const known = ['convolution', 'linear', 'relu']
  expect(nearestName('Lineer', known)).toBe('linear')
  expect(nearestName('softmax', known)).toBeUndefined()
  expect(unknownName('layer', 'rleu', known).message).toBe("unknown layer 'rleu': did you mean 'relu'?")
  expect(unknownName('layer', 'softmax', known).message).toMatch(/: choose one of: convolution, linear, relu$/)
})
