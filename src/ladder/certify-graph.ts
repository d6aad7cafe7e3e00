/**
 * The first steps of the ladder on networks that are not made of our layers, in float64: clean images, and PGD.
 * Sound: an attack counts only if it was run again as `recheckAt` does. Complete: no.
 */
import { examples } from '../attacks/inputs.ts'
import { judge, recheckAt } from '../attacks/recheck.ts'
import type { Dataset } from '../data/dataset.ts'
import { Random } from '../base/random.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { brokenBy, type CertifySettings, cleanParts } from './certify-images.ts'
import { type Draft, finishRow, incomplete } from './drafts.ts'
import { falsify } from '../attacks/graph-attack.ts'
import { withMargins } from '../region/margins-graph.ts'
import { imageQuestion } from '../region/image-question.ts'

/**
 * One row per image, in their order: undecided if only 'clean' and 'pgd' were asked for, without a result if dearer
 * steps are still to come. Of the attack's settings it heeds steps, restarts and seed.
 */
export function certifyGraphImages(
  graph: Graph,
  dataset: Dataset,
  indices: readonly number[],
  { ball, methods, attack }: CertifySettings,
): Draft[] {
  const { images, labels } = examples(dataset, indices)
  const evaluate = (image: ArrayLike<number>) => evaluateGraph(graph, image).at(-1)!
  const { seed, steps, restarts } = attack
  const ladderEnds = methods.every((method) => method === 'clean' || method === 'pgd')
  return indices.map((index, i) => {
    const [image, label] = [images[i], labels[i]]
    const judged = timed(() => judge(evaluate(image), label))
    const attackIt = () => {
      const question = imageQuestion(image, label, dataset.classes, ball)
      const stream = new Random(seed, 'attack', index).bits()
      const point = falsify(withMargins(graph, question), question, { steps, restarts, seed: stream })
      const adversarial = point && recheckAt(evaluate, { image, label, ball, point })
      return { margin: adversarial?.margin ?? NaN, ...(adversarial && { adversarial }) }
    }
    const attacked = methods.includes('pgd') && judged.value.margin > 0 ? timed(attackIt) : undefined
    const draft = { index, label, ...cleanParts(judged, attacked) }
    return finishRow(draft, brokenBy(judged.value, attacked?.value) ?? (ladderEnds ? incomplete(draft) : undefined))
  })
}

function timed<R>(work: () => R): { value: R; seconds: number } {
  const started = performance.now()
  return { value: work(), seconds: (performance.now() - started) / 1000 }
}
