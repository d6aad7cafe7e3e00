/** What the workers of a certification are told. */
import { IMAGES_PER_PASS } from '../attacks/inputs.ts'
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

/** Enough to keep the engine's lanes busy, and few enough to share among workers. */
export const DRAFTS_PER_PART = 2 * IMAGES_PER_PASS

export type CertifyJob =
  /** Part i is the i-th run of `IMAGES_PER_PART` of the images. */
  | { readonly kind: 'batch'; readonly settings: BatchSettings; readonly images: readonly number[] }
  /** Part i is the i-th run of `DRAFTS_PER_PART` of the drafts, for the steps that take seconds. */
  | { readonly kind: 'further'; readonly settings: BatchSettings; readonly drafts: readonly Draft[] }
  /** Part i is the i-th draft. */
  | { readonly kind: 'questions'; readonly settings: ClimbSettings; readonly drafts: readonly Draft[] }
