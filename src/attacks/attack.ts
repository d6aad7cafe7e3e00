/** Attacks on a network over a range of a data set. */
import type { Ball } from '../region/ball.ts'
import type { Domain } from '../region/domain.ts'
import { describeNorm } from '../region/norm.ts'
import type { Dataset } from '../data/dataset.ts'
import { inOrder, untilAborted } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import { UserError, requireWhole, unknownName } from '../base/errors.ts'
import type { Network } from '../model/network.ts'
import { type AttackHeader, type AttackMethod, type AttackRow, attackMethods } from './attack-row.ts'
import { attackTask } from './attack-task.ts'
import type { AttackData } from './attack-worker.ts'
import { type EnsembleOptions, type EnsembleSettings, attacksFor, ensembleOptions } from './ensemble.ts'
import { type AttackOptions, fgsm, pgd } from './gradient-attack.ts'
import {
  IMAGES_PER_PART,
  type RangeOptions,
  SLOW_IMAGES_PER_PART,
  checkInputs,
  checkNetwork,
  countParts,
} from './inputs.ts'

/** Settings that PGD alone has; for their defaults see `pgdOptions`. */
export interface PgdSettings {
  readonly steps?: number | undefined
  /** Length of a step as a fraction of ε. */
  readonly stepSize?: number | undefined
  readonly restarts?: number | undefined
  readonly randomStart?: boolean | undefined
}

export interface AttackRunOptions extends RangeOptions, PgdSettings, EnsembleSettings {
  readonly method: AttackMethod
  /** A network that is attacked in the place of the given one, which is then tried at the points that were found. */
  readonly from?: Network | undefined
}

/**
 * PGD with settings left out filled in: 40 steps of 0.1 (2.5 / steps if there are fewer than 25), 1 restart, random
 * starts. @throws UserError for numbers that make no sense
 */
export function pgdOptions(settings: PgdSettings, domain: Domain, seed: number): AttackOptions {
  const defaults = pgd(domain, seed)
  const options = {
    ...defaults,
    steps: settings.steps ?? defaults.steps,
    restarts: settings.restarts ?? defaults.restarts,
    randomStart: settings.randomStart ?? defaults.randomStart,
  }
  requireWhole('the number of steps', options.steps, 1, 100_000)
  requireWhole('the number of restarts', options.restarts, 1, 100_000)
  const stepSize = settings.stepSize ?? Math.max(defaults.stepSize, 2.5 / options.steps)
  if (!(stepSize > 0 && Number.isFinite(stepSize))) {
    throw new UserError(`the step size must be a positive number (a fraction of ε), not ${stepSize}`)
  }
  return { ...options, stepSize }
}

/**
 * Attacks the images `first` to `last` − 1. Sound: an image is 'vulnerable' only by a point that `recheck` confirmed.
 * Complete: no. Image i draws from streams named by (seed, i, restart) alone: neither workers nor the range matter.
 * @returns one row per image, in order; who stops asking ends it
 * @throws UserError for input that makes no sense; the rows stop with the signal's reason
 */
export function attack(given: Network, dataset: Dataset, options: AttackRunOptions): AsyncIterable<AttackRow> {
  const header = attackHeader(given, dataset, options)
  // a copy, in case it is being trained
  const copyOf = (network: Network): Network => ({ ...network, parameters: network.parameters.slice() })
  return rowsOf({ network: copyOf(given), from: options.from && copyOf(options.from), dataset }, header, options)
}

async function* rowsOf(
  data: AttackData,
  { attack, epsilon, epsilons, norm, domain }: AttackHeader,
  options: AttackRunOptions,
): AsyncGenerator<AttackRow, void> {
  const { first, last, executor = inline, signal } = options
  const perPart = 'attacks' in attack ? SLOW_IMAGES_PER_PART : IMAGES_PER_PART
  const parts = countParts(options, perPart)
  const crew = executor.start(attackTask, data, parts)
  try {
    const job = { first, last, ball: { epsilon, epsilons, norm, domain }, attack, perPart }
    for await (const rows of inOrder(crew.run(job, parts, signal))) yield* untilAborted(rows, signal)
  } finally {
    await crew.close()
  }
}

/** What `attack` will do. @throws UserError for input that makes no sense */
export function attackHeader(network: Network, dataset: Dataset, options: AttackRunOptions): AttackHeader {
  const { method, from } = options
  const ball = checkInputs(network, dataset, options)
  if (from) checkNetwork(from, dataset)
  const attack = attackOptions(options, ball)
  return { method, attack, ...ball, dataset: dataset.name, ...(from && { from: from.architecture.name }) }
}

function attackOptions(options: AttackRunOptions, { norm, domain }: Ball): AttackOptions | EnsembleOptions {
  const { method, seed } = options
  if (!attackMethods.includes(method)) throw unknownName('attack', method, attackMethods)
  refuseOthers(options)
  if (method === 'pgd') return pgdOptions(options, domain, seed)
  if (method === 'fgsm') return fgsm(domain, seed)
  const known = attacksFor(norm)
  const attacks = method === 'auto' ? known : [method]
  const unknown = attacks.find((name) => !known.includes(name))
  if (unknown) {
    throw new UserError(
      `${unknown} knows no balls of ${describeNorm(norm)}: choose another attack, such as ${known[0]}`,
    )
  }
  return ensembleOptions(attacks, options, seed)
}

const settingsOf: Readonly<Record<AttackMethod, readonly (keyof PgdSettings | keyof EnsembleSettings)[]>> = {
  fgsm: [],
  pgd: ['steps', 'stepSize', 'restarts', 'randomStart'],
  'apgd-ce': ['steps'],
  'apgd-t': ['steps'],
  fab: ['steps'],
  square: ['queries'],
  auto: ['steps', 'queries'],
}

/** @throws UserError for settings that the method does not have */
function refuseOthers(options: AttackRunOptions): void {
  const { method } = options
  const all = ['steps', 'stepSize', 'restarts', 'randomStart', 'queries'] as const
  const others = all.filter((name) => options[name] !== undefined && !settingsOf[method].includes(name))
  if (others.length === 0) return
  const having = attackMethods.filter((name) => others.every((setting) => settingsOf[name].includes(setting)))
  const instead = having.length > 0 ? `, or choose ${having.join(', ')}` : ''
  throw new UserError(`${method} takes no such settings: leave out ${others.join(', ')}${instead}`)
}
