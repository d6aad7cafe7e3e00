import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from './folder.ts'
import { temporaryFiles } from './temporary.testing.ts'

const { newPath } = temporaryFiles()

test('makes what is missing, and nothing if it is there', () => {
  const path = newPath('a')
  for (let i = 0; i < 2; i++) makeFolder(join(path, 'b/c'))
  expect(statSync(join(path, 'b/c')).isDirectory()).toBe(true)
})

test('says what is in the way', () => {
  const file = newPath('file')
  writeFileSync(file, '')
  expect(() => makeFolder(file)).toThrow(`cannot make the folder ${file}: it is a file`)
  expect(() => makeFolder(join(file, 'a/b'))).toThrow(`cannot make the folder ${file}/a: ${file} is not a folder`)
  const circle = newPath('circle')
  symlinkSync(circle, circle)
  expect(() => makeFolder(join(circle, 'a'))).toThrow(/cannot make the folder .*circle/)
  expect(() => makeFolder(newPath('x'.repeat(300)))).toThrow(/the name is too long/)
})

test.runIf(existsSync('/proc/self'))('ends where a file system says that nothing is there, whatever one makes', () => {
  expect(() => makeFolder('/proc/foo/x/y')).toThrow(
    'cannot make the folder /proc/foo: /proc takes no new files or folders',
  )
})
