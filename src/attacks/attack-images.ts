/** Classifies and attacks some images of a data set, with everything that counts decided in float64. */
import { type Chunk, type Examples, loadChunk } from '../bounds/chunk.ts'
import { intervalMargins, propagateIntervals } from '../bounds/interval.ts'
import { provedMargin } from '../bounds/margins.ts'
import type { Dataset } from '../data/dataset.ts'
import { evaluate } from '../model/evaluate.ts'
import { forward } from '../device/forward.ts'
import type { Tensor } from '../device/tape.ts'
import type { Engine } from '../device/wasm/engine.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { type AttackOptions, attackChunk } from './gradient-attack.ts'
import { examples } from './inputs.ts'
import { type AdversarialExample, type Candidate, type Judgement, judge, pixelsOf, runCandidate } from './recheck.ts'
import { paperBall, type Ball } from '../region/ball.ts'

/** A network on a device and, for float64, beside it. */
export interface Subject {
  readonly network: Network
  readonly loaded: LoadedNetwork<Engine>
  readonly dataset: Dataset
}

/** What float32 or float64 says of a point. */
export interface Judged extends Judgement {
  /** How far float32 rounding may have moved the margin; 0 if float64 found it. */
  readonly slack: number
}

/**
 * What the network says about clean images: float64 decides all that float32 is not sure of.
 * @param indices of at most one pass
 */
export function classify({ network, loaded, dataset }: Subject, indices: readonly number[]): Judged[] {
  const { device } = loaded
  const mark = device.mark()
  const { images, labels } = examples(dataset, indices)
  const judged = judgeChunk(loaded, loadChunk(loaded, { images, labels }, paperBall(0)))
  device.release(mark)
  return judged.map((judgement, e) =>
    judgement.isSure ? judgement : { ...judge(evaluate(network, images[e]), labels[e]), slack: 0 },
  )
}

export interface Attacked {
  /** z_label − max(other logits) at the worst point found. */
  readonly margin: number
  /** As in `Judged`. */
  readonly slack: number
  /** Re-checked. */
  readonly adversarial?: AdversarialExample
}

/**
 * Attacks images that are classified correctly.
 * @param indices of at most one pass; they also name the random streams
 * @param attack whose domain is the ball's
 */
export function attackImages(
  { network, loaded, dataset }: Subject,
  indices: readonly number[],
  attack: AttackOptions,
  ball: Ball,
): Attacked[] {
  const given = examples(dataset, indices)
  return withWorst({ loaded, ...given }, indices, { attack, ball }, (chunk, worst) => {
    const judged = judgeChunk(loaded, { ...chunk, ball: { ...chunk.ball, centre: worst } })
    const points = worst.read()
    return given.labels.map((label, e) => {
      if (judged[e].isSure && judged[e].margin > 0) return judged[e]
      const point = pixelsOf(loaded, points, chunk.columns, e)
      return rechecked(network, { image: given.images[e], label, ball, point })
    })
  })
}

/**
 * Attacks one network and tries the worst points on another: in float64 all of them.
 * @param indices of at most one pass, of images that this other network classifies correctly
 */
export function transferImages(
  from: LoadedNetwork<Engine>,
  { network, dataset }: Pick<Subject, 'network' | 'dataset'>,
  indices: readonly number[],
  { attack, ball }: { readonly attack: AttackOptions; readonly ball: Ball },
): Attacked[] {
  const given = examples(dataset, indices)
  return withWorst({ loaded: from, ...given }, indices, { attack, ball }, (chunk, worst) => {
    const points = worst.read()
    return given.labels.map((label, e) => {
      const point = pixelsOf(from, points, chunk.columns, e)
      return rechecked(network, { image: given.images[e], label, ball, point })
    })
  })
}

/** The points of smallest margin that an attack finds, for as long as they are in the device's memory. */
function withWorst<R>(
  { loaded, ...given }: Examples & Pick<Subject, 'loaded'>,
  indices: readonly number[],
  { attack, ball }: { readonly attack: AttackOptions; readonly ball: Ball },
  use: (chunk: Chunk, worst: Tensor) => R,
): R {
  const mark = loaded.device.mark()
  // the whole ball: its centre is where attacks without a random start begin, its radius the measure of their steps
  const chunk = loadChunk(loaded, given, { ...ball, domain: 'unbounded' })
  const result = use(chunk, attackChunk(loaded, chunk, attack, indices))
  loaded.device.release(mark)
  return result
}

function rechecked(network: Network, candidate: Candidate): Attacked {
  const tried = runCandidate(network, candidate)
  return { margin: tried.margin, slack: 0, ...(tried.margin <= 0 && { adversarial: tried }) }
}

/** By float32. */
interface SingleJudged extends Judged {
  /** Whether float64 is sure to make the same prediction. */
  readonly isSure: boolean
}

/** What float32 says of each example at the chunk's centres, which interval bounds of a ball without a radius check. */
function judgeChunk(loaded: LoadedNetwork, { ball: { centre }, columns, labels }: Chunk): SingleJudged[] {
  const { device } = loaded
  const outputs = forward(loaded, undefined, centre, { columns, input: false, weights: false })
  const logits = outputs.read()
  const ball = { centre, radius: device.zeroTensor(centre.length) }
  const { last } = propagateIntervals(
    loaded,
    undefined,
    { ball, images: centre, columns, labels, norm: 'linf', count: labels.length },
    true,
  )
  return labels.map((label, e) => {
    const ofExample = logits.filter((_, i) => i % columns === e)
    const judgement = judge(ofExample, label)
    const { prediction, margin } = judgement
    const margins = { columns, example: e, label: prediction, rigorous: true }
    const bounds = intervalMargins(loaded, undefined, last, margins).read()
    // of another class the label's own bound says how far it is from the largest
    const proved = prediction === label ? provedMargin(bounds, label) : bounds[label]
    return { ...judgement, isSure: provedMargin(bounds, prediction) > 0, slack: Math.abs(margin - proved) }
  })
}
