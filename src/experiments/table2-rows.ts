/** The rows of Table 2: which network is trained on what, with which of the paper's settings. */
import { unknownName } from '../base/errors.ts'
import { trainingOptions } from '../training/options.ts'
import type { TrainingOptions } from '../training/settings.ts'
import type { Scale } from './experiment.ts'
import { type DatasetName } from '../data/names.ts'
import { type PaperRow, paperTable2 } from './paper.ts'

export const PAPER_EPOCHS = 100

/** Each row is trained twice: by Robustra, and by the plain LP-dual loss of Wong & Kolter (2018), the baseline. */
export const rowMethods = ['robustra', 'lp-dual'] as const
export type RowMethod = (typeof rowMethods)[number]

export interface RowPlan {
  /** dataset-ε-model, such as 'cifar10-2-small'; ε of CIFAR-10 in 255ths. */
  readonly name: string
  readonly dataset: DatasetName
  readonly epsilon: string
  readonly model: string
  /** The paper's figures; none for our row for trying it out. */
  readonly paper: PaperRow | undefined
}

const planOf = (name: string): RowPlan => {
  const [dataset, epsilon, model] = name.split('-') as [DatasetName, string, string]
  const shown = dataset === 'cifar10' ? `${epsilon}/255` : epsilon
  return { name, dataset, epsilon: shown, model, paper: paperTable2[name] }
}

/** In the paper's order; the last one needs no files, and is not in the paper. */
export const tablePlans: readonly RowPlan[] = [...Object.keys(paperTable2), 'synthetic-0.1-small'].map(planOf)

/** All rows of the paper, the quickest and most telling ones first. */
export const defaultRows: readonly string[] = [
  ...['mnist-0.3-small', 'mnist-0.1-small', 'cifar10-2-small', 'cifar10-8-small', 'mnist-0.1-large', 'mnist-0.3-large'],
  ...['cifar10-2-large', 'cifar10-8-large', 'cifar10-2-resnet', 'cifar10-8-resnet'],
]

/** @throws UserError if no row has this name */
export function rowPlan(name: string): RowPlan {
  const found = tablePlans.find((plan) => plan.name === name)
  if (!found)
    throw unknownName(
      'row',
      name,
      tablePlans.map((plan) => plan.name),
    )
  return found
}

/** The paper's text has 0.001, with which SGD learns next to nothing; this is that of the authors' program. */
const CIFAR10_LEARNING_RATE = 0.05

/** The paper's protocol for both methods, which differ in nothing else. */
export function rowOptions({ name, dataset, model }: RowPlan, method: RowMethod, scale: Scale): TrainingOptions {
  const { epochs, trainingCount, validationCount } = scale
  const like = dataset === 'cifar10' ? 'cifar10' : 'mnist'
  const learningRate = like === 'cifar10' ? CIFAR10_LEARNING_RATE : undefined
  return trainingOptions(
    { dataset, architecture: `${like}-${model}`, method, epochs, trainingCount, validationCount, learningRate },
    `paper-${like}-${name.split('-')[1]}`,
  )
}
