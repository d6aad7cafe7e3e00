/** The plain forward pass on a batch, recorded. */
import { affine } from '../../device/webgpu/affine.ts'
import type { Batch } from '../../device/webgpu/batch.ts'
import { type BatchStage, productsOf } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'

export interface BatchImages {
  /** Normalised, [input][example]. */
  readonly images: Values
  readonly batch: Batch
  /** What the first stages make of them, if it is there already. */
  readonly behind?: readonly Values[]
}

/** Logits [class][example]. */
export function forwardBatch(
  plan: Plan,
  tape: Tape | undefined,
  stages: readonly BatchStage[],
  { images, batch: { stride }, behind = [] }: BatchImages,
): Values {
  const outputs = [...behind]
  for (const stage of stages.slice(behind.length)) {
    const products = productsOf(stage, images, outputs)
    outputs.push(affine(plan, tape, { products, bias: stage.bias, rows: stride, biasEvery: 1, relu: stage.relu }))
  }
  return outputs.at(-1)!
}
