/** Losses of images on a GPU: of clean ones (losses/natural.ts) and of the worst that PGD finds (losses/adversarial.ts). */
import { forwardBatch } from '../../bounds/batch/forward.ts'
import { attack } from '../../device/webgpu/climb.ts'
import { type Scores, countErrors, crossEntropy, logitsOf } from '../../device/webgpu/cross-entropy.ts'
import { detached } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { BatchLossInput, RecordLoss } from './loss.ts'

export const natural: RecordLoss = (plan, input) => {
  const scores = logitsAt(plan, input, input.loaded.pixels)
  return { loss: lossOfLogits(plan, input, scores, 'all'), cleanErrors: errorsOf(plan, input, scores) }
}

export const adversarial: RecordLoss = (plan, input) => {
  const scores = logitsAt(plan, input, worstPoints(plan, input, input.attacked))
  return { loss: lossOfLogits(plan, input, scores, 'all') }
}

/** Logits at these points, whose gradient goes to the weights. */
export function logitsAt(plan: Plan, { stages, ball: { batch }, tape }: BatchLossInput, points: Values): Scores {
  return logitsOf(forwardBatch(plan, tape, stages, { images: points, batch }), batch)
}

export const lossOfLogits = (
  plan: Plan,
  { ball: { labels, batch } }: BatchLossInput,
  scores: Scores,
  share: 'all' | 'empirical',
): Values => crossEntropy(plan, { scores, labels, batch, share })

export const errorsOf = (plan: Plan, { ball: { labels, batch } }: BatchLossInput, scores: Scores): Values =>
  countErrors(plan, { scores, labels, batch })

/** Errors of clean images, where no loss looks at them. */
export function cleanErrors(plan: Plan, input: BatchLossInput): Values {
  const { stages, loaded, ball } = input
  const images = { images: loaded.pixels, batch: ball.batch }
  const logits = forwardBatch(plan, undefined, detached(stages), images)
  return errorsOf(plan, input, logitsOf(logits, ball.batch))
}

/** Adversarial examples in boxes. */
export function worstPoints(
  plan: Plan,
  { options, network, stages: trained, ball, attack: climb }: BatchLossInput,
  box: Values,
): Values {
  const { labels, identifiers, batch } = ball
  const { normalisation, architecture } = network
  const stages = detached(trained)
  return attack(plan, {
    forward: (to, tape, images) => forwardBatch(to, tape, stages, { images, batch }),
    ...{ box, domain: options.domain, normalisation, shape: architecture.input, identifiers, labels, batch },
    classes: stages.at(-1)!.outputShape.channels,
    ...climb,
  })
}
