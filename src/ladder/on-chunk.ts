/** Some images with a ball around each, in the engine's memory for as long as it takes to bound something over them. */
import type { Subject } from '../attacks/attack-images.ts'
import { examples } from '../attacks/inputs.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import type { Ball } from '../region/ball.ts'

/** @param pass indices of at most one pass */
export function onChunk<R>(
  { loaded, dataset }: Subject,
  pass: readonly number[],
  ball: Ball,
  work: (chunk: Chunk) => R,
): R {
  const mark = loaded.device.mark()
  try {
    return work(loadChunk(loaded, examples(dataset, pass), ball))
  } finally {
    loaded.device.release(mark)
  }
}
