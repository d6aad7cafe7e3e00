import { threads } from '../threads.ts'
import { limitedTask, registry } from './limited-worker.testing.ts'
import { expect, test } from 'vitest'
import { epochNow } from './instance-files.ts'
import { LimitedDecider } from './limited.ts'

test('whatever a thread is at, the limit holds, and the next instance gets another', async () => {
  const decider = new LimitedDecider(() => threads(1, registry).start(limitedTask, undefined))
  const ask = (network: string, seconds: number) =>
    decider.decide({ network, property: '', end: epochNow() + 1000 * seconds, workers: 1, seed: 0 })
  expect(await ask('a', 60)).toMatchObject({ verdict: 'unsat', bound: 1 })
  // threads are used again
  expect(await ask('b', 60)).toMatchObject({ verdict: 'unsat', bound: 2 })
  const started = performance.now()
  expect(await ask('hang', 0.3)).toMatchObject({ verdict: 'timeout', reason: 'timeout' })
  expect(performance.now() - started).toBeGreaterThan(300)
  expect(performance.now() - started).toBeLessThan(3000)
  expect(await ask('c', 60)).toMatchObject({ verdict: 'unsat', bound: 1 })
  await expect(ask('refuse', 60)).rejects.toThrow(/^refused$/)
  await expect(ask('die', 60)).rejects.toThrow('a worker stopped unexpectedly')
  expect(await ask('d', 60)).toMatchObject({ verdict: 'unsat', bound: 1 })
  await decider.close()
})
