import { expect, test } from 'vitest'
import { collect } from './executor.ts'
import { inline } from './inline.ts'
import { task } from './task.ts'

/** Parts that keep the thread busy for some milliseconds. */
const busyTask = (log: string[]) =>
  task('busy', async () => ({
    prepare: async (milliseconds: number, atEnd: (free: () => void) => void) => {
      log.push('prepared')
      atEnd(() => log.push('freed'))
      return (_job: undefined, part: number) => {
        for (const end = performance.now() + milliseconds; performance.now() < end;);
        return part
      }
    },
  }))

test('others have their turn between parts', async () => {
  const crew = inline.start(busyTask([]), 30)
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await collect(crew.run(undefined, 6))
  clearInterval(timer)
  expect(turns).toBeGreaterThan(1)
  await crew.close()
})

test('a timer can end a job whose parts never wait', async () => {
  const crew = inline.start(busyTask([]), 10)
  const signal = AbortSignal.timeout(40)
  const started = performance.now()
  await expect(collect(crew.run(undefined, 1000, signal))).rejects.toHaveProperty('name', 'TimeoutError')
  expect(performance.now() - started).toBeLessThan(5000)
})

test('is prepared by its first job, and freed once: at its end, or by an abort', async () => {
  const log: string[] = []
  const crew = inline.start(busyTask(log), 0)
  expect(log).toEqual([])
  await collect(crew.run(undefined, 2))
  await collect(crew.run(undefined, 2))
  await crew.close()
  await crew.close()
  expect(log).toEqual(['prepared', 'freed'])

  const other = inline.start(busyTask(log), 0)
  await collect(other.run(undefined, 1))
  await expect(collect(other.run(undefined, 1, AbortSignal.abort()))).rejects.toThrow()
  await new Promise((resolve) => setTimeout(resolve))
  expect(log.slice(2)).toEqual(['prepared', 'freed'])
})
