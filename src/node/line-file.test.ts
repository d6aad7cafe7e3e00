import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { LineFile } from './line-file.ts'
import { temporaryFolder } from './temporary.testing.ts'

const folder = temporaryFolder()

/** The whole lines. */
const parse = (content: Buffer) => {
  const bytes = content.lastIndexOf('\n') + 1
  return { value: content.toString('utf8', 0, bytes).split('\n').slice(0, -1), bytes }
}
const open = (name: string, resume: boolean) => new LineFile(join(folder, name), resume, parse)
const contentOf = (name: string) => readFileSync(join(folder, name), 'utf8')

test('a new file grows line by line; one that is there is not touched', () => {
  const file = open('new', false)
  expect(file.begun).toBeUndefined()
  file.append(['a', 'b'])
  file.append([])
  file.append(['c'])
  file.close()
  expect(contentOf('new')).toBe('a\nb\nc\n')
  expect(() => open('new', false)).toThrow(/exists already$/)
  expect(contentOf('new')).toBe('a\nb\nc\n')
})

test('resuming cuts a torn line off and goes on behind what is whole', () => {
  writeFileSync(join(folder, 'torn'), 'a\nb\nhal')
  const file = open('torn', true)
  expect(file.begun).toEqual({ value: ['a', 'b'], bytes: 4 })
  file.append(['c'])
  file.close()
  expect(contentOf('torn')).toBe('a\nb\nc\n')
  const begun = open('nothing yet', true)
  expect(begun.begun).toBeUndefined()
  begun.close()
})

test('what cannot be read, written or understood is refused', () => {
  expect(() => new LineFile(folder, true, parse)).toThrow(/not a regular file/)
  expect(() => open('no folder/x', false)).toThrow(UserError)
  writeFileSync(join(folder, 'foreign'), 'x\n')
  const refuse = () => {
    throw new UserError('not ours')
  }
  expect(() => new LineFile(join(folder, 'foreign'), true, refuse)).toThrow('not ours')
  expect(contentOf('foreign')).toBe('x\n')
})
