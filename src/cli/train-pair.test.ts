/** `train --parallel-pair`: f and g at the same time, killed, interrupted and failing. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type Outcome, finished, robustra, start, tiny } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

// Several whole runs, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const train = (out: string) => ['train', '--out', out, ...tiny, '--epochs', '3', '--parallel-pair']
const resume = (name: string) => robustra('train', '--resume', '--out', at(name), ...tiny, '--parallel-pair')

/** Waits for the first checkpoint of the run, perhaps only one learner's. */
async function checkpointIn(name: string): Promise<void> {
  const files = ['f.checkpoint', 'g.checkpoint', 'checkpoint'].map((file) => at(`${name}/${file}.safetensors`))
  while (!files.some((file) => existsSync(file))) await sleep(10)
}

let whole: Outcome
test('shows both networks, and ends as any training does', async () => {
  whole = await robustra(...train(at('whole')))
  expect([whole.code, whole.signal]).toEqual([0, null])
  expect(whole.stdout).toMatch(/^f +[\d.]+ % .*\ng +[\d.]+ % .*\n.*\nbest of all: /m)
  const rows = whole.stderr.split('\n').filter((line) => / loss .* s in all$/.test(line))
  expect(rows.map((line) => line.slice(0, 5))).toEqual(['1/3 f', '1/3 g', '2/3 f', '2/3 g', '3/3 f', '3/3 g'])
  expect(readFileSync(at('whole/curves.svg'), 'utf8')).toContain('g certified')
  expect(JSON.parse(readFileSync(at('whole/config.json'), 'utf8'))).toMatchObject({ parallelPair: true })
})

test('after kill -9 nothing is left running, and --resume ends with the weights of an unbroken run', async () => {
  const child = start(train(at('killed')))
  // A process that it had left behind would keep stderr open.
  const killed = finished(child)
  await checkpointIn('killed')
  child.kill('SIGKILL')
  expect(await killed).toMatchObject({ signal: 'SIGKILL', stderr: expect.not.stringContaining('Error') })

  expect(await resume('killed')).toMatchObject({ code: 0 })
  for (const file of ['f.safetensors', 'g.safetensors', 'best.safetensors']) {
    expect(readFileSync(at(`killed/${file}`)).equals(readFileSync(at(`whole/${file}`)))).toBe(true)
  }
})

test('Ctrl-C, which a terminal sends to the whole process group, is one line', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, ...train(at('stopped'))], {
    ...{ detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  const stopped = finished(child)
  await checkpointIn('stopped')
  process.kill(-child.pid!, 'SIGINT')
  const { code, stderr } = await stopped
  expect(code).toBe(130)
  expect(stderr.split('\n').at(-2)).toMatch(/^robustra: stopped\. Continue with: .* train --resume --out .*stopped$/)
  expect(stderr).not.toContain('ended')
})

test('an error of one network is one line and exit code 2', async () => {
  const diverging = ['--optimiser', 'sgd', '--learning-rate', '1e38', '--weight-decay', '1']
  const { code, stdout, stderr } = await robustra(...train(at('diverging')), ...diverging)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^robustra: the loss of [fg] is not finite in epoch 1, step \d: .*clip gradients$/,
  )
})

test('is refused for one network, and for a run that was started without it', async () => {
  const { code, stderr } = await robustra(...train(at('natural')), '--method', 'natural')
  expect([code, existsSync(at('natural'))]).toEqual([2, false])
  expect(stderr).toMatch(/^robustra: parallelPair is for method robustra.*\n$/)
  const args = ['--epochs', '1', '--method', 'natural']
  expect((await robustra('train', '--out', at('one'), ...tiny, ...args)).code).toBe(0)
  const other = await resume('one')
  expect(other.code).toBe(2)
  expect(other.stderr).toMatch(/^robustra: .*parallel.*\n$/)
})
