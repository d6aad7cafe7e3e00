import { expect, test } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import type { CompleteMethod, CompleteResult } from '../../region/question.ts'
import { takeTurns } from './turns.ts'

const timeout = (bound: number): CompleteResult => ({ verdict: 'undecided', bound, reason: 'timeout' })
const robust: CompleteResult = { verdict: 'robust', margin: 1 }

/** Answers in turn, and notes how long each turn could have been. */
function scripted(method: CompleteMethod, log: [CompleteMethod, number][], answers: readonly CompleteResult[]) {
  let next = 0
  const run = async (deadline: Deadline) => {
    log.push([method, deadline.left()])
    return answers[next++]
  }
  return { method, search: { run, close: async () => {} } }
}
const inAMinute = () => Deadline.in(60_000)

test('turns double, and the first to decide wins', async () => {
  const log: [CompleteMethod, number][] = []
  const bab = scripted('bab', log, [timeout(-3), timeout(-2), timeout(-2)])
  const milp = scripted('milp', log, [timeout(-4), timeout(-4), robust])
  expect(await takeTurns([bab, milp], inAMinute())).toEqual({ result: robust, method: 'milp' })
  expect(log.map(([method]) => method)).toEqual(['bab', 'milp', 'bab', 'milp', 'bab', 'milp'])
  for (const [i, most] of [200, 200, 400, 400, 800, 800].entries()) {
    expect(log[i][1]).toBeLessThanOrEqual(most + 1e-6)
    expect(log[i][1]).toBeGreaterThan(most / 2)
  }
})

test('who gives up has no more turns, and who is alone has all the time', async () => {
  const log: [CompleteMethod, number][] = []
  const bab = scripted('bab', log, [{ verdict: 'undecided', bound: -1, reason: 'memory' }])
  const milp = scripted('milp', log, [timeout(-5), robust])
  expect(await takeTurns([bab, milp], inAMinute())).toEqual({ result: robust, method: 'milp' })
  expect(log.map(([method]) => method)).toEqual(['bab', 'milp', 'milp'].slice(0, log.length))
  expect(log.at(-1)![1]).toBeGreaterThan(50_000)
})

test('nobody decides: the best bound, and why the last one stopped', async () => {
  const precision = { verdict: 'undecided', bound: -1e-9, reason: 'precision' } as const
  const both = [
    scripted('bab', [], [{ verdict: 'undecided', bound: -1, reason: 'memory' }]),
    scripted('milp', [], [precision]),
  ]
  expect(await takeTurns(both, inAMinute())).toMatchObject({ result: precision })
  const late = [scripted('bab', [], [timeout(-1)]), scripted('milp', [], [timeout(-2)])]
  expect(await takeTurns(late, Deadline.in(-1))).toMatchObject({ result: timeout(-1) })
})
