/** A chunk of images in the engine's memory: the balls around them, [input][example], normalised for the network. */
import type { Ball } from '../engine/elementwise.ts'
import { Tensor } from '../engine/tape.ts'
import type { LoadedNetwork } from '../networks/load.ts'

export interface Chunk {
  /** Number of examples. */
  readonly count: number
  /** Examples with the padding to a multiple of 4; padding examples are zero. */
  readonly columns: number
  readonly ball: Ball
  readonly labels: readonly number[]
}

export interface ChunkInput {
  /** Per example, pixel values in [0, 1] before normalisation. */
  readonly images: readonly Float32Array[]
  readonly labels: readonly number[]
  /** ℓ∞ radius in pixel units. */
  readonly epsilon: number
}

/** Lays a chunk out for a network. @throws RangeError if an image has another size than the network's input */
export function loadChunk({ engine, architecture, normalisation }: LoadedNetwork, input: ChunkInput): Chunk {
  const { images, labels, epsilon } = input
  const { channels, height, width } = architecture.input
  const area = height * width
  const columns = (images.length + 3) & ~3
  const centre = Tensor.zeros(engine, channels * area * columns)
  const radius = Tensor.zeros(engine, channels * area * columns)
  images.forEach((image, e) => {
    if (image.length !== channels * area)
      throw new RangeError(`image of ${image.length} values for ${channels * area} inputs`)
    for (let c = 0, j = 0; c < channels; c++) {
      const { mean, deviation } = normalisation[c]!
      const spread = roundUp(epsilon / deviation)
      for (const end = j + area; j < end; j++) {
        engine.f32[(centre.pointer >> 2) + j * columns + e] = (image[j]! - mean) / deviation
        engine.f32[(radius.pointer >> 2) + j * columns + e] = spread
      }
    }
  })
  return { count: images.length, columns, ball: { centre, radius }, labels }
}

/** The smallest float32 that is not below `value` ≥ 0, so that a float32 ball holds the exact one. */
function roundUp(value: number): number {
  const rounded = Math.fround(value)
  return rounded >= value ? rounded : Math.fround(rounded * (1 + 2 ** -23))
}
