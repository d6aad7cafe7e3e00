/** Everything that decides a training run, and its checks; defaults and presets are in presets.ts. */
import { z } from 'zod'
import { UserError, unknownName } from '../base/errors.ts'
import { architectureNamed, architectureNames } from '../model/architectures.ts'
import { initialisations } from '../model/initialise.ts'
import { countHiddenUnits } from '../model/network.ts'
import { sizeOf } from '../model/layers.ts'
import { domains } from '../region/domain.ts'
import { largestEpsilon, norms } from '../region/norm.ts'
import { augmentations } from '../data/augment.ts'
import { datasetNames } from '../data/dataset.ts'
import { type Method, boundModes, empiricalLosses, isBounding, methods } from './objectives.ts'
import { byDataset, defaults, presets } from './presets.ts'

const count = z.int().positive()
const fraction = z.number().min(0).max(1)

/** What may come before a run's own method. */
const warmUps = ['none', 'natural', 'interval'] as const

/**
 * Every setting of a run. Two runs with equal settings, and the same networks to start from if they are told any, give
 * equal weights on one machine, whatever the workers.
 */
export const trainingOptionsSchema = z
  .strictObject({
    dataset: z.enum(datasetNames).describe('data set'),
    architecture: z.string().describe('architecture, see robustra info'),
    method: z.enum(methods).describe('what to minimise'),
    epsilon: z.number().nonnegative().describe('radius of the ball around an image, on pixels in [0, 1]'),
    norm: z.enum(norms).describe('norm of the ball'),
    epochs: count.describe('passes over the training set'),
    batchSize: count.describe('images per step'),
    seed: z.int().nonnegative().describe('decides start, order, augmentation and attacks'),
    validationCount: z.int().nonnegative().describe('images of the training set kept for validation'),
    augment: z.enum(augmentations).describe('random changes of training images'),
    trainingCount: z.int().nonnegative().describe('train on the first this many images only; 0 for all'),
    optimiser: z.enum(['adam', 'sgd']).describe('how to step'),
    learningRate: z.number().positive().describe('at the start'),
    momentum: fraction.describe('of sgd'),
    weightDecay: z.number().nonnegative().describe('L2 penalty'),
    sparsity: z.number().nonnegative().describe('L1 penalty on weights'),
    average: z
      .number()
      .min(0)
      .max(0.99999)
      .describe('what older weights keep in their average at each step, which is what is saved; 0: no average'),
    gradientClip: z.number().nonnegative().describe('largest norm of a gradient; 0 for no limit'),
    epsilonStart: z.number().nonnegative().describe('ε of the first step, at most epsilon'),
    rampEpochs: z.number().nonnegative().describe('epochs over which ε grows to its target'),
    halveEvery: z
      .number()
      .nonnegative()
      .describe('halve the learning rate when the ramp ends, and every so many epochs after that; 0: never'),
    bounds: z
      .enum(boundModes)
      .describe('of hidden neurons in lp-dual and robustra; auto: per layer, exact or projected, what multiplies less'),
    projectionDimension: count.describe('random columns of projected bounds'),
    memory: z.number().min(1).max(1024).describe('MB that exact bounds take at once, in each worker'),
    domain: z.enum(domains).describe('of all balls: whole, or only their part in [0, 1]'),
    empirical: z.enum(empiricalLosses).describe('loss that is mixed into one of bounds'),
    empiricalShare: fraction.describe('its weight; in interval training it falls from 1 to this over the ramp'),
    lossExponent: fraction.describe(
      'q of the loss (1 − p^q)/q, reached over the ramp, from cross-entropy, 0: the larger, the less hopeless images weigh',
    ),
    boxShare: z
      .number()
      .positive()
      .max(1)
      .describe('bounds hold over a box of this share of the radius around an adversarial example'),
    attackSteps: count.describe('PGD steps towards adversarial examples'),
    initialisation: z.enum(initialisations).describe('random weights to start from; ibp suits interval training'),
    start: z
      .string()
      .describe(
        'network or folder of a run to start from; for a pair the folder of one, or a network each, by a comma',
      ),
    warmUp: z.enum(warmUps).describe('what to minimise in the first epochs, each network for itself'),
    warmUpEpochs: z
      .int()
      .nonnegative()
      .describe('of all epochs; ε and the learning rate follow their schedules after them'),
    regularise: z
      .number()
      .nonnegative()
      .describe('weight of the regularisers of interval training, which falls to 0 as ε grows'),
    batchNorm: z
      .boolean()
      .describe('normalise hidden layers by clean images while training; what is saved are ordinary weights'),
    parallelPair: z.boolean().describe('robustra: f and g at the same time, each against the other’s last epoch'),
  })
  .readonly()

export type TrainingOptions = z.infer<typeof trainingOptionsSchema>

/** Methods of one network that take enough images at once for moments that mean something. */
const wideMethods: ReadonlySet<Method> = new Set<Method>(['natural', 'adversarial', 'interval'])

