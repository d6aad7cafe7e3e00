/** The gradient of a batch's loss, chunk by chunk. */
import { loadChunk } from '../../bounds/chunk.ts'
import { Tape } from '../../device/tape.ts'
import { paperBall, type Ball } from '../../region/ball.ts'
import { foldChunk } from '../batch-norm.ts'
import type { Method } from '../losses/list.ts'
import { isNormalised } from '../normalised.ts'
import { type LossInput, type LossResult, addResults, noResult } from '../losses/loss.ts'
import { layLoss } from '../losses/mixture.ts'
import { examplesAtOnce } from './cut.ts'
import { type Change, examples } from './examples.ts'
import type { Replicas } from './replicas.ts'
import type { Version } from './setup.ts'

/** What of a loss is the same for all examples of a batch. */
type LossSettings = Pick<
  LossInput,
  'empirical' | 'boxShare' | 'lossExponent' | 'regularisation' | 'attackedLayers' | 'attack' | 'bounds'
>

/** Part i: the gradient of chunk i of the batch, into `gradients[i]`. */
export interface GradientJob {
  readonly kind: 'gradient'
  readonly network: Version
  readonly reference: Version | undefined
  readonly method: Method
  readonly ball: Ball
  /** That in which adversarial losses search, if it is another. */
  readonly attacked: Ball | undefined
  readonly loss: LossSettings
  readonly change: Change
  /** Indices into the training set; chunk i is `batch[starts[i]]` to `batch[starts[i + 1]]`. */
  readonly batch: Uint32Array
  readonly starts: readonly number[]
}

export function gradientOfChunk(replicas: Replicas, job: GradientJob, part: number): LossResult {
  const { engine, setup } = replicas
  const batch = [...job.batch.subarray(job.starts[part], job.starts[part + 1])]
  const { images, labels } = examples(setup.training, batch, job.change)
  const { network, adjoint } = isNormalised(setup.architecture)
    ? normalised(replicas, job, { images, labels })
    : plain(replicas, job)
  const reference = job.reference && replicas.at(job.reference)
  const most = examplesAtOnce(job.method, job.loss.bounds)
  const kept = engine.mark()
  network.clearGradient()
  let result = noResult
  for (let start = 0; start < batch.length; start += most) {
    const these = <T>(all: readonly T[]) => all.slice(start, start + most)
    const tape = new Tape()
    const load = (ball: Ball) => loadChunk(network, { images: these(images), labels: these(labels) }, ball)
    const chunk = load(job.ball)
    const laid = layLoss(job.method, {
      ...job.loss,
      ...(reference && { reference }),
      network,
      tape,
      chunk,
      attacked: job.attacked ? load(job.attacked) : chunk,
      weight: 1 / job.batch.length,
      identifiers: these(batch),
    })
    tape.backward()
    engine.release(kept)
    result = addResults(result, laid)
  }
  network.readGradient(setup.gradients[part])
  adjoint?.(setup.gradients[part])
  return result
}

const plain = (replicas: Replicas, job: GradientJob) => ({ network: replicas.at(job.network), adjoint: undefined })

/** With batch normalisation: the network with the moments of the chunk's clean images folded into its weights. */
function normalised(replicas: Replicas, { network: { learner } }: GradientJob, clean: Parameters<typeof loadChunk>[1]) {
  const network = replicas.take(learner)
  const { parameters } = replicas.setup.learners[learner].state
  return { network, adjoint: foldChunk(network, parameters, loadChunk(network, clean, paperBall(0)), replicas.room) }
}
