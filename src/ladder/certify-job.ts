/** What the workers of a certification are told. */
import type { Dataset } from '../data/dataset.ts'
import type { Network } from '../model/network.ts'
import type { PackedGraph } from '../model/packed-graph.ts'
import type { BatchSettings } from './climb-batch.ts'
import type { ClimbSettings } from './climb-image.ts'
import type { Draft } from './drafts.ts'

export interface CertifySetup {
  readonly target: Network | PackedGraph
  readonly dataset: Dataset
}

export type CertifyJob =
  /** Part i is the i-th run of `IMAGES_PER_PART` of the images. */
  | { readonly kind: 'batch'; readonly settings: BatchSettings; readonly images: readonly number[] }
  /** Part i is the i-th run of `SLOW_IMAGES_PER_PART` of the drafts, for the steps that take seconds. */
  | { readonly kind: 'further'; readonly settings: BatchSettings; readonly drafts: readonly Draft[] }
  /** Part i is the i-th draft. */
  | { readonly kind: 'questions'; readonly settings: ClimbSettings; readonly drafts: readonly Draft[] }
