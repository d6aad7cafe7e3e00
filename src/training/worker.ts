/** A training worker: see tasks.ts for what it does. */
import { type AttackOptions, attackChunk } from '../attacks/gradient-attack.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import { proveNetwork } from '../bounds/dual.ts'
import { provedMargins } from '../bounds/margins.ts'
import { augment } from '../data/augment.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { serve } from '../node/threads.ts'
import { Random } from '../base/random.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import { forward } from '../device/forward.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { largestIndex } from '../model/evaluate.ts'
import { takeIntoAverage } from './average.ts'
import { foldChunk, foldImages, unfoldImages } from './batch-norm.ts'
import { outcome } from './learner.ts'
import { unstableOf } from './losses/hidden-bounds.ts'
import { addResults, noResult } from './losses/loss.ts'
import { layLoss } from './losses/mixture.ts'
import { applyUpdate } from './optimiser.ts'
import {
  type Change,
  type FoldJob,
  type GradientJob,
  type GradientResult,
  type SumJob,
  type TrainingData,
  type TrainingJob,
  type UpdateJob,
  type ValidateJob,
  type ValidateResult,
  type Version,
  examplesAtOnce,
} from './tasks.ts'
import { paperBall, type Ball } from '../region/ball.ts'

serve<TrainingData>(async (data) => {
  const engine = await Engine.create()
  // a gradient is that of one learner at a time
  const first = new LoadedNetwork(engine, data.architecture, true)
  const networks = data.learners.map((_, i) => (i === 0 ? first : new LoadedNetwork(engine, data.architecture, first)))
  const versions = networks.map(() => '')
  const mark = engine.mark()
  const ballOf = (epsilon: number): Ball => ({ epsilon, norm: data.norm, domain: data.domain })
  /** For batch normalisation. */
  let room: Float32Array | undefined

  /** The network with the weights of that version. */
  const current = ({ learner, version, which }: Version): LoadedNetwork => {
    const name = `${which} ${version}`
    if (versions[learner] !== name) {
      const weights = data.learners[learner]
      networks[learner].setParameters(which === 'trained' ? weights.state.parameters : outcome(weights))
      versions[learner] = name
    }
    return networks[learner]
  }

  const gradient = (job: GradientJob, task: number): GradientResult => {
    const [first, end] = [job.starts[task], job.starts[task + 1]]
    const batch = [...job.batch.subarray(first, end)]
    const { images, labels } = examples(data.training, batch, job.change)
    const adjoint = job.batchNorm && fold(job, images, labels)
    const network = adjoint ? networks[job.network.learner] : current(job.network)
    const reference = job.reference && current(job.reference)
    const most = examplesAtOnce(job)
    const kept = engine.mark()
    network.clearGradient()
    let result = noResult
    for (let start = 0; start < batch.length; start += most) {
      const indices = batch.slice(start, start + most)
      const tape = new Tape()
      const part = layLoss(job.method, {
        network,
        ...(reference && { reference }),
        tape,
        chunk: loadChunk(
          network,
          { images: images.slice(start, start + most), labels: labels.slice(start, start + most) },
          ballOf(job.epsilon),
        ),
        weight: 1 / job.batch.length,
        empirical: job.empirical,
        boxShare: job.boxShare,
        lossExponent: job.lossExponent,
        regularisation: job.regularisation,
        attack: job.attack,
        bounds: job.bounds,
        identifiers: indices,
      })
      tape.backward()
      engine.release(kept)
      result = addResults(result, part)
    }
    network.readGradient(data.gradients[task])
    if (adjoint) adjoint(data.gradients[task])
    return result
  }

  /** Leaves the network that is trained with weights that are those of no version. */
  const fold = ({ network: { learner } }: GradientJob, images: readonly Float32Array[], labels: readonly number[]) => {
    versions[learner] = ''
    const network = networks[learner]
    const clean = loadChunk(network, { images, labels }, paperBall(0))
    room ??= new Float32Array(network.parameterCount)
    return foldChunk(network, data.learners[learner].state.parameters, clean, room)
  }

  const foldAll = ({ kind, learner, images, change }: FoldJob): void => {
    versions[learner] = ''
    const network = networks[learner]
    const { state, average, folded } = data.learners[learner]
    const size = 32
    const chunks = Math.ceil(images.length / size)
    const load = (chunk: number) =>
      loadChunk(
        network,
        examples(data.training, [...images.subarray(chunk * size, (chunk + 1) * size)], change),
        paperBall(0),
      )
    if (kind === 'fold') folded!.set(foldImages(network, average ?? state.parameters, chunks, load))
    else state.parameters.set(unfoldImages(network, state.parameters, chunks, load))
  }

  const sum = ({ chunks, ranges }: SumJob, task: number): number => {
    const [total, ...others] = data.gradients.slice(0, chunks).map((g) => g.subarray(ranges[task], ranges[task + 1]))
    for (const other of others) for (let i = 0; i < other.length; i++) total![i] += other[i]
    let squares = 0
    for (let i = 0; i < total!.length; i++) squares += total![i] ** 2
    return squares
  }

  const update = ({ learner, update, average: decay, ranges }: UpdateJob, task: number): void => {
    const { state, average } = data.learners[learner]
    const [start, end] = [ranges[task], ranges[task + 1]]
    applyUpdate(state, data.gradients[0], update, start, end)
    if (average) takeIntoAverage({ parameters: state.parameters, average }, decay, update.step, start, end)
  }

  const validate = ({ network: version, epsilon, size }: ValidateJob, task: number): ValidateResult => {
    const network = current(version)
    const end = Math.min(data.validation.count, (task + 1) * size)
    const total = { cleanErrors: 0, attackErrors: 0, certifiedErrors: 0, bounded: 0, unstable: 0 }
    const chunkOf = (indices: readonly number[]) =>
      loadChunk(network, examples(data.validation, indices), ballOf(epsilon))
    for (let first = task * size; first < end; first += 4) {
      const indices = Array.from({ length: Math.min(4, end - first) }, (_, i) => first + i)
      const chunk = chunkOf(indices)
      const isCorrect = correctAt(network, chunk, chunk.ball.centre)
      total.cleanErrors += isCorrect.filter((correct) => !correct).length
      // what a hasty attack breaks needs no bounds; on networks that are not robust yet, bounds are dear
      const holds = correctAt(
        network,
        chunk,
        attackChunk(network, chunk, { ...hastyAttack, domain: data.domain }, indices),
      )
      const open = indices.filter((_, e) => isCorrect[e] && holds[e])
      total.attackErrors += indices.length - open.length
      total.certifiedErrors += indices.length - open.length
      if (open.length > 0) {
        const rest = chunkOf(open)
        const proved = proveNetwork(network, rest, true)
        total.bounded += open.length
        total.unstable += unstableOf(proved)
        rest.labels.forEach((label, e) => {
          const margins = provedMargins(proved, e)
          if (margins.some((margin, target) => target !== label && !(margin < 0))) total.certifiedErrors++
        })
      }
      engine.release(mark)
    }
    return total
  }

  return (_kind, job: TrainingJob, task) => {
    try {
      switch (job.kind) {
        case 'gradient':
          return gradient(job, task)
        case 'sum':
          return sum(job, task)
        case 'update':
          return update(job, task)
        case 'fold':
        case 'unfold':
          return foldAll(job)
        case 'validate':
          return validate(job, task)
      }
    } finally {
      engine.release(mark)
    }
  }
})

