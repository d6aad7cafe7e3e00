/**
 * Random models of every operator that is imported, against ONNX Runtime: never may a shape or a number differ.
 * RANDOM_GRAPHS sets how many: `RANDOM_GRAPHS=10000 npx vitest run src/formats/onnx/random-graphs.test.ts`.
 */
import { expect, test } from 'vitest'
import { type Outcome, growGraph } from './random-graph.testing.ts'
import { generators } from './random-operators.testing.ts'

const COUNT = Number(process.env['RANDOM_GRAPHS'] ?? 2400)
/** The share of an operator's nodes that may be refused. */
const MOST_REFUSED = 0.4

test(`${COUNT} random models`, { timeout: 0 }, async () => {
  const outcome: Outcome = { tallies: {}, faults: [] }
  const names = Object.keys(generators)
  for (let seed = 0; seed < COUNT; seed++) await growGraph(generators, names[seed % names.length], seed, outcome)
  if (process.env['RANDOM_GRAPHS']) console.table(outcome.tallies)
  expect(outcome.faults.slice(0, 5).join('\n\n')).toBe('')
  for (const operator of Object.keys(generators)) {
    const { agreed, refused } = outcome.tallies[operator] ?? { agreed: 0, refused: 0 }
    expect(agreed, `${operator}: nodes that agree`).toBeGreaterThan(COUNT / 100)
    expect(refused / (agreed + refused), `${operator}: share that is refused`).toBeLessThan(MOST_REFUSED)
  }
})
