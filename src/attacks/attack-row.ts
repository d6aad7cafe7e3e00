/** What an attack says of an image, and sums over the images of a run. */
import type { Ball } from '../region/ball.ts'
import { type EnsembleAttack, type EnsembleOptions, ensembleAttacks } from './ensemble.ts'
import type { AttackOptions } from './gradient-attack.ts'
import type { AdversarialExample } from './recheck.ts'

/** 'auto' is the others of the ensemble, one after the other. */
export const attackMethods = ['fgsm', 'pgd', ...ensembleAttacks, 'auto'] as const
export type AttackMethod = (typeof attackMethods)[number]

/** What became of one image. */
export interface AttackRow {
  readonly index: number
  readonly label: number
  /** Of the clean image. */
  readonly prediction: number
  /** 'misclassified' images are not attacked; 'withstood' proves nothing. */
  readonly verdict: 'misclassified' | 'vulnerable' | 'withstood'
  /** z_label − max(other logits): clean if misclassified, else at the worst point found. */
  readonly margin: number
  readonly adversarial?: AdversarialExample
  /** Which attack of the ensemble found it. */
  readonly by?: EnsembleAttack
}

/** What a run of attacks was asked for, the defaults filled in. */
export interface AttackHeader extends Ball {
  readonly method: AttackMethod
  readonly attack: AttackOptions | EnsembleOptions
  readonly dataset: string
  /** The name of the network that was attacked in its place, if there was one. */
  readonly from?: string
}

export interface AttackSummary extends AttackHeader {
  readonly images: number
  /** Counts of images: misclassified, and those or successfully attacked. */
  readonly cleanErrors: number
  readonly attackErrors: number
  /** The same as shares of the images. */
  readonly cleanError: number
  readonly attackError: number
}

export function summariseAttack(header: AttackHeader, rows: readonly AttackRow[]): AttackSummary {
  const cleanErrors = rows.filter(({ verdict }) => verdict === 'misclassified').length
  const attackErrors = rows.filter(({ verdict }) => verdict !== 'withstood').length
  return {
    ...header,
    ...{ images: rows.length, cleanErrors, attackErrors },
    ...{ cleanError: cleanErrors / rows.length, attackError: attackErrors / rows.length },
  }
}
