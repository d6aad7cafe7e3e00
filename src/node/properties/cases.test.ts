/** Properties that once were refused or answered wrong, with the networks they were asked about. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { verifyQuestion } from '../../ladder/verify-question.ts'
import { loadAnyNetwork } from '../any-network.ts'
import { checkProperty, parseVnnlib } from '../../formats/vnnlib/property.ts'
import type { Graph } from '../../model/graph.ts'
import { verifyProperty } from '../../ladder/verify-property.ts'

/** Two inputs, hidden ReLUs, and two outputs that stay above −3 over [−1, 1]². */
const { graph: network } = loadAnyNetwork(fileURLToPath(new URL('./cases/net.onnx', import.meta.url)))
/** y = relu(x) */
const relu: Graph = { name: 'relu', inputShape: [1], nodes: [{ kind: 'relu', value: 0 }] }
const options = { timeout: 20, seed: 0 }

async function answer(graph: Graph, text: string) {
  const property = parseVnnlib(text, 'case.vnnlib')
  checkProperty(graph, property)
  return verifyProperty(graph, property, verifyQuestion, options)
}

const box = ['(>= X_0 -1)', '(<= X_0 1)', '(>= X_1 -1)', '(<= X_1 1)'].map((each) => `(assert ${each})\n`).join('')
const declared = ['X_0', 'X_1', 'Y_0', 'Y_1'].map((name) => `(declare-const ${name} Real)\n`).join('')
const boxed = declared + box
const disjunction = '(assert (or ; unsafe cases\r (and (<= Y_0 Y_1))\n (and (>= Y_0 100.0))\n))'
const version2 = `(vnnlib-version <2.0>)
(declare-network N
 (declare-input X Real [1,2])
 (declare-output Y Real [1,2])
)
${box.replace(/X_(\d)/g, 'X[0,$1]')}(assert (<= Y[0,0] -3.0))`

test.each([
  ['a comment that a lone CR ends', `${boxed}${disjunction}`, 'sat'],
  ['an assertion behind it', `${boxed}; comment\r(assert (<= Y_0 -3))`, 'unsat'],
  ['all lines end in CR', `; first\n${boxed}; comment\n(assert (<= Y_0 -3))\n`.replaceAll('\n', '\r'), 'unsat'],
  ['inputs and outputs in one comparison', `${boxed}(assert (<= (+ Y_0 X_0) -3))`, 'unsat'],
  ['an input against an input', `${boxed}(assert (<= X_0 X_1))(assert (<= Y_0 -3))`, 'unsat'],
  ['and of nothing', `${boxed}(assert (and))`, 'sat'],
  ['or of nothing', `${boxed}(assert (or))`, 'unsat'],
  ['true', `${boxed}(assert true)`, 'sat'],
  ['false', `${boxed}(assert false)`, 'unsat'],
  ['a huge bound', `${boxed}(assert (<= Y_0 -1e300))`, 'unsat'],
  ['a huge bound that holds', `${boxed}(assert (<= Y_0 1e300))`, 'sat'],
  ['implication', `${boxed}(assert (=> (<= X_0 0) (<= Y_0 -3)))`, 'sat'],
  ['negation', `${boxed}(assert (not (>= Y_0 -3)))`, 'unsat'],
  ['let', `${boxed}(assert (let ((a (- Y_0 Y_1))) (<= a -3)))`, 'unsat'],
  ['a quoted symbol', `(set-info :source |made by (me) ; here|)\n${boxed}(assert (<= Y_0 -3))`, 'unsat'],
  ['a string', `(set-info :source "a ""(quoted"" ; word")\n${boxed}(assert (<= Y_0 -3))`, 'unsat'],
  ['set-info', `(set-info :status unsat)(set-logic QF_LRA)\n${boxed}(assert (<= Y_0 -3))(check-sat)`, 'unsat'],
  ['set-option', `(set-option :produce-models true)\n${boxed}(assert (<= Y_0 -3))(get-value (X_0 X_1))`, 'unsat'],
  [
    'scaled inputs',
    `${declared}(assert (<= (* 2 X_0) 1))(assert (>= (* 2.0 X_0) -1))(assert (<= -1 X_1 1))(assert (<= Y_0 -3))`,
    'unsat',
  ],
  ['version 2.0', version2, 'unsat'],
] as const)('%s', async (_, text, verdict) => expect((await answer(network, text)).verdict).toBe(verdict))

