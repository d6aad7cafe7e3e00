/** The plain forward pass on a chunk. */
import type { LoadedNetwork, Stage, Term } from './loaded-network.ts'
import type { Product } from './device.ts'
import type { Tape, Tensor } from './tape.ts'

/** Where gradients go back to: the weights in training, the images in attacks. */
export interface Wanted {
  readonly input: boolean
  readonly weights: boolean
}

/**
 * What a stage reads, times its weights.
 * @param image what terms read that read the image
 * @param outputs of earlier stages
 */
export const productsOf = (
  { terms }: Stage,
  image: Tensor,
  outputs: readonly Tensor[],
  wanted: Wanted,
): readonly Product[] =>
  terms.map(({ geometry, weight, source }: Term) => ({
    geometry,
    weight,
    input: source < 0 ? image : outputs[source],
    toInput: source >= 0 || wanted.input,
    toWeight: wanted.weights,
  }))

/**
 * Logits [class][example] of normalised images [input][example].
 */
export const forward = (
  network: LoadedNetwork,
  tape: Tape | undefined,
  images: Tensor,
  wanted: Wanted & { readonly columns: number },
): Tensor => forwardFrom(network, tape, { values: images, stage: -1 }, wanted)

/**
 * Logits of values in the middle: `values` is what lies behind that stage, and no later one reads anything before it.
 * Gradients go back to the values of a stage in any case.
 */
export function forwardFrom(
  { device, stages }: LoadedNetwork,
  tape: Tape | undefined,
  { values, stage: before }: { readonly values: Tensor; readonly stage: number },
  { columns, ...wanted }: Wanted & { readonly columns: number },
): Tensor {
  const outputs: Tensor[] = []
  if (before >= 0) outputs[before] = values
  for (let i = before + 1; i < stages.length; i++) {
    const stage = stages[i]
    const y = device.layers.affine(tape, productsOf(stage, values, outputs, wanted), columns, stage.bias)
    outputs[i] = stage.relu ? device.layers.relu(tape, y) : y
  }
  return outputs.at(-1)!
}
