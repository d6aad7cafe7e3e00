import { expect, test } from 'vitest'
import { Frontier } from './frontier.ts'
import type { SubProblem } from './sub-problems.ts'

const problem = (bound: number): SubProblem => ({
  ...{
    row: 0,
    phases: new Int8Array(0),
    variables: new Float32Array(0),
    bound,
    next: -1,
    scale: 0,
    stalled: 0,
    cell: undefined,
  },
})
const done = (bounds: readonly number[], least = Infinity, leastLeft = Infinity) => ({
  ...{ open: bounds.map(problem), least, leastLeft, count: 1 },
})
const boundsOf = (shares: readonly (readonly SubProblem[])[]) => shares.map((share) => share.map(({ bound }) => bound))

test('nothing is lost: what is not dealt out stays, and what comes back is added', () => {
  const frontier = new Frontier()
  const bounds = Array.from({ length: 3000 }, (_, i) => -((7 * i) % 3000) - 1)
  frontier.take([done(bounds)])
  const first = frontier.deal(2)
  expect(first.map((share) => share.length)).toEqual([512, 512])
  expect(Math.max(...boundsOf(first).flat())).toBe(-3000 + 1023)
  expect([frontier.size, frontier.worst]).toEqual([3000 - 1024, -3000 + 1024])
  // one share comes back as it was, one is closed
  frontier.take([done(boundsOf(first)[0]), done([], 0.5)])
  expect([frontier.size, frontier.worst, frontier.bound, frontier.count]).toEqual([3000 - 512, -3000, -3000, 3])
  const all: number[] = []
  while (frontier.size > 0) all.push(...boundsOf(frontier.deal(3)).flat())
  expect(all.toSorted((a, b) => a - b)).toEqual(
    [...bounds.filter((bound) => bound >= -3000 + 1024), ...boundsOf(first)[0]].toSorted((a, b) => a - b),
  )
})

test('few sub-problems go to as many workers', () => {
  const frontier = new Frontier()
  frontier.take([done([-1, -3, -2])])
  expect(boundsOf(frontier.deal(2))).toEqual([[-3, -1], [-2]])
  frontier.take([done([-1])])
  expect(boundsOf(frontier.deal(2))).toEqual([[-1]])
  expect(frontier.deal(2)).toEqual([])
})

test('the bound is the least of what was closed, what cannot be settled and what is open, of all workers', () => {
  const frontier = new Frontier()
  frontier.take([done([-1], 0.3), done([-5, -2], 0.2)])
  expect([frontier.bound, frontier.worst]).toEqual([-5, -5])
  frontier.deal(2)
  frontier.take([done([], 0.1), done([], 0.4)])
  expect(frontier.conclude()).toEqual({ verdict: 'robust', margin: 0.1 })
  frontier.take([done([], 1, -1e-9), done([], 1, -2e-10)])
  expect(frontier.conclude()).toEqual({ verdict: 'undecided', bound: -1e-9, reason: 'precision' })
})
