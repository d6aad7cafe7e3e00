/** Time limits, and signals, on a question that nothing decides soon. */
import { inline } from '../jobs/inline.ts'
import { threads } from '../node/threads.ts'
import { expect, test } from 'vitest'
import { type ClimbOutcome, climb } from './climb.ts'
import { type Outcome, completeMethods } from '../region/question.ts'
import { hardQuestion } from './hard-question.testing.ts'
import { verifyQuestion } from './verify-question.ts'

const { graph, question } = hardQuestion()

function expectTimeout(outcome: Outcome | ClimbOutcome, started: number, timeout: number): void {
  const seconds = (performance.now() - started) / 1000
  expect(outcome).toMatchObject({ verdict: 'undecided', reason: 'timeout' })
  expect(seconds).toBeLessThan(1.1 * timeout + 1)
}

const wholeLadder = { steps: ['crown', 'alpha', 'complete'] } as const

test.each(completeMethods)('%s stops in time, in one thread and on workers', async (complete) => {
  let started = performance.now()
  const { outcome } = await climb(graph, question, { ...wholeLadder, search: complete, timeout: 1 })
  expectTimeout(outcome, started, 1)
  expect((outcome as { bound: number }).bound).toBeGreaterThan(-Infinity)
  started = performance.now()
  expectTimeout(
    await verifyQuestion(graph, question, { timeout: 1, executor: threads(2), seed: 1, complete }),
    started,
    1,
  )
})

test('a limit that nothing can keep is kept as well as can be', async () => {
  const started = performance.now()
  expectTimeout((await climb(graph, question, { ...wholeLadder, search: 'bab', timeout: 1e-6 })).outcome, started, 0)
})

const executors = { 'the calling thread': inline, threads: threads(2) }
const ways = Object.entries(executors).flatMap(([name, executor]) =>
  completeMethods.map((complete) => ({ name, executor, complete })),
)

test.each(ways)('$complete in $name ends soon after an abort, with its reason', async ({ executor, complete }) => {
  const stop = new AbortController()
  const reason = new Error('enough')
  // when branch and bound has begun its rounds
  setTimeout(() => stop.abort(reason), 500)
  const started = performance.now()
  const options = { timeout: 60, seed: 1, complete, executor, signal: stop.signal }
  await expect(verifyQuestion(graph, question, options)).rejects.toBe(reason)
  expect(performance.now() - started).toBeLessThan(5000)
})

test('so does the ladder for one question, and one that is aborted before it begins', async () => {
  const signal = AbortSignal.timeout(200)
  const ended = climb(graph, question, { ...wholeLadder, search: 'bab', timeout: 60, signal })
  await expect(ended).rejects.toHaveProperty('name', 'TimeoutError')
  const reason = new Error('enough')
  const options = { timeout: 60, seed: 1, signal: AbortSignal.abort(reason) }
  await expect(verifyQuestion(graph, question, options)).rejects.toBe(reason)
})
