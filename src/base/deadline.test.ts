import { expect, test } from 'vitest'
import { Deadline, TimeIsUp } from './deadline.ts'

test('a deadline is over when its time has come, and the earlier of two counts', () => {
  expect(Deadline.never.isOver()).toBe(false)
  const soon = Deadline.in(60_000)
  expect(soon.isOver()).toBe(false)
  soon.check()
  expect(soon.left()).toBeGreaterThan(50_000)
  expect(soon.orIn(Infinity).left()).toBeLessThanOrEqual(60_000)
  expect(soon.orIn(1000).left()).toBeLessThanOrEqual(1000)
  const over = soon.orIn(-1)
  expect(over.isOver()).toBe(true)
  expect(over.orIn(1000).isOver()).toBe(true)
  expect(() => over.check()).toThrow(TimeIsUp)
})

test('an abort ends the work with its own reason, in whatever deadline is made of this one', () => {
  const stop = new AbortController()
  const deadline = Deadline.in(60_000, stop.signal)
  const sooner = deadline.orIn(1000)
  sooner.check()
  stop.abort(new Error('enough'))
  for (const one of [deadline, sooner]) expect(() => one.isOver()).toThrow('enough')
})
