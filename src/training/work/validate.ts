/** Clean, attack and certified errors of validation images. */
import { type AttackOptions, attackChunk } from '../../attacks/gradient-attack.ts'
import { type Chunk, loadChunk } from '../../bounds/chunk.ts'
import { proveNetwork } from '../../bounds/dual.ts'
import { provedMargins } from '../../bounds/margins.ts'
import { forward } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tensor } from '../../device/tape.ts'
import { areCorrect } from '../losses/classification.ts'
import { unstableOf } from '../losses/hidden-bounds.ts'
import { examples } from './examples.ts'
import type { Replicas } from './replicas.ts'
import type { Version } from './setup.ts'
import type { Ball } from '../../region/ball.ts'

/** Part i: errors of validation images i · size to (i + 1) · size. */
export interface ValidateJob {
  readonly kind: 'validate'
  readonly network: Version
  readonly ball: Ball
  readonly size: number
}

/** Counts. */
export interface ValidateResult {
  cleanErrors: number
  /** Misclassified, or broken by a hasty attack. */
  attackErrors: number
  certifiedErrors: number
  /** Images that no attack settled: those that got bounds. */
  bounded: number
  /** Share of unstable hidden neurons, summed over these. */
  unstable: number
}

/** What errors of all validation images come to: shares; all null if there are no such images. */
export interface Validation {
  readonly cleanError: number | null
  /** Misclassified, or broken by the four steps of PGD that come before bounds; the exact error is from here… */
  readonly attackError: number | null
  /** …to here: not proved by LP bounds. */
  readonly certifiedError: number | null
  /** What a GPU estimates `certifiedError` to be; then that is null, for nothing was proved. */
  readonly estimatedError?: number
  /** Share of hidden neurons that are unstable, on images that a hasty attack cannot break; null if it breaks all. */
  readonly unstable: number | null
}

/** @param count of all images */
export function measureOf(results: readonly ValidateResult[], count: number): Validation {
  if (count === 0) return { cleanError: null, attackError: null, certifiedError: null, unstable: null }
  const sum = (of: (result: ValidateResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const bounded = sum((result) => result.bounded)
  return {
    cleanError: sum((result) => result.cleanErrors) / count,
    attackError: sum((result) => result.attackErrors) / count,
    certifiedError: sum((result) => result.certifiedErrors) / count,
    unstable: bounded > 0 ? sum((result) => result.unstable) / bounded : null,
  }
}

/** Images that are bounded together. */
const TOGETHER = 4

export function validateImages(replicas: Replicas, job: ValidateJob, part: number): ValidateResult {
  const { setup } = replicas
  const network = replicas.at(job.network)
  const end = Math.min(setup.validation.count, (part + 1) * job.size)
  const total: ValidateResult = { cleanErrors: 0, attackErrors: 0, certifiedErrors: 0, bounded: 0, unstable: 0 }
  const chunkOf = (indices: readonly number[]) => loadChunk(network, examples(setup.validation, indices), job.ball)
  for (let first = part * job.size; first < end; first += TOGETHER) {
    const indices = Array.from({ length: Math.min(TOGETHER, end - first) }, (_, i) => first + i)
    const chunk = chunkOf(indices)
    const isCorrect = correctAt(network, chunk, chunk.images)
    total.cleanErrors += isCorrect.filter((correct) => !correct).length
    // what a hasty attack breaks needs no bounds, which are expensive while a network is not robust
    const attack = { ...hastyAttack, domain: job.ball.domain }
    const holds = correctAt(network, chunk, attackChunk(network, chunk, attack, indices))
    const open = indices.filter((_, e) => isCorrect[e] && holds[e])
    total.attackErrors += indices.length - open.length
    total.certifiedErrors += indices.length - open.length
    if (open.length > 0) addBounds(total, network, chunkOf(open))
    replicas.release()
  }
  return total
}

/** Adds what LP bounds say of images that no attack has settled. */
function addBounds(total: ValidateResult, network: LoadedNetwork, chunk: Chunk): void {
  const proved = proveNetwork(network, chunk, true)
  total.bounded += chunk.count
  total.unstable += unstableOf(proved)
  chunk.labels.forEach((label, e) => {
    const margins = provedMargins(proved, e)
    if (margins.some((margin, target) => target !== label && !(margin < 0))) total.certifiedErrors++
  })
}

/** A few large steps from the image. */
export const hastyAttack: Omit<AttackOptions, 'domain'> = {
  ...{ steps: 4, stepSize: 0.5, restarts: 1, randomStart: false },
  seed: 0,
}

/** Whether the network is right about each example of a chunk, at the given points [input][example]. */
function correctAt(network: LoadedNetwork, chunk: Chunk, points: Tensor): boolean[] {
  const { columns } = chunk
  return areCorrect(forward(network, undefined, points, { columns, input: false, weights: false }), chunk)
}
