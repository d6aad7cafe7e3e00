import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { explainFileError, readWholeFile, writeFileAtomic } from './atomic.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'robustra-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('writes new files and replaces old ones, leaving nothing else in the folder', () => {
  const path = join(folder, 'file')
  writeFileAtomic(path, 'first')
  writeFileAtomic(path, new Uint8Array([1, 2, 3]))
  expect([...readFileSync(path)]).toEqual([1, 2, 3])
  expect(readdirSync(folder)).toEqual(['file'])
})

test('takes names that leave little room for a temporary one', () => {
  const path = join(folder, 'n'.repeat(250))
  writeFileAtomic(path, 'text')
  expect(readFileSync(path, 'utf8')).toBe('text')
})

test('a failed write removes its temporary file and names the reason', () => {
  const path = join(folder, 'taken')
  mkdirSync(join(path, 'inner'), { recursive: true })
  expect(() => writeFileAtomic(path, 'text')).toThrow(new UserError(`cannot write ${path}: it is a folder, not a file`))
  expect(readdirSync(folder)).toEqual(['taken'])
})

test('a missing folder, or a file in its place, is named', () => {
  const missing = join(folder, 'missing')
  expect(() => writeFileAtomic(join(missing, 'file'), '')).toThrow(`there is no folder ${missing}: create it first`)
  writeFileSync(missing, '')
  expect(() => writeFileAtomic(join(missing, 'file'), '')).toThrow(`${missing} is not a folder`)
})

test('reading says what is wrong', () => {
  expect(() => readWholeFile(folder)).toThrow(new UserError(`cannot read ${folder}: it is a folder, not a file`))
  expect(() => readWholeFile(join(folder, 'none'))).toThrow('there is no such file')
})

test.each([
  ['ENOSPC', 'no space left on the disk'],
  ['EACCES', 'permission denied'],
  ['EROFS', 'read-only'],
  ['EDQUOT', 'quota'],
  ['EIO', 'EIO: the system says so'],
])('%s is put into words', (code, words) => {
  const error = Object.assign(new Error(`${code}: the system says so`), { code })
  const explained = explainFileError(error, 'write', 'net.safetensors')
  expect(explained).toBeInstanceOf(UserError)
  expect((explained as Error).message).toMatch(/^cannot write net\.safetensors: /)
  expect((explained as Error).message).toContain(words)
})

test("errors that are not the system's are left as they are", () => {
  const error = new RangeError('a mistake of ours')
  expect(explainFileError(error, 'write', 'file')).toBe(error)
})
