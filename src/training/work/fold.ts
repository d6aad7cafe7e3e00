/** Batch normalisation of a whole network, with the moments of many images (batch-norm.ts). */
import { loadChunk } from '../../bounds/chunk.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import { paperBall } from '../../region/ball.ts'
import { type Images, foldImages, unfoldImages } from '../batch-norm.ts'
import { type Change, examples } from './examples.ts'
import type { Replicas } from './replicas.ts'

/** Images in the engine at once. */
const SIZE = 32

/**
 * One part: 'fold' makes the network of a learner's weights; 'unfold' replaces the weights of a learner, those of a network
 * to start from, by weights that fold to it.
 */
export interface FoldJob {
  readonly kind: 'fold' | 'unfold'
  readonly learner: number
  readonly change: Change
  /** Indices into the training set. */
  readonly images: Uint32Array
}

export function foldWeights(replicas: Replicas, job: FoldJob): void {
  const network = replicas.take(job.learner)
  const { state, average, folded } = replicas.setup.learners[job.learner]
  folded!.set(foldImages(network, average ?? state.parameters, ...chunksOf(replicas, network, job)))
}

export function unfoldWeights(replicas: Replicas, job: FoldJob): void {
  const network = replicas.take(job.learner)
  const { parameters } = replicas.setup.learners[job.learner].state
  parameters.set(unfoldImages(network, parameters, ...chunksOf(replicas, network, job)))
}

/** How many chunks of images there are, and what loads one of them. */
function chunksOf(
  { setup }: Replicas,
  network: LoadedNetwork,
  { images, change }: FoldJob,
): [chunks: number, load: (chunk: number) => Images] {
  const load = (chunk: number) => {
    const indices = [...images.subarray(chunk * SIZE, (chunk + 1) * SIZE)]
    return loadChunk(network, examples(setup.training, indices, change), paperBall(0))
  }
  return [Math.ceil(images.length / SIZE), load]
}
