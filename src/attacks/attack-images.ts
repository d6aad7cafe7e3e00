/** Classifies and attacks some images of a data set, with everything that counts decided in float64. */
import { loadChunk } from '../bounds/chunk.ts'
import type { Norm } from '../bounds/norm.ts'
import type { Dataset } from '../data/dataset.ts'
import { evaluate } from '../networks/evaluate.ts'
import { forward } from '../networks/forward.ts'
import type { LoadedNetwork } from '../networks/load.ts'
import type { Network } from '../networks/network.ts'
import { type AttackOptions, attackChunk } from './gradient-attack.ts'
import { examples } from './inputs.ts'
import { type AdversarialExample, type Judgement, judge, pixelsOf, runCandidate } from './recheck.ts'

/** A network in the engine and, for float64, beside it. */
export interface Subject {
  readonly network: Network
  readonly loaded: LoadedNetwork
  readonly dataset: Dataset
}

/** Share of the largest logit by which float32 might err: margins below it are decided in float64. */
const DOUBTFUL = 1e-3

/**
 * What the network says about clean images: by float32, or by float64 where that is too close to call.
 * @param indices of at most one pass
 */
export function classify({ network, loaded, dataset }: Subject, indices: readonly number[]): Judgement[] {
  const { engine } = loaded
  const mark = engine.mark()
  const { images, labels } = examples(dataset, indices)
  const chunk = loadChunk(loaded, { images, labels, epsilon: 0 })
  const logits = logitsOf(loaded, chunk)
  engine.release(mark)
  return labels.map((label, e) => {
    const judgement = judge(logits[e]!, label)
    return isSure(logits[e]!, judgement) ? judgement : judge(evaluate(network, images[e]!), label)
  })
}

export interface Attacked {
  /** z_label − max(other logits) at the worst point found; float64 if there is an adversarial example. */
  readonly margin: number
  /** Re-checked. */
  readonly adversarial?: AdversarialExample
}

/**
 * Attacks images that are classified correctly.
 * @param indices of at most one pass; they also name the random streams
 */
export function attackImages(
  { network, loaded, dataset }: Subject,
  indices: readonly number[],
  options: AttackOptions & { readonly epsilon: number; readonly norm?: Norm | undefined },
): Attacked[] {
  const { engine } = loaded
  const { epsilon, norm = 'linf', domain } = options
  const mark = engine.mark()
  const { images, labels } = examples(dataset, indices)
  // the whole ball: its centre is where attacks without a random start begin, its radius the measure of their steps
  const chunk = loadChunk(loaded, { images, labels, epsilon, norm })
  const worst = attackChunk(loaded, chunk, options, indices)
  const logits = logitsOf(loaded, { ...chunk, ball: { ...chunk.ball, centre: worst } })
  const points = engine.read(worst.pointer, worst.length)
  engine.release(mark)
  return labels.map((label, e) => {
    const judgement = judge(logits[e]!, label)
    if (judgement.margin > 0 && isSure(logits[e]!, judgement)) return { margin: judgement.margin }
    const point = pixelsOf(loaded, points, chunk.columns, e)
    const rechecked = runCandidate(network, { image: images[e]!, label, epsilon, norm, point, domain })
    return { margin: rechecked.margin, ...(rechecked.margin <= 0 && { adversarial: rechecked }) }
  })
}

/** Logits of each example at the chunk's centres, by float32. */
function logitsOf(loaded: LoadedNetwork, { ball, columns, count }: ReturnType<typeof loadChunk>): Float32Array[] {
  const { engine } = loaded
  const logits = forward(loaded, undefined, ball.centre, columns, { input: false, weights: false })
  const all = engine.read(logits.pointer, logits.length)
  return Array.from({ length: count }, (_, e) => all.filter((_, i) => i % columns === e))
}

const isSure = (logits: Float32Array, { margin }: Judgement): boolean =>
  Math.abs(margin) > DOUBTFUL * logits.reduce((most, z) => Math.max(most, Math.abs(z)), 0)
