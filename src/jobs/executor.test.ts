/** What every executor keeps to, held against the calling thread and against threads. */
import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../base/errors.ts'
import { type TestJob, type TestSetup, registry, testTask } from '../node/threads.testing.ts'
import { threads } from '../node/threads.ts'
import { type Crew, collect, inOrder } from './executor.ts'
import { inline } from './inline.ts'

const crews: Crew<TestJob, unknown>[] = []
afterEach(async () => {
  await Promise.all(crews.splice(0).map((crew) => crew.close()))
})

const executors = {
  'the calling thread': inline,
  'one thread': threads(1, registry),
  'two threads': threads(2, registry),
}

describe.each(Object.entries(executors))('%s', (_, executor) => {
  const open = (setup: TestSetup = {}) => {
    const crew = executor.start(testTask, setup)
    crews.push(crew)
    return crew
  }
  const counter = () => new Int32Array(new SharedArrayBuffer(4))
  const squares = (count: number) => Array.from({ length: count }, (_, i) => i * i)
  const thrownBy = (job: TestJob, parts = 6, crew = open()) =>
    collect(crew.run(job, parts)).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    )

  it('does every part once, whoever takes it', async () => {
    const begun = counter()
    expect(await collect(open({ offset: 5 }).run({ kind: 'square', begun }, 100))).toEqual(
      squares(100).map((square) => square + 5),
    )
    expect(begun[0]).toBe(100)
  })

  it('gives parts in their order to those who want that', async () => {
    const results = []
    for await (const result of inOrder(open().run({ kind: 'late' }, 6))) results.push(result)
    expect(results).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('runs jobs with no parts, with few, and one after the other', async () => {
    const crew = open()
    for (let i = 0; i < 12; i++) expect(await collect(crew.run({ kind: 'square' }, i % 4))).toEqual(squares(i % 4))
  })

  it('begins when results are asked for, and does one job at a time', async () => {
    const crew = open()
    const begun = counter()
    crew.run({ kind: 'square', begun }, 3)
    const first = collect(crew.run({ kind: 'wait', wait: 20 }, 1))
    await expect(collect(crew.run({ kind: 'square' }, 1))).rejects.toThrow('a job is running already')
    expect(await first).toEqual(['waited 0'])
    expect(begun[0]).toBe(0)
  })

  it('ends a job when nobody asks for more, and does the next as a whole', async () => {
    const crew = open()
    const begun = counter()
    for await (const { result } of crew.run({ kind: 'wait', wait: 5, begun }, 100)) {
      expect(result).toMatch(/waited/)
      break
    }
    expect(await collect(crew.run({ kind: 'square' }, 20))).toEqual(squares(20))
    expect(begun[0]).toBeLessThan(20)
  })

  it('keeps class, message, stack and cause of what a part throws', async () => {
    const error = (await thrownBy({ kind: 'throw', part: 3 })) as RangeError
    expect(error).toBeInstanceOf(RangeError)
    expect(error).not.toBeInstanceOf(UserError)
    expect(error.message).toBe('part 3 failed')
    expect(error.stack).toContain('threads.testing')
    expect(error.cause).toBeInstanceOf(TypeError)
    expect(error.cause).toMatchObject({ message: 'why', cause: 'what was there' })
  })

  it('keeps a UserError one, with its code', async () => {
    const error = await thrownBy({ kind: 'throw a user error', part: 0 })
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ message: 'part 0 was given nonsense', code: 'nonsense' })
  })

  it('can run other jobs, whole ones, after a part has failed', async () => {
    const crew = open()
    // part 1 may still be at work when the next job begins, and ends in the middle of it
    await thrownBy({ kind: 'throw', part: 0, wait: 30 }, 100, crew)
    expect(await collect(crew.run({ kind: 'square' }, 20))).toEqual(squares(20))
  })

  it('tells the first job why it could not be prepared', async () => {
    const error = await thrownBy({ kind: 'square' }, 1, open({ failStart: true }))
    expect(error).toBeInstanceOf(UserError)
    expect(error).toHaveProperty('message', 'this worker cannot start')
  })

  it('ends a running job when it is closed, and runs none afterwards', async () => {
    const crew = open()
    const running = expect(collect(crew.run({ kind: 'ask the signal' }, 1))).rejects.toThrow('the crew is closed')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await crew.close()
    await running
    await expect(collect(crew.run({ kind: 'square' }, 1))).rejects.toThrow('the crew is closed')
    await crew.close()
  })

  describe('after an abort', () => {
    const reason = new Error('enough')

    it('before a job: does no part', async () => {
      const begun = counter()
      const crew = open()
      await expect(collect(crew.run({ kind: 'square', begun }, 3, AbortSignal.abort(reason)))).rejects.toBe(reason)
      await expect(collect(crew.run({ kind: 'square' }, 1))).rejects.toBe(reason)
      expect(begun[0]).toBe(0)
    })

    it.each(['ask the signal', 'wait'])('during a part that would %s: throws the reason at once', async (kind) => {
      const stop = new AbortController()
      const started = performance.now()
      setTimeout(() => stop.abort(reason), 30)
      await expect(collect(open().run({ kind, wait: 2000 }, 3, stop.signal))).rejects.toBe(reason)
      expect(performance.now() - started).toBeLessThan(1500)
    })

    it('between parts: gives no more of them', async () => {
      const stop = new AbortController()
      const seen: number[] = []
      const take = async () => {
        for await (const { part } of open().run({ kind: 'square' }, 9, stop.signal)) {
          seen.push(part)
          stop.abort(reason)
        }
      }
      await expect(take()).rejects.toBe(reason)
      expect(seen).toHaveLength(1)
    })

    it('when the job has ended: is as before', async () => {
      const stop = new AbortController()
      const crew = open()
      expect(await collect(crew.run({ kind: 'square' }, 3, stop.signal))).toEqual([0, 1, 4])
      stop.abort(reason)
      expect(await collect(crew.run({ kind: 'square' }, 3))).toEqual([0, 1, 4])
    })
  })
})
