/** Makes the settings of a run from given ones, a preset and the defaults, and checks whether they make sense together. */
import type { z } from 'zod'
import { UserError, unknownName } from '../base/errors.ts'
import { imagesOfDataset, unknownDataset } from '../data/names.ts'
import { requireWritten } from '../model/architectures.ts'
import { sizeOf } from '../model/layers.ts'
import { largestOf, requireRadii } from '../region/ball.ts'
import { planStages } from '../model/stages.ts'
import type { Architecture } from '../model/network.ts'
import { largestEpsilon } from '../region/norm.ts'
import { isLarge, trainedArchitecture } from './architecture.ts'
import { latentStage } from './losses/latent.ts'
import { lossOf, losses } from './losses/list.ts'
import type { Loss } from './losses/loss.ts'
import { normalisingMethods } from './normalised.ts'
import { defaults, defaultsOf, presets } from './presets.ts'
import { type GivenOptions, type TrainingOptions, trainingOptionsSchema } from './settings.ts'

const namesOf = (which: (loss: Loss) => boolean) => losses.filter(which).map(({ name }) => name)

/**
 * Complete, checked settings. The schedule of a preset or default shrinks or stretches with the epochs after the
 * warm-up: the paper's ramp takes a fifth of them and the learning rate halves every tenth.
 * @throws UserError that names the setting
 */
export function trainingOptions(given: GivenOptions, preset?: string): TrainingOptions {
  if (preset !== undefined && !Object.hasOwn(presets, preset)) throw unknownName('preset', preset, Object.keys(presets))
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const chosen = preset === undefined ? {} : presets[preset]
  const dataset = given.dataset ?? chosen.dataset ?? defaults.dataset
  const base = { ...defaults, ...defaultsOf(dataset), ...chosen }
  const images = imagesOfDataset(dataset)
  const epochs = typeof given.epochs === 'number' ? given.epochs : base.epochs
  const warmUp = given.warmUp ?? base.warmUp
  const warmUpEpochs = typeof given.warmUpEpochs === 'number' ? given.warmUpEpochs : warmUp === 'none' ? 0 : 1
  const ownEpochs = Math.max(0, epochs - warmUpEpochs)
  const method = given.method ?? base.method
  const scaled = {
    ...base,
    ...(isRadii(given.epsilons) && { epsilon: largestOf(given.epsilons) }),
    warmUpEpochs,
    rampEpochs: ownEpochs / 5,
    halveEvery: ownEpochs / 10,
    // as Shi et al. (2021) have them together
    empiricalShare: chosen.empiricalShare ?? (method === 'interval' ? 0.5 : base.empiricalShare),
    regularise:
      (given.initialisation ?? base.initialisation) === 'ibp' && isRegularised({ method, warmUp })
        ? 0.5
        : base.regularise,
    bounds: isLarge(given.architecture ?? base.architecture, images) ? ('auto' as const) : base.bounds,
  }
  const parsed = trainingOptionsSchema.safeParse({ ...scaled, ...named })
  if (!parsed.success) throw new UserError(describeIssue(parsed.error.issues[0], named))
  const { architecture } = parsed.data
  if (images) requirePossible(parsed.data, trainedArchitecture(architecture, images, dataset))
  else requireWritten(architecture)
  if (parsed.data.parallelPair && lossOf(parsed.data.method).reference !== 'mutual') {
    throw new UserError(`parallelPair is for method robustra, which trains a pair: leave it out with method ${method}`)
  }
  if (parsed.data.norm === 'l1' && parsed.data.bounds === 'projected') {
    throw new UserError('bounds projected are for norms linf and l2, not l1: choose bounds exact or auto')
  }
  requireSensibleStart(parsed.data)
  requireSensibleMixture(parsed.data)
  return parsed.data
}

/** @throws UserError if an architecture, or its images, do not allow what the settings want */
export function requirePossible(options: TrainingOptions, architecture: Architecture): void {
  requirePossibleRadii(options, architecture)
  requireLatentBox(options, architecture)
}

/** @throws UserError if a ball of this radius would hold all images */
function requirePossibleRadii(options: TrainingOptions, { input }: Architecture): void {
  const inputs = sizeOf(input)
  const most = largestEpsilon(options.norm, inputs)
  const { epsilon, epsilonStart, epsilonFactor, attackFactor } = options
  const radii = {
    epsilon,
    epsilonStart,
    'epsilonFactor times epsilon': epsilonFactor * epsilon,
    'attackFactor times the radius in training': attackFactor * epsilonFactor * epsilon,
  }
  for (const [name, radius] of Object.entries(radii)) {
    if (radius <= most) continue
    const pixels = options.norm === 'linf' ? '' : ` of ${inputs} pixels`
    throw new UserError(
      `${name} is ${radius}: it must be at most ${most} in norm ${options.norm}${pixels}; ` +
        'it is in pixels of [0, 1], such as 0.1 or 2/255',
    )
  }
  // how many there must be is known when the images are: train.ts
  if (options.epsilons) requireRadii(options, options.epsilons.length)
}

