/** Time limits, on a network that nothing decides soon: random weights and a wide box. */
import { threads } from '../node/threads.ts'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { type Graph, evaluateGraph, graphOf } from '../model/graph.ts'
import { initialise } from '../model/initialise.ts'
import { type ClimbOutcome, climb } from './climb.ts'
import { completeMethods, type Outcome, type Question } from '../region/question.ts'
import { classificationQuestion } from '../region/image-question.ts'
import { verifyQuestion } from './verify-question.ts'

const INPUTS = 24

/** Two classes, and a box in which no attack finds the other one, while relaxations are far from a proof. */
function hardQuestion(): { graph: Graph; question: Question } {
  const layers = [80, 80, 80, 80].flatMap((outFeatures) => [
    { kind: 'linear', outFeatures } as const,
    { kind: 'relu' } as const,
  ])
  const graph = graphOf(
    initialise(
      {
        name: 'hard',
        input: { channels: INPUTS, height: 1, width: 1 },
        layers: [...layers, { kind: 'linear', outFeatures: 2 }],
      },
      1,
    ),
  )
  const lower = new Float64Array(INPUTS).fill(-1)
  const upper = new Float64Array(INPUTS).fill(1)
  const question = classificationQuestion({ lower, upper }, 0, 2)
  const random = new Random(1, 'hard')
  const margins = Array.from({ length: 2000 }, () => {
    const [a, b] = evaluateGraph(
      graph,
      lower.map((l, i) => random.between(l, upper[i])),
    ).at(-1)! as unknown as number[]
    return a! - b!
  })
  // four times as far as samples reach: hardly reached by anything, and not soon proved
  const middle = margins.reduce((sum, margin) => sum + margin, 0) / margins.length
  const bound = middle - 4 * (middle - Math.min(...margins))
  return { graph, question: { ...question, unsafe: [[{ ...question.unsafe[0][0], bound }]] } }
}

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
