/**
 * The image itself, which the network may misclassify. Every certification begins with it.
 * Sound: yes, float64 decides what float32 is not sure of. Complete: no.
 */
import { classify } from '../../attacks/attack-images.ts'
import { examples, inPasses } from '../../attacks/inputs.ts'
import { judge } from '../../attacks/recheck.ts'
import { evaluateGraph } from '../../model/graph.ts'
import type { AnyNetworkStep, BatchSubject } from '../step.ts'

export const clean = {
  name: 'clean',
  title: 'the image itself',
  help: 'the image itself',
  meaning: 'misclassified',
  error: 'at least',
  verdicts: ['correct', 'misclassified'],
  report: {
    vulnerable: { label: 'misclassified', light: '#97281a', dark: '#f4a795' },
    column: { title: 'clean', note: 'Clean: misclassified.' },
  },
  works: 'batch',
  networks: 'any',
  run: (subject, indices) =>
    judgeAll(subject, indices).map(({ value: { margin, prediction, slack }, seconds }) => ({
      seconds,
      value: {
        ...{ margin, prediction, slack },
        // a margin that is no number is no right answer
        ...(margin > 0 ? { verdict: 'correct' } : { verdict: 'misclassified', settled: 'vulnerable' }),
      },
    })),
} as const satisfies AnyNetworkStep

function judgeAll(subject: BatchSubject, indices: readonly number[]) {
  if (!('graph' in subject)) return inPasses(indices, (pass) => classify(subject, pass))
  const { graph, dataset } = subject
  const judgeOne = (index: number) => {
    const { images, labels } = examples(dataset, [index])
    return { ...judge(evaluateGraph(graph, images[0]!).at(-1)!, labels[0]!), slack: 0 }
  }
  return inPasses(indices, (pass) => pass.map(judgeOne), 1)
}
