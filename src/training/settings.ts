/**
 * Every setting of a training run: its name, what it means (which is also its help) and what it may be on its own. What
 * settings may be together, defaults and presets are in options.ts and presets.ts.
 */
import { z } from 'zod'
import { initialisations } from '../model/initialise.ts'
import { domains } from '../region/domain.ts'
import { norms } from '../region/norm.ts'
import { augmentations } from '../data/augment.ts'
import { type DatasetSource, datasetNames, isDatasetSource } from '../data/names.ts'
import { methods } from './losses/list.ts'
import { boundModes, combinations, empiricalLosses } from './losses/loss.ts'

const count = z.int().positive()
const fraction = z.number().min(0).max(1)

/** What may come before a run's own method. */
const warmUps = ['none', 'natural', 'interval'] as const

/**
 * Every setting of a run. Two runs with equal settings (and the same networks to start from, if any) have equal weights at
 * the end on one machine, no matter how many workers they have.
 */
export const trainingOptionsSchema = z
  .strictObject({
    dataset: z
      .custom<DatasetSource>(isDatasetSource)
      .describe(`data set: ${datasetNames.join(', ')}, or the path of your own (robustra data --help)`),
    architecture: z
      .string()
      .describe('architecture: a name (info --help lists them), layers, or a .toml or .json file'),
    method: z.enum(methods).describe('loss to minimise'),
    epsilon: z.number().nonnegative().describe('radius of the ball around an image, in pixels of [0, 1]'),
    epsilons: z
      .array(fraction)
      .readonly()
      .optional()
      .describe('a radius for each value of an image instead; epsilon is the largest of them'),
    epsilonFactor: z
      .number()
      .positive()
      .describe('train with this many times epsilon, which validation and certificates keep'),
    norm: z.enum(norms).describe('norm of the ball'),
    epochs: count.describe('passes over the training set'),
    batchSize: count.describe('images per step'),
    seed: z.int().nonnegative().describe('decides random weights, order of images, augmentation and attacks'),
    validationCount: z
      .number()
      .nonnegative()
      .describe('training images that are set aside for validation; below 1: which share of them'),
    augment: z.enum(augmentations).describe('random changes of training images'),
    trainingCount: z.int().nonnegative().describe('train on the first n images only; 0: on all'),
    optimiser: z.enum(['adam', 'sgd']).describe('optimiser'),
    learningRate: z.number().positive().describe('learning rate at the start'),
    momentum: fraction.describe('momentum of sgd'),
    weightDecay: z.number().nonnegative().describe('weight of the L2 penalty'),
    sparsity: z.number().nonnegative().describe('weight of the L1 penalty'),
    average: z
      .number()
      .min(0)
      .max(0.99999)
      .describe(
        'save an average of the weights over all steps, in which older ones keep this share at each step; 0: no average',
      ),
    gradientClip: z.number().nonnegative().describe('largest norm of a gradient; 0: no limit'),
    epsilonStart: z.number().nonnegative().describe('ε of the first step, at most epsilon'),
    rampEpochs: z.number().nonnegative().describe('epochs over which ε grows to its target'),
    halveEvery: z
      .number()
      .nonnegative()
      .describe('halve the learning rate when the ramp ends, and every so many epochs after that; 0: never'),
    bounds: z
      .enum(boundModes)
      .describe(
        'how lp-dual and robustra bound hidden neurons; auto takes the cheaper of exact and projected in each layer',
      ),
    projectionDimension: count.describe('random columns of a projection'),
    memory: z.number().min(1).max(1024).describe('MB that exact bounds may take at once, in each worker'),
    deviceMemory: z
      .number()
      .min(1)
      .describe('MB that training may take on a GPU; batches are cut into parts as large as fit'),
    domain: z.enum(domains).describe('whole balls, or only their part in [0, 1]'),
    empirical: z.enum(empiricalLosses).describe('loss that is mixed into one over bounds'),
    combine: z.enum(combinations).describe('what to combine of the empirical loss and the one over bounds'),
    empiricalShare: fraction.describe(
      'weight of the empirical loss; with methods interval and taps it falls from 1 to this over the ramp',
    ),
    lossExponent: fraction.describe(
      'q of the loss (1 − p^q)/q, which grows to this over the ramp; 0: cross-entropy; the larger, the less hopeless images count',
    ),
    boxShare: z
      .number()
      .positive()
      .max(1)
      .describe('bound a box around an adversarial example, with this share of the radius'),
    attackSteps: count.describe('steps of PGD'),
    attackFactor: z
      .number()
      .positive()
      .describe('search for adversarial examples in balls of this many times the radius in training'),
    attackedLayers: count.describe(
      'taps: how many of the last hidden layers PGD attacks, behind the boxes of the others',
    ),
    initialisation: z.enum(initialisations).describe('random weights to start with; ibp suits interval training'),
    start: z
      .string()
      .describe(
        'network or folder of a run to start from, whose architecture the run has if none is given; for a pair the folder of one, or two networks separated by a comma',
      ),
    warmUp: z.enum(warmUps).describe('loss to minimise in the first epochs, each network on its own'),
    warmUpEpochs: z
      .int()
      .nonnegative()
      .describe('how many of the epochs are warm-up; other schedules begin after them'),
    regularise: z
      .number()
      .nonnegative()
      .describe('weight of the regularisers of interval training; it falls to 0 as ε grows'),
    batchNorm: z
      .boolean()
      .describe('batch normalisation by clean images while training; the saved network is an ordinary one'),
    parallelPair: z
      .boolean()
      .describe('robustra: train f and g at the same time, each against the other as it was an epoch ago'),
  })
  .readonly()

export type TrainingOptions = z.infer<typeof trainingOptionsSchema>

/** Settings that users gave, by name; what is missing comes from the preset and the defaults. */
export type GivenOptions = { readonly [Name in keyof TrainingOptions]?: TrainingOptions[Name] | undefined }
