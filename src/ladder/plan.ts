/** What a certification will do: its options checked, with what was left out. */
import { type PgdSettings, pgdOptions } from '../attacks/attack.ts'
import { type EnsembleOptions, type EnsembleSettings, attacksFor, ensembleOptions } from '../attacks/ensemble.ts'
import type { AttackOptions } from '../attacks/gradient-attack.ts'
import { checkNetwork } from '../attacks/inputs.ts'
import { UserError, requireWhole, unknownName } from '../base/errors.ts'
import { checkDataset } from '../data/dataset-of.ts'
import type { Dataset } from '../data/dataset.ts'
import { checkGraph } from '../model/checked.ts'
import type { Graph } from '../model/graph.ts'
import { sizeOf } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { type Ball, type BallOptions, requireBall } from '../region/ball.ts'
import { type CompleteMethod, completeMethods, requireBallsSearchable } from '../region/question.ts'
import { chooseSteps, defaultSteps } from './chosen-steps.ts'
import { graphOverPixels } from './over-pixels.ts'
import type { StepName } from './steps/index.ts'

export interface PlanOptions extends BallOptions {
  /** Those that take milliseconds per image, if left out; 'clean' is always among them. */
  readonly steps?: readonly StepName[] | undefined
  /** Indices in the data set: all if left out. */
  readonly images?: readonly number[] | undefined
  /** Of the step 'pgd'. */
  readonly pgd?: PgdSettings | undefined
  /** Of the step 'auto'. */
  readonly auto?: EnsembleSettings | undefined
  /** How the step 'complete' searches: 'bab' if left out. */
  readonly search?: CompleteMethod | undefined
  /** Seconds that 'complete' may take for one image: 60 if left out. */
  readonly timeout?: number | undefined
  /** Decides what attacks draw: 0 if left out. */
  readonly seed?: number | undefined
}

export interface Plan {
  readonly network: Network | Graph
  readonly dataset: Dataset
  readonly images: readonly number[]
  readonly ball: Ball
  readonly steps: readonly StepName[]
  readonly attack: AttackOptions
  readonly ensemble: EnsembleOptions
  readonly search: { readonly method: CompleteMethod; readonly timeout: number }
}

export const isGraph = (network: Network | Graph): network is Graph => 'nodes' in network

/** @throws UserError for options that make no sense, and a network that does not fit the data set, or its steps */
export function planOf(network: Network | Graph, dataset: Dataset, options: PlanOptions): Plan {
  const { seed = 0, pgd = {}, auto = {} } = options
  const kind = isGraph(network) ? 'graph' : 'layers'
  const target = checkedCopy(network, dataset)
  const ball = requireBall(options, sizeOf(dataset.shape))
  requireWhole('the seed', seed, 0, Number.MAX_SAFE_INTEGER)
  const steps = chooseSteps(options.steps ?? defaultSteps(kind), kind)
  if (kind === 'graph') requireFewSettings(pgd)
  return {
    network: target,
    dataset,
    images: imagesOf(dataset, options),
    ball,
    steps,
    attack: pgdOptions(pgd, ball.domain, seed),
    ensemble: ensembleOptions(attacksFor(ball.norm), auto, seed),
    search: searchOf(ball, options),
  }
}

/** A copy, in case it is being trained. */
function checkedCopy(network: Network | Graph, dataset: Dataset): Network | Graph {
  if (isGraph(network)) {
    checkGraph(network)
    checkDataset(dataset)
    return graphOverPixels(network, dataset)
  }
  checkNetwork(network, dataset)
  return { ...network, parameters: network.parameters.slice() }
}

function imagesOf({ name, count }: Dataset, { images }: PlanOptions): readonly number[] {
  if (!images) return Array.from({ length: count }, (_, index) => index)
  const wrong = images.find((index) => !(Number.isInteger(index) && 0 <= index && index < count))
  if (wrong === undefined) return images
  throw new UserError(`there is no image ${wrong} in ${name}: it has images 0 to ${count - 1}`)
}

/** @throws UserError for settings of PGD that only the engine has */
function requireFewSettings({ stepSize, randomStart }: PgdSettings): void {
  if (stepSize === undefined && randomStart === undefined) return
  throw new UserError(
    'PGD chooses its own step sizes and starts where a network is not made of our own layers: leave them out',
  )
}

function searchOf({ norm }: Ball, { search: method = 'bab', timeout = 60 }: PlanOptions): Plan['search'] {
  if (!completeMethods.includes(method)) throw unknownName('complete method', method, completeMethods)
  if (norm !== 'linf') requireBallsSearchable(method)
  if (!(timeout > 0 && Number.isFinite(timeout))) {
    throw new UserError(`the timeout must be a positive number of seconds, not ${timeout}`)
  }
  return { method, timeout }
}
