/**
 * How work is cut into parts. The cut depends on the method and on sizes, never on the workers, and so does every sum: the
 * same seed gives the same weights with any number of workers.
 */
import { type Method, lossOf } from '../losses/list.ts'
import type { BoundSettings } from '../losses/loss.ts'

const isPerExample = (method: Method) => lossOf(method).passes === 'example'

/** Networks whose gradients and values are more than caches hold. */
const isLarge = (parameters: number) => parameters > 1e6

/**
 * Where a batch is cut. A dual pass is per example, and its chunk as many as one SIMD vector has lanes: large chunks
 * first, small ones last, so that workers finish together. Other methods multiply whole chunks, the faster the wider,
 * until the values of a large network leave the cache: a quarter of the batch, up to 8 vectors, or 2.
 * Each chunk has a gradient of its own, so large networks get fewer.
 */
export function chunkStarts(batch: number, method: Method, parameters: number): number[] {
  const starts = [0]
  const least = isLarge(parameters) ? 2 : 1
  const wide = Math.min(isLarge(parameters) ? 8 : 32, 4 * Math.ceil(batch / 16))
  for (let left = batch; left > 0;) {
    left -= isPerExample(method) ? Math.min(4, left, Math.max(least, Math.ceil(left / 10))) : Math.min(left, wide)
    starts.push(batch - left)
  }
  return starts
}

/**
 * Where a batch is cut if layers are normalised: into equal chunks of at most 32 images. The moments are those of a chunk, and
 * mean the more, the more images it has.
 */
export function normalisedStarts(batch: number): number[] {
  const chunks = Math.ceil(batch / 32)
  return Array.from({ length: chunks + 1 }, (_, i) => Math.round((i * batch) / chunks))
}

/** How many examples of a chunk are in memory at once: random columns take most of it. */
export const examplesAtOnce = (method: Method, { mode }: BoundSettings): number =>
  isPerExample(method) && (mode === 'projected' || mode === 'auto') ? 1 : 32

/** Cuts `length` parameters into a fixed number of ranges. */
export const parameterRanges = (length: number, count = 16): number[] =>
  Array.from({ length: count + 1 }, (_, i) => Math.round((i * length) / count))
