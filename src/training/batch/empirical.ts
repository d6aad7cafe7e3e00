/** Losses of images on a GPU: of clean ones (losses/natural.ts) and of the worst that PGD finds (losses/adversarial.ts). */
import { forwardBatch } from '../../bounds/batch/forward.ts'
import { attack } from '../../device/webgpu/climb.ts'
import { type Scores, countErrors, crossEntropy, logitsOf } from '../../device/webgpu/cross-entropy.ts'
import { detached } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { BatchLossInput, RecordLoss } from './loss.ts'

export const natural: RecordLoss = (plan, input) => {
  const scores = cleanLogits(plan, input, input)
  return { loss: lossOfLogits(plan, input, scores, 'all'), cleanErrors: errorsOf(plan, input, scores) }
}

export const adversarial: RecordLoss = (plan, input) => {
  const scores = worstLogits(plan, input)
  return { loss: lossOfLogits(plan, input, scores, 'all') }
}

/** Logits of clean images, whose gradient goes to the weights if there is a tape. */
export function cleanLogits(
  plan: Plan,
  { loaded, behind, ball: { batch } }: BatchLossInput,
  { tape, stages }: Partial<Pick<BatchLossInput, 'tape'>> & Pick<BatchLossInput, 'stages'>,
): Scores {
  return logitsOf(forwardBatch(plan, tape, stages, { images: loaded.pixels, batch, behind }), batch)
}

/** Logits of adversarial examples, whose gradient goes to the weights. */
export function worstLogits(plan: Plan, input: BatchLossInput): Scores {
  const { stages, ball, tape, attacked } = input
  const { batch } = ball
  return logitsOf(forwardBatch(plan, tape, stages, { images: worstPoints(plan, input, attacked), batch }), batch)
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
  return errorsOf(plan, input, cleanLogits(plan, input, { stages: detached(input.stages) }))
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
    ...{
      box,
      norm: options.norm,
      domain: options.domain,
      normalisation,
      shape: architecture.input,
      identifiers,
      labels,
      batch,
    },
    classes: stages.at(-1)!.outputShape.channels,
    ...climb,
  })
}
