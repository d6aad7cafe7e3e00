/** The plain forward pass on a chunk. */
import { type Wanted, affine } from '../engine/affine.ts'
import { relu } from '../engine/elementwise.ts'
import type { Tape, Tensor } from '../engine/tape.ts'
import type { LoadedNetwork } from './load.ts'

/**
 * Logits [class][example] of normalised images [input][example].
 * @param wanted which gradients go back: to the weights for training, to the images for attacks
 */
export function forward(
  { engine, stages }: LoadedNetwork,
  tape: Tape | undefined,
  images: Tensor,
  columns: number,
  wanted: Wanted,
): Tensor {
  return stages.reduce((x, stage, i) => {
    const y = affine(engine, tape, stage, x, columns, 'signed', {
      input: i > 0 || wanted.input,
      weights: wanted.weights,
    })
    return stage.relu ? relu(engine, tape, y) : y
  }, images)
}
