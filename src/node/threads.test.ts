import { setFlagsFromString } from 'node:v8'
import { describe, expect, it, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { collect } from '../jobs/executor.ts'
import { type TestJob, registry, testTask } from './threads.testing.ts'
import { threads } from './threads.ts'

const open = (size: number) => threads(size, registry).start(testTask, {})

describe('a thread that dies', () => {
  const dies = async (job: TestJob, message: RegExp) => {
    const crew = open(2)
    const error = await collect(crew.run(job, 4)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain('\n')
    // and for good: nothing hangs afterwards
    await expect(collect(crew.run({ kind: 'square' }, 1))).rejects.toThrow(message)
    await crew.close()
  }

  it('by exiting ends the job with a clear error', () =>
    dies({ kind: 'exit', part: 1, wait: 20 }, /^a worker stopped unexpectedly \(exit code 7\)$/))
  it('by an uncaught error ends the job with its message', () =>
    dies({ kind: 'throw later', part: 1 }, /^a worker failed: thrown behind the back of the part$/))
  it('by a rejection that nobody awaits ends the job with its message', () =>
    dies({ kind: 'reject later', part: 1 }, /^a worker failed: nobody awaits this$/))
  it('of too little memory says so', async () => {
    setFlagsFromString('--max-old-space-size=40')
    // what a large young generation promotes at once may be more than Node leaves beyond the limit, and V8 would abort
    setFlagsFromString('--max-semi-space-size=1')
    try {
      await dies({ kind: 'exhaust', part: 1 }, /^a worker failed: ran out of memory: use fewer workers$/)
    } finally {
      setFlagsFromString('--max-old-space-size=4096')
      setFlagsFromString('--max-semi-space-size=16')
    }
  })
})

test('an abort stops threads that hear nothing', async () => {
  const crew = open(2)
  const signal = AbortSignal.timeout(200)
  const started = performance.now()
  await expect(collect(crew.run({ kind: 'spin' }, 4, signal))).rejects.toHaveProperty('name', 'TimeoutError')
  await crew.close()
  expect(performance.now() - started).toBeLessThan(5000)
})

test('a result that cannot be sent is an error', async () => {
  const crew = open(1)
  await expect(collect(crew.run({ kind: 'uncloneable' }, 1))).rejects.toThrow(/could not be cloned/)
  await crew.close()
})

test('no more threads are started than are of use, and none for a task that nobody knows', () => {
  expect(() => threads(2).start(testTask, {})).toThrow(/the task 'test' is not in .*registry/)
  for (const workers of [0, 1.5, 257, NaN]) {
    expect(() => threads(workers)).toThrow(UserError)
    expect(() => threads(workers)).toThrow(/^the number of workers must be a whole number from 1 to 256, not /)
  }
})

test('a crew is no larger than it has to be', async () => {
  const crew = threads(3, registry).start(testTask, {}, 2)
  expect(crew.size).toBe(2)
  await crew.close()
})
