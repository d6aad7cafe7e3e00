/** A training worker: see tasks.ts for what it does. */
import { loadChunk } from '../bounds/chunk.ts'
import { proveNetwork } from '../bounds/dual.ts'
import { provedMargins } from '../bounds/margins.ts'
import { flipCrop } from '../data/augment.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../engine/engine.ts'
import { serve } from '../engine/pool.ts'
import { Random } from '../engine/random.ts'
import { Tape } from '../engine/tape.ts'
import { forward } from '../networks/forward.ts'
import { sizeOf } from '../networks/layers.ts'
import { LoadedNetwork } from '../networks/load.ts'
import { largestIndex } from '../networks/evaluate.ts'
import { addResults, noResult, objectives, unstableOf } from './objectives.ts'
import { applyUpdate } from './optimiser.ts'
import {
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

serve<TrainingData>(async (data) => {
  const engine = await Engine.create()
  // a gradient is that of one learner at a time
  const first = new LoadedNetwork(engine, data.architecture, true)
  const networks = data.learners.map((_, i) => (i === 0 ? first : new LoadedNetwork(engine, data.architecture, first)))
  const versions = networks.map(() => -1)
  const mark = engine.mark()

  /** The network with the weights of that version. */
  const current = ({ learner, version }: Version): LoadedNetwork => {
    if (versions[learner] !== version) {
      networks[learner]!.setParameters(data.learners[learner]!.parameters)
      versions[learner] = version
    }
    return networks[learner]!
  }

  const gradient = (job: GradientJob, task: number): GradientResult => {
    const network = current(job.network)
    const reference = job.reference && current(job.reference)
    const end = job.starts[task + 1]!
    const most = examplesAtOnce(job)
    network.clearGradient()
    let result = noResult
    for (let start = job.starts[task]!; start < end; start += most) {
      const indices = [...job.batch.subarray(start, Math.min(end, start + most))]
      const tape = new Tape()
      const part = objectives[job.method]({
        network,
        ...(reference && { reference }),
        tape,
        chunk: loadChunk(network, { ...examples(data.training, indices, job.augmentSeed), epsilon: job.epsilon }),
        weight: 1 / job.batch.length,
        cleanShare: job.cleanShare,
        attack: job.attack,
        bounds: job.bounds,
        identifiers: indices,
      })
      tape.backward()
      engine.release(mark)
      result = addResults(result, part)
    }
    network.readGradient(data.gradients[task]!)
    return result
  }

  const sum = ({ chunks, ranges }: SumJob, task: number): number => {
    const [total, ...others] = data.gradients.slice(0, chunks).map((g) => g.subarray(ranges[task]!, ranges[task + 1]!))
    for (const other of others) for (let i = 0; i < other.length; i++) total![i]! += other[i]!
    return total!.reduce((squares, value) => squares + value * value, 0)
  }

  const update = ({ learner, update, ranges }: UpdateJob, task: number): void =>
    applyUpdate(data.learners[learner]!, data.gradients[0]!, update, ranges[task]!, ranges[task + 1]!)

  const validate = ({ network: version, epsilon, size }: ValidateJob, task: number): ValidateResult => {
    const network = current(version)
    const end = Math.min(data.validation.count, (task + 1) * size)
    const total = { cleanErrors: 0, certifiedErrors: 0, unstable: 0 }
    for (let first = task * size; first < end; first += 4) {
      const indices = Array.from({ length: Math.min(4, end - first) }, (_, i) => first + i)
      const chunk = loadChunk(network, { ...examples(data.validation, indices), epsilon })
      const logits = forward(network, undefined, chunk.ball.centre, chunk.columns, { input: false, weights: false })
      const scores = engine.read(logits.pointer, logits.length)
      const proved = proveNetwork(network, chunk, true)
      total.unstable += unstableOf(proved)
      chunk.labels.forEach((label, e) => {
        const correct = largestIndex(scores.filter((_, i) => i % chunk.columns === e)) === label
        const margins = provedMargins(proved, e)
        if (!correct) total.cleanErrors++
        if (!correct || margins.some((margin, target) => target !== label && !(margin < 0))) total.certifiedErrors++
      })
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
        case 'validate':
          return validate(job, task)
      }
    } finally {
      engine.release(mark)
    }
  }
})

/** @param augmentSeed if images are to be changed; each has a random stream of its own, whoever works on it */
function examples({ images, labels, shape }: Dataset, indices: readonly number[], augmentSeed?: number) {
  const size = sizeOf(shape)
  const pixels = (i: number) => {
    const image = images.subarray(i * size, (i + 1) * size)
    return augmentSeed === undefined ? image : flipCrop(image, shape, new Random(augmentSeed, i))
  }
  return {
    images: indices.map((i) => Float32Array.from(pixels(i), (byte) => byte / 255)),
    labels: indices.map((i) => labels[i]!),
  }
}
