/**
 * Projected gradient descent: an attack, which may find a counterexample. It comes after the bounds of the batch, since
 * it takes longest of them, and an image that is proved robust cannot be attacked.
 * Sound: yes, a point counts only if float64 misclassifies it, in the domain. Complete: no.
 * Source: Madry et al. 2018; attacks/gradient-attack.ts in the engine, attacks/graph-attack.ts on graphs.
 */
import { attackImages } from '../../attacks/attack-images.ts'
import { falsify } from '../../attacks/graph-attack.ts'
import { examples, inPasses } from '../../attacks/inputs.ts'
import { recheckAt } from '../../attacks/recheck.ts'
import { Random } from '../../base/random.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { imageQuestion } from '../../region/image-question.ts'
import { withMargins } from '../../region/margins-graph.ts'
import type { AnyNetworkStep, BatchSubject, GraphSubject, StepSettings } from '../step.ts'

export const pgd = {
  name: 'pgd',
  title: 'PGD',
  help: 'an attack, where proofs that take milliseconds have failed',
  meaning: 'misclassified or attacked',
  source: 'Madry et al. 2018',
  error: 'at least',
  verdicts: ['vulnerable', 'withstood'],
  report: {
    vulnerable: { label: 'broken by PGD', light: '#dd6b52', dark: '#d9634a' },
    column: { title: 'PGD', note: 'PGD: misclassified, or an attack finds a counterexample within ε.' },
  },
  works: 'batch',
  networks: 'any',
  run: (subject, indices, settings) =>
    attackAll(subject, indices, settings).map(({ value: { margin, slack, adversarial }, seconds }) => ({
      seconds,
      value: {
        ...{ margin, slack },
        ...(adversarial
          ? { verdict: 'vulnerable', settled: 'vulnerable', prediction: adversarial.prediction }
          : { verdict: 'withstood' }),
      },
    })),
} as const satisfies AnyNetworkStep

type Given = Pick<StepSettings, 'ball' | 'attack'>

const attackAll = (subject: BatchSubject, indices: readonly number[], { ball, attack }: Given) =>
  'graph' in subject
    ? inPasses(indices, (pass) => pass.map((index) => attackGraph(subject, index, { ball, attack })), 1)
    : inPasses(indices, (pass) => attackImages(subject, pass, attack, ball))

/** Uses only steps, restarts and seed of the attack's settings. */
function attackGraph({ graph, dataset }: GraphSubject, index: number, { ball, attack }: Given) {
  const { images, labels } = examples(dataset, [index])
  const [image, label] = [images[0]!, labels[0]!]
  const question = imageQuestion(image, label, dataset.classes, ball)
  const { seed, steps, restarts } = attack
  const stream = new Random(seed, 'attack', index).bits()
  const point = falsify(withMargins(graph, question), question, { steps, restarts, seed: stream })
  const evaluate = (pixels: ArrayLike<number>) => evaluateGraph(graph, pixels).at(-1)!
  const adversarial = point && recheckAt(evaluate, { image, label, ball, point })
  return { margin: adversarial?.margin ?? NaN, slack: 0, adversarial }
}