const unit = '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 0))(assert (<= X_0 1))'

test.each([
  // strict comparisons: the border is none
  ['(> Y_0 1.0)', 'unsat'],
  ['(>= Y_0 1.0)', 'sat'],
  ['(< Y_0 0)', 'unsat'],
  ['(<= Y_0 0)', 'sat'],
  ['(and (< 1 X_0) (< X_0 1))', 'unsat'],
  ['(and (< X_0 0.5) (>= X_0 0.5))', 'unsat'],
  ['(not (or (<= Y_0 1) (>= X_0 0)))', 'unsat'],
  // numbers that cancel: 0.1, not 0.0999756
  ['(< Y_0 (- (- 1000000000000.1 1000000000000.0) 0.1))', 'unsat'],
  ['(<= Y_0 (- (- 1000000000000.1 1000000000000.0) 0.1))', 'sat'],
  ['(and (<= X_0 0.0999999) (>= Y_0 (- 1000000000000.1 1000000000000.0)))', 'unsat'],
  ['(and (>= X_0 0.09998) (<= Y_0 (- 1000000000000.1 1000000000000.0)))', 'sat'],
  // 0.1 + 0.2 > 0.3 in float64 only
  ['(and (= X_0 0.5) (> (+ 0.1 0.2) 0.3))', 'unsat'],
  // inputs that float64 cannot hold
  ['(= X_0 0.1)', 'sat'],
  ['(and (> X_0 0.1) (< X_0 0.10000000000000001))', 'unknown'],
  // inputs and outputs
  ['(>= (- Y_0 X_0) 0)', 'sat'],
  ['(and (>= (+ Y_0 X_0) 1.9) (<= X_0 0.9))', 'unsat'],
  ['(and (>= (+ Y_0 (* 0.5 X_0)) 1.2) (<= X_0 0.9))', 'sat'],
])('y = relu(x) over [0, 1]: %s', async (formula, verdict) => {
  const result = await answer(relu, `${unit}(assert ${formula})`)
  expect(result.verdict).toBe(verdict)
  expect(result.counterexample?.outputs.length ?? 1).toBe(1)
})

test('a border that cannot be reached from within is not sat', async () => {
  expect((await answer(relu, `${unit}(assert (> (- Y_0 X_0) 0))`)).verdict).not.toBe('sat')
})

test('inputs are no outputs of a softmax', async () => {
  const graph: Graph = { name: 'softmax', inputShape: [2], nodes: [{ kind: 'relu', value: 0 }], ending: 'softmax' }
  const { verdict, counterexample } = await answer(graph, `${boxed}(assert (< Y_0 Y_1))`)
  expect(verdict).toBe('sat')
  expect(counterexample!.outputs[0] + counterexample!.outputs[1]).toBeCloseTo(1, 12)
  for (const wrong of ['(<= Y_0 X_1)', '(<= Y_0 0.5)']) {
    await expect(answer(graph, `${boxed}(assert ${wrong})`), wrong).rejects.toThrow('ends in a softmax')
  }
})

test.each([
  // "and" in a tiny network
  ['conjunctions', 'range', 'unsat'],
  ['conjunctions', 'nested', 'unsat'],
  // Flatten counts a negative axis from the rank
  ['flatten', 'flatten', 'sat'],
  ['flatten-last', 'flatten-last', 'unsat'],
] as const)('%s.onnx, %s.vnnlib', async (name, property, verdict) => {
  const file = (given: string) => fileURLToPath(new URL(`./cases/${given}`, import.meta.url))
  const { graph } = loadAnyNetwork(file(`${name}.onnx`))
  expect((await answer(graph, readFileSync(file(`${property}.vnnlib`), 'utf8'))).verdict).toBe(verdict)
})
