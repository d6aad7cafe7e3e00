/** Runs that are killed, interrupted, or run out of disk. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { architectureNamed } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { saveAnyNetwork } from '../node/any-network.ts'
import { continued, finished, robustra, start, tiny } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

// Several whole runs, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const train = (out: string) => ['train', '--out', out, ...tiny, '--epochs', '3']

async function exists(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(10)
}

test('after kill -9, --resume ends with the weights of a run that was never stopped', async () => {
  const whole = robustra(...train(at('whole')))
  const child = start(train(at('killed')))
  const killed = finished(child)
  await exists(at('killed/checkpoint.safetensors'))
  child.kill('SIGKILL')
  expect((await killed).signal).toBe('SIGKILL')
  expect(readFileSync(at('killed/log.jsonl'), 'utf8').trimEnd().split('\n').length).toBeLessThan(6)

  expect((await robustra('train', '--resume', '--out', at('killed'), '--workers', '1')).code).toBe(0)
  expect((await whole).code).toBe(0)
  for (const file of ['f.safetensors', 'g.safetensors', 'best.safetensors']) {
    expect(readFileSync(at(`killed/${file}`)).equals(readFileSync(at(`whole/${file}`)))).toBe(true)
  }
})

test('Ctrl-C stops at once with exit code 130 and says how to go on', async () => {
  const child = start(train(at('stopped')))
  const stopped = finished(child)
  await exists(at('stopped/config.json'))
  await sleep(200)
  child.kill('SIGINT')
  const outcome = await stopped
  expect(outcome.code).toBe(130)
  expect(outcome.stderr).toMatch(/\nrobustra: stopped\. Continue with: .* train --resume --out .*stopped\n$/)
  expect((await continued(outcome)).code).toBe(0)
})

test('Ctrl-C in certify keeps the rows that are done, and --resume does the rest', async () => {
  const network = at('digits.safetensors')
  saveAnyNetwork(network, initialise(architectureNamed('mnist-small'), 1))
  const out = at('rows of today.jsonl')
  const flags = ['certify', network, '--epsilon', '0.05', '--method', 'alpha', '--first', '100', '--workers', '2']
  const child = start([...flags, '--out', out])
  const stopped = finished(child)
  await exists(out)
  const second = await robustra(...flags, '--out', out, '--resume')
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining(`is in use by process ${child.pid}, since`)])
  while (readFileSync(out, 'utf8').split('\n').length < 3) await sleep(10)
  child.kill('SIGINT')
  const outcome = await stopped
  expect([outcome.code, existsSync(`${out}.lock`)]).toEqual([130, false])
  const rows = readFileSync(out, 'utf8')
  expect((await continued(outcome)).code).toBe(0)
  const all = readFileSync(out, 'utf8')
  expect(all.startsWith(rows.slice(0, rows.lastIndexOf('\n') + 1))).toBe(true)
  expect(all.trimEnd().split('\n')).toHaveLength(101)
})

test('a command that has written nothing promises nothing, whenever it is stopped', async () => {
  const network = at('waiting.safetensors')
  saveAnyNetwork(network, initialise(architectureNamed('mnist-small'), 1))
  const certify = ['certify', network, '--epsilon', '0.1', '--method', 'alpha', '--workers', '1']
  await Promise.all(
    [0, 300, 2000].map(async (wait) => {
      const child = start(certify)
      const stopped = finished(child)
      await sleep(wait)
      child.kill('SIGTERM')
      const { code, signal, stdout, stderr } = await stopped
      expect(code ?? signal).toBe(signal ?? 143)
      expect([stdout, stderr.replace('\nrobustra: stopped. Nothing was written.\n', '')]).toEqual(['', ''])
    }),
  )
})

/** A disk of a few kilobytes; only root can have one. */
function mountTinyDisk(path: string): boolean {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('a full disk is one line, and leaves no half-written file', async ({ skip }) => {
  const disk = at('disk')
  if (!mountTinyDisk(disk)) skip('needs the right to mount')
  try {
    const { code, stderr } = await robustra(...train(join(disk, 'run')))
    expect(code).toBe(2)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^robustra: cannot write .*: no space left on the disk/)
    expect(
      readdirSync(join(disk, 'run')).filter((name) => name.endsWith('.safetensors') || name.endsWith('.tmp')),
    ).toEqual([])
  } finally {
    execFileSync('umount', [disk])
  }
})

test('a write that is cut short is an error, and the old file stays', async () => {
  // The largest file that the process may write, in blocks of 512 bytes (sh): the networks are larger.
  const main = new URL('./main.ts', import.meta.url).pathname
  const limited = ['-c', 'ulimit -f 400; exec "$0" "$@"', process.execPath, main, ...train(at('cut'))]
  const { spawn } = await import('node:child_process')
  const { code, stderr } = await finished(spawn('sh', limited, { stdio: ['ignore', 'pipe', 'pipe'] }))
  expect(code).toBe(2)
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^robustra: cannot write .*f\.safetensors: .*EFBIG/)
  expect(readdirSync(at('cut')).filter((name) => name.endsWith('.safetensors') || name.endsWith('.tmp'))).toEqual([])
})