/** A few large steps from the image. */
const hastyAttack: Omit<AttackOptions, 'domain'> = {
  ...{ steps: 4, stepSize: 0.5, restarts: 1, randomStart: false },
  seed: 0,
}

/** Whether the network is right about each example of a chunk, at some points [input][example]. */
function correctAt(network: LoadedNetwork, { columns, labels }: Chunk, points: Tensor): boolean[] {
  const logits = forward(network, undefined, points, columns, { input: false, weights: false })
  const scores = network.engine.read(logits.pointer, logits.length)
  return labels.map((label, e) => largestIndex(scores.filter((_, i) => i % columns === e)) === label)
}

const pixels: Float32Array[] = []

/**
 * Images for a task, in memory of the worker's that the next call takes again.
 * @param change how they are augmented, if at all; each has a random stream of its own, whoever works on it
 */
function examples({ images, labels, shape }: Dataset, indices: readonly number[], change?: Change) {
  const size = sizeOf(shape)
  return {
    images: indices.map((i, e) => {
      const image = images.subarray(i * size, (i + 1) * size)
      const bytes = change ? augment(image, shape, change.how, new Random(change.seed, i)) : image
      const values = (pixels[e] ??= new Float32Array(size))
      for (let p = 0; p < size; p++) values[p] = bytes[p] / 255
      return values
    }),
    labels: indices.map((i) => labels[i]),
  }
}
