/** The plain forward pass on a batch, recorded. */
import { affine } from '../../device/webgpu/affine.ts'
import type { Batch } from '../../device/webgpu/batch.ts'
import { type BatchStage, productsOf } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'

/** Logits [class][example] of normalised images [input][example]. */
export function forwardBatch(
  plan: Plan,
  tape: Tape | undefined,
  stages: readonly BatchStage[],
  { images, batch: { stride } }: { readonly images: Values; readonly batch: Batch },
): Values {
  const outputs: Values[] = []
  for (const stage of stages) {
    const products = productsOf(stage, images, outputs)
    outputs.push(affine(plan, tape, { products, bias: stage.bias, rows: stride, biasEvery: 1, relu: stage.relu }))
  }
  return outputs.at(-1)!
}