/** @throws UserError if settings of how a run begins contradict each other */
function requireSensibleStart(options: TrainingOptions): void {
  const { method, epochs, initialisation, start, warmUp, warmUpEpochs, regularise, batchNorm } = options
  const refuse = (what: string) => {
    throw new UserError(what)
  }
  if (start !== '' && initialisation !== 'default') {
    refuse(`initialisation ${initialisation} is for random weights, but start is '${start}': leave one of them out`)
  }
  if (batchNorm && !normalisingMethods.includes(method)) {
    refuse(`batchNorm is for methods ${normalisingMethods.join(', ')}: leave it out with method ${method}`)
  }
  if (warmUp === 'none' && warmUpEpochs > 0) {
    refuse(`warmUpEpochs is ${warmUpEpochs}, but warmUp is none: choose natural or interval`)
  }
  if (warmUp !== 'none' && warmUpEpochs === 0) refuse(`warmUpEpochs is 0: it must be at least 1 with warmUp ${warmUp}`)
  if (warmUp === method) refuse(`warmUp is ${warmUp}, which is the method itself: leave it out, and set rampEpochs`)
  if (warmUpEpochs >= epochs) {
    refuse(`warmUpEpochs is ${warmUpEpochs} of ${epochs} epochs, which leaves none for ${method}: give fewer`)
  }
  if (regularise > 0 && !isRegularised(options)) {
    refuse(
      `regularise is ${regularise}, but no interval training takes place: choose method or warmUp interval, or method taps`,
    )
  }
}

/** Whether the regularisers of interval training have something to do. */
const isRegularised = ({ method, warmUp }: Pick<TrainingOptions, 'method' | 'warmUp'>): boolean =>
  warmUp === 'interval' || losses.some((loss: Loss) => loss.name === method && loss.isInterval)

/** @throws UserError if the attacked layers of TAPS do not leave a box behind earlier ones */
function requireLatentBox({ method, attackedLayers }: TrainingOptions, architecture: Architecture): void {
  if (method !== 'taps') return
  const { stages } = planStages(architecture)
  if (latentStage(stages, attackedLayers) !== undefined) return
  const hidden = stages.length - 1
  throw new UserError(
    attackedLayers < hidden
      ? `attackedLayers is ${attackedLayers}, but ${architecture.name} has a skip past the layer before them: choose another number`
      : `attackedLayers is ${attackedLayers}: ${architecture.name} has ${hidden} hidden layers, of which the first is never attacked`,
  )
}

/** @throws UserError if a setting that composes with bounds is given for a method without bounds */
function requireSensibleMixture(options: TrainingOptions): void {
  const { method, empirical, combine, empiricalShare, lossExponent, boxShare, attackFactor } = options
  const { over, isCrossEntropy } = lossOf(method)
  if (lossExponent > 0 && !isCrossEntropy) {
    throw new UserError(`lossExponent is not for method ${method}, which has a loss of its own: leave it out`)
  }
  const isAttacked = method === 'adversarial' || (over === 'bounds' && empirical === 'adversarial')
  if (attackFactor !== 1 && !isAttacked) {
    throw new UserError(
      `attackFactor is ${attackFactor}, but no adversarial loss is minimised: choose method or empirical adversarial`,
    )
  }
  if (combine !== 'losses' && (over !== 'bounds' || !isCrossEntropy || empiricalShare === 0)) {
    const methods = namesOf((loss) => loss.over === 'bounds' && loss.isCrossEntropy).join(', ')
    throw new UserError(
      empiricalShare === 0
        ? `combine is ${combine}, but empiricalShare is 0: give the share of the empirical loss, or leave combine out`
        : `combine ${combine} is for methods ${methods}: leave it out with method ${method}`,
    )
  }
  if (over === 'bounds') return
  const set = empiricalShare > 0 ? 'empiricalShare' : boxShare < 1 ? 'boxShare' : undefined
  if (set)
    throw new UserError(
      `${set} is for methods over bounds (${namesOf((loss) => loss.over === 'bounds').join(', ')}): leave it out with method ${method}`,
    )
}

const isRadii = (given: unknown): given is readonly number[] => Array.isArray(given) && given.every(Number.isFinite)

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  if (issue.code === 'unrecognized_keys') {
    return unknownName('setting', issue.keys[0], Object.keys(trainingOptionsSchema.unwrap().shape)).message
  }
  const name = String(issue.path[0])
  if (issue.code === 'too_small')
    return `${name} is ${shown(given[name])}: it must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
  if (issue.code === 'too_big') return `${name} is ${shown(given[name])}: it must be at most ${issue.maximum}`
  if (name === 'dataset') return unknownDataset(String(given[name])).message
  if (name === 'method' && Object.hasOwn(presets, String(given[name]))) {
    return `method ${given[name]} is a loss with several settings: choose preset ${given[name]}`
  }
  if (issue.code === 'invalid_value') return unknownName(name, String(given[name]), issue.values.map(String)).message
  return `${name} is ${shown(given[name])}: ${issue.message.replace(/^Invalid input: /, '')}`
}

/** NaN and infinity are null in JSON. */
const shown = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value))
