/**
 * Every setting of a training run: its name, what it means (which is also its help) and what it may be on its own. What
 * settings may be together, defaults and presets are in options.ts and presets.ts.
 */
import { z } from 'zod'
import { initialisations } from '../model/initialise.ts'
import { domains } from '../region/domain.ts'
import { norms } from '../region/norm.ts'
import { augmentations } from '../data/augment.ts'
import { datasetNames } from '../data/names.ts'
import { methods } from './losses/list.ts'
import { boundModes, empiricalLosses } from './losses/loss.ts'

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
        'network or folder of a run to start from; for a pair the folder of one, or two networks separated by a comma',
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

/** Settings that users gave, by name; what is missing comes from the preset and the defaults. */
export type GivenOptions = { readonly [Name in keyof TrainingOptions]?: TrainingOptions[Name] | undefined }