/** Settings that users gave, by name; what is missing comes from the preset and the defaults. */
export type GivenOptions = { readonly [Name in keyof TrainingOptions]?: TrainingOptions[Name] | undefined }

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
  const base = { ...defaults, ...byDataset[dataset], ...chosen }
  const epochs = typeof given.epochs === 'number' ? given.epochs : base.epochs
  const warmUp = given.warmUp ?? base.warmUp
  const warmUpEpochs = typeof given.warmUpEpochs === 'number' ? given.warmUpEpochs : warmUp === 'none' ? 0 : 1
  const ownEpochs = Math.max(0, epochs - warmUpEpochs)
  const isInterval = warmUp === 'interval' || (given.method ?? base.method) === 'interval'
  const scaled = {
    ...base,
    warmUpEpochs,
    rampEpochs: ownEpochs / 5,
    halveEvery: ownEpochs / 10,
    // as Shi et al. (2021) have them together
    empiricalShare: (given.method ?? base.method) === 'interval' ? 0.5 : base.empiricalShare,
    regularise: given.initialisation === 'ibp' && isInterval ? 0.5 : base.regularise,
    bounds: isLarge(given.architecture ?? base.architecture) ? ('auto' as const) : base.bounds,
  }
  const parsed = trainingOptionsSchema.safeParse({ ...scaled, ...named })
  if (!parsed.success) throw new UserError(describeIssue(parsed.error.issues[0], named))
  requirePossibleRadii(parsed.data)
  const { method, parallelPair } = parsed.data
  if (parallelPair && method !== 'robustra') {
    throw new UserError(`parallelPair is for method robustra, which trains a pair: leave it out with method ${method}`)
  }
  if (parsed.data.norm === 'l1' && parsed.data.bounds === 'projected') {
    throw new UserError('bounds projected are for norms linf and l2, not l1: choose bounds exact or auto')
  }
  requireSensibleStart(parsed.data)
  requireSensibleMixture(parsed.data)
  return parsed.data
}

/** @throws UserError if a ball of such a radius would hold all images, or for an unknown architecture */
function requirePossibleRadii(options: TrainingOptions): void {
  const inputs = sizeOf(architectureNamed(options.architecture).input)
  const most = largestEpsilon(options.norm, inputs)
  for (const name of ['epsilon', 'epsilonStart'] as const) {
    if (options[name] <= most) continue
    const pixels = options.norm === 'linf' ? '' : ` of ${inputs} pixels`
    throw new UserError(
      `${name} is ${options[name]}: it must be at most ${most} in norm ${options.norm}${pixels}; ` +
        'it is in pixels of [0, 1], such as 0.1 or 2/255',
    )
  }
}

/** @throws UserError if settings of how a run begins contradict each other */
function requireSensibleStart(options: TrainingOptions): void {
  const { method, epochs, initialisation, start, warmUp, warmUpEpochs, regularise, batchNorm } = options
  const refuse = (what: string) => {
    throw new UserError(what)
  }
  if (start !== '' && initialisation !== 'default') {
    refuse(`initialisation ${initialisation} is of random starts, but start is '${start}': leave one of them out`)
  }
  if (batchNorm && !wideMethods.has(method)) {
    refuse(`batchNorm is for methods ${[...wideMethods].join(', ')}: leave it out with method ${method}`)
  }
  if (warmUp === 'none' && warmUpEpochs > 0) {
    refuse(`warmUpEpochs is ${warmUpEpochs}, but warmUp is none: choose natural or interval`)
  }
  if (warmUp !== 'none' && warmUpEpochs === 0) refuse(`warmUpEpochs is 0: it must be at least 1 with warmUp ${warmUp}`)
  if (warmUp === method) refuse(`warmUp is ${warmUp}, which is the method itself: leave it out, and set rampEpochs`)
  if (warmUpEpochs >= epochs) {
    refuse(`warmUpEpochs is ${warmUpEpochs} of ${epochs} epochs, which leaves none to ${method}: it must be less`)
  }
  if (regularise > 0 && warmUp !== 'interval' && method !== 'interval') {
    refuse(`regularise is ${regularise}, but nothing is trained by intervals: choose method or warmUp interval`)
  }
}

/** @throws UserError if what composes with bounds is set for a method without any */
function requireSensibleMixture({ method, empiricalShare, lossExponent, boxShare }: TrainingOptions): void {
  if (lossExponent > 0 && method === 'orthogonal') {
    throw new UserError('lossExponent is not for method orthogonal, which has a loss of its own: leave it out')
  }
  if (isBounding(method)) return
  const set = empiricalShare > 0 ? 'empiricalShare' : boxShare < 1 ? 'boxShare' : undefined
  if (set)
    throw new UserError(
      `${set} is for methods of bounds, interval, lp-dual and robustra: leave it out with method ${method}`,
    )
}

/** The paper estimates bounds in training Large and ResNet. */
function isLarge(architecture: string): boolean {
  return architectureNames.includes(architecture) && countHiddenUnits(architectureNamed(architecture)) > 10_000
}

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  if (issue.code === 'unrecognized_keys') {
    return unknownName('setting', issue.keys[0], Object.keys(trainingOptionsSchema.unwrap().shape)).message
  }
  const name = String(issue.path[0])
  if (issue.code === 'too_small')
    return `${name} is ${JSON.stringify(given[name])}: it must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
  if (issue.code === 'too_big') return `${name} is ${JSON.stringify(given[name])}: it must be at most ${issue.maximum}`
  if (issue.code === 'invalid_value')
    return unknownName(name === 'dataset' ? 'data set' : name, String(given[name]), issue.values.map(String)).message
  return `${name} is ${JSON.stringify(given[name])}: ${issue.message.replace(/^Invalid input: /, '')}`
}
