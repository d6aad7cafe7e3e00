/** The balls of a batch of images, on a GPU. */
import type { Batch } from '../../device/webgpu/batch.ts'
import type { Values } from '../../device/webgpu/values.ts'

export interface BatchBall {
  readonly batch: Batch
  /** [centre, radius][input][example]. */
  readonly box: Values
  /** Per example, its index in the data set. */
  readonly identifiers: Values
  readonly labels: Values
}
