import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../base/errors.ts'
import { WorkerPool, scriptBeside } from './threads.ts'

const script = scriptBeside(import.meta.url, './thread.testing')
const pools: WorkerPool[] = []
const open = (size: number, data: unknown = { offset: 0 }) => {
  const pool = new WorkerPool(script, size, data)
  pools.push(pool)
  return pool
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

describe('a pool', () => {
  it('gives results by task, whichever worker took it and in whatever order they came', async () => {
    const pool = open(2, { offset: 5 })
    expect(await pool.run('square', undefined, 100)).toEqual(Array.from({ length: 100 }, (_, i) => i * i + 5))
    const arrived: number[] = []
    expect(await pool.run<number>('late', undefined, 8, (task) => arrived.push(task))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(arrived.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('runs jobs with no tasks, with fewer tasks than workers, and one after the other', async () => {
    const pool = open(3)
    expect(await pool.run('square', undefined, 0)).toEqual([])
    for (let i = 1; i < 20; i++) expect(await pool.run('square', undefined, 1 + (i % 3))).toHaveLength(1 + (i % 3))
  })

  it('refuses a second job at the same time', async () => {
    const pool = open(1)
    const first = pool.run('wait', { wait: 20 }, 1)
    await expect(pool.run('square', undefined, 1)).rejects.toThrow('a job is running already')
    expect(await first).toEqual(['waited 0'])
  })

  it('is of no use once it is closed', async () => {
    const pool = open(1)
    await pool.close()
    await expect(pool.run('square', undefined, 1)).rejects.toThrow('the pool is closed')
  })

  it('ends a running job when it is closed', async () => {
    const pool = open(1)
    const running = expect(pool.run('wait', { wait: 60_000 }, 1)).rejects.toThrow()
    await pool.close()
    await running
  })
})

describe('an error in a task', () => {
  it('reaches the caller with its message and stack', async () => {
    const error = await open(2)
      .run('throw', { task: 3 }, 6)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(UserError)
    expect((error as Error).message).toBe('task 3 failed')
    expect((error as Error).stack).toContain('thread.testing')
  })

  it('stays a UserError if it was one', async () => {
    const error = await open(2)
      .run('throw a user error', { task: 0 }, 4)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toBe('task 0 was given nonsense')
  })

  it('is told also if a result cannot be sent', async () => {
    await expect(open(1).run('uncloneable', undefined, 1)).rejects.toThrow(/could not be cloned/)
  })

  it('leaves a pool that can run other jobs, whole ones', async () => {
    const pool = open(2)
    // task 1 is still at work in the other worker when the next job begins, and ends in the middle of it
    await expect(pool.run('throw', { task: 0, wait: 30 }, 100)).rejects.toThrow('task 0 failed')
    const expected = Array.from({ length: 20 }, (_, i) => `waited ${i}`)
    expect(await pool.run('wait', { wait: 10 }, 20)).toEqual(expected)
  })
})

describe('a worker that dies', () => {
  const dies = async (kind: string, message: RegExp) => {
    const pool = open(2)
    const error = await pool.run(kind, { task: 1 }, 4).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain('\n')
    // and for good: nothing hangs afterwards
    await expect(pool.run('square', undefined, 1)).rejects.toThrow(message)
  }

  it('by exiting ends the job with a clear error', () =>
    dies('exit', /^a worker stopped unexpectedly \(exit code 7\)$/))
  it('by an uncaught error ends the job with its message', () =>
    dies('throw later', /^a worker failed: thrown behind the back of the task$/))
  it('by a rejection that nobody awaits ends the job with its message', () =>
    dies('reject later', /^a worker failed: nobody awaits this$/))

  it('at its start ends the first job with the reason', async () => {
    const pool = open(2, { offset: 0, failStart: true })
    const error = await pool.run('square', undefined, 1).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(/this worker cannot start/)
  })

  it('because its script is missing ends the first job', async () => {
    const pool = new WorkerPool(new URL('./no-such-script.ts', import.meta.url), 1, {})
    pools.push(pool)
    await expect(pool.run('square', undefined, 1)).rejects.toThrow(/a worker failed: .*no-such-script/s)
  })
})
