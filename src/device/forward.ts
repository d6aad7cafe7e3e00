/** The plain forward pass on a chunk. */
import { type Wanted, affine } from './wasm/affine.ts'
import { relu } from './wasm/elementwise.ts'
import type { Tape, Tensor } from './tape.ts'
import type { LoadedNetwork } from './loaded-network.ts'

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
  const outputs: Tensor[] = []
  for (const { terms, bias, biasGradient, relu: cut } of stages) {
    const y = affine(
      engine,
      tape,
      terms,
      terms.map(({ source }) => (source < 0 ? images : outputs[source])),
      columns,
      'signed',
      { values: bias, gradient: biasGradient },
      (i) => ({ input: terms[i].source >= 0 || wanted.input, weights: wanted.weights }),
    )
    outputs.push(cut ? relu(engine, tape, y) : y)
  }
  return outputs.at(-1)!
}
