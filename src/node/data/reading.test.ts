import { expect, test } from 'vitest'
import { type ReadProgress, inTurns } from './reading.ts'

const wait = (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('every item in turn; long work says how far it is, and lets others have a turn', async () => {
  const seen: ReadProgress[] = []
  const done: string[] = []
  let others = 0
  const timer = setInterval(() => others++, 0)
  await inTurns(['a', 'b', 'c'], { what: 'reading x', onRead: (progress) => seen.push(progress) }, (item, i) => {
    done.push(`${i}${item}`)
    wait(60)
  })
  clearInterval(timer)
  expect(done).toEqual(['0a', '1b', '2c'])
  expect(seen).toEqual([1, 2, 3].map((count) => ({ what: 'reading x', done: count, total: 3 })))
  expect(others).toBeGreaterThan(0)
})

test('short work is not interrupted', async () => {
  let calls = 0
  await inTurns([1, 2], { what: '', onRead: () => calls++ }, () => {})
  expect(calls).toBe(0)
})
