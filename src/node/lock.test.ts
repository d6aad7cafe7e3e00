/** Locks, held and taken by real processes. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Lock, withoutLocks } from './lock.ts'
import { startOf } from './process-start.ts'
import { temporaryFiles } from './temporary.testing.ts'

const { newPath } = temporaryFiles()

/** A process that takes the lock of a file, says what came of it, and stays if told so. */
function taker(path: string, then: 'stay' | 'end' | 'throw' = 'end') {
  const source = `
    const { Lock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
    try {
      Lock.ofFile(${JSON.stringify(path)})
      console.log('taken')
    } catch (error) {
      console.log(error.message)
    }
    ${{ stay: 'setInterval(() => {}, 1000)', end: '', throw: "throw new Error('by itself')" }[then]}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (data) => (said += data))
  const heard = new Promise<string>((resolve) => child.stdout.once('data', () => resolve(said.trim())))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  return { child, heard, ended }
}

const owner = (given: object) =>
  JSON.stringify({ id: 'x', process: process.pid, machine: hostname(), started: null, since: '2026-01-02T03:04:05.678Z', ...given }) // prettier-ignore

test('another process is refused while one has the file, and not after that', async () => {
  const path = newPath('rows.jsonl')
  const first = taker(path, 'stay')
  expect(await first.heard).toBe('taken')
  expect(() => Lock.ofFile(path)).toThrow(
    expect.objectContaining({
      code: 'in-use',
      message: expect.stringMatching(
        new RegExp(
          `^.*rows\\.jsonl is in use by process ${first.child.pid}, since [\\d: -]+ UTC: wait until it has ended$`,
        ),
      ),
    }),
  )
  // killed: it cannot give its lock up, and nobody has to wait for it
  first.child.kill('SIGKILL')
  await first.ended
  expect(existsSync(`${path}.lock`)).toBe(true)
  const lock = Lock.ofFile(path)
  expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ process: process.pid, machine: hostname() })
  expect(() => Lock.ofFile(path)).toThrow(/is in use by process/)
  lock.release()
  lock.release()
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a lock goes when its process ends or throws', async () => {
  for (const then of ['end', 'throw'] as const) {
    const path = newPath('rows.jsonl')
    const { heard, ended } = taker(path, then)
    expect(await heard).toBe('taken')
    await ended
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('.lock'))).toEqual([])
  }
})

test('of several that find the lock of a process that has ended, one takes it over', async () => {
  const path = newPath('rows.jsonl')
  writeFileSync(`${path}.lock`, owner({ process: 2 ** 22 + 1 }))
  const takers = Array.from({ length: 4 }, () => taker(path, 'stay'))
  const heard = await Promise.all(takers.map((each) => each.heard))
  takers.forEach(({ child }) => child.kill('SIGKILL'))
  await Promise.all(takers.map((each) => each.ended))
  expect(heard.filter((text) => text === 'taken')).toHaveLength(1)
  expect(heard.filter((text) => text.includes('is in use'))).toHaveLength(3)
})

test('a process that got the number of another one later does not keep its lock', () => {
  const path = newPath('rows.jsonl')
  writeFileSync(`${path}.lock`, owner({ started: startOf(process.pid) }))
  expect(() => Lock.ofFile(path)).toThrow(/is in use by process/)
  writeFileSync(`${path}.lock`, owner({ started: 'another time' }))
  Lock.ofFile(path).release()
})

test('a lock of another machine, or one that nobody can read, stays until somebody deletes it', () => {
  const folder = newPath('run')
  mkdirSync(folder)
  const lock = join(folder, 'robustra.lock')
  writeFileSync(lock, owner({ machine: 'elsewhere', process: 7 }))
  expect(() => Lock.ofFolder(folder)).toThrow(
    `${folder} is in use by process 7 of the machine elsewhere, since 2026-01-02 03:04:05 UTC: ` +
      `if you know that nothing writes there any more, delete ${lock}`,
  )
  writeFileSync(lock, '')
  expect(() => Lock.ofFolder(folder)).toThrow(
    `${folder} is in use: if you know that nothing writes there any more, delete`,
  )
  expect(withoutLocks(readdirSync(folder))).toEqual([])
})

test('a lock that cannot be written is an error of the file', () => {
  const file = newPath('file')
  writeFileSync(file, '')
  expect(() => Lock.ofFile(join(file, 'rows.jsonl'))).toThrow(`${file} is not a folder`)
  expect(() => Lock.ofFile('/nowhere/rows.jsonl')).toThrow(
    'cannot write /nowhere/rows.jsonl: there is no folder /nowhere',
  )
})
