/** The data sets that can be named, paths of one's own, and how many training images are for validation by default. */
import { UserError, unknownName } from '../base/errors.ts'
import { cifar10 } from './cifar10.ts'
import type { Images } from '../model/layer-items.ts'
import { cifar100 } from './cifar100.ts'
import { emnistBalanced, emnistDigits, emnistLetters } from './emnist.ts'
import { fashionMnist, kmnist } from './mnist-like.ts'
import { mnist } from './mnist.ts'
import { svhn } from './svhn.ts'
import type { PublishedDataset } from './published.ts'

/** Those that are files; 'synthetic' is made by the program. */
export const publishedDatasets: readonly PublishedDataset[] = [
  ...[mnist, cifar10, fashionMnist, kmnist],
  ...[emnistBalanced, emnistLetters, emnistDigits, cifar100, svhn],
]

export const datasetNames = [
  ...(['synthetic', 'mnist', 'cifar10', 'fashion-mnist', 'kmnist'] as const),
  ...(['emnist-balanced', 'emnist-letters', 'emnist-digits', 'cifar100', 'svhn'] as const),
] as const

/** What the images of a data set are, as far as its name tells. */
export const imagesOfDataset = (dataset: string): Images | undefined =>
  dataset === 'synthetic' ? mnist.images : publishedDatasets.find(({ name }) => name === dataset)?.images

/** How names of files that are a data set of one's own end. */
export const ownExtensions = ['.toml', '.npz', '.csv'] as const

export type DatasetName = (typeof datasetNames)[number]

/** A path, which must look like one: './photos', 'data/photos' or 'table.csv', so that a misspelt name is no path. */
export type DatasetPath = `${string}/${string}` | `${string}\\${string}` | `${string}${(typeof ownExtensions)[number]}`

/** A known name, or the path of one's own data: see docs/commands.md. */
export type DatasetSource = DatasetName | DatasetPath

export const isDatasetPath = (text: string): text is DatasetPath =>
  /[/\\]/.test(text) || ownExtensions.some((extension) => text.endsWith(extension))

export const isDatasetSource = (text: unknown): text is DatasetSource =>
  typeof text === 'string' && (datasetNames.some((name) => name === text) || isDatasetPath(text))

/** A misspelt name, or a path that does not look like one. */
export function unknownDataset(name: string): UserError {
  const { message } = unknownName('data set', name, datasetNames)
  return new UserError(`${message} (your own data is a path, such as ./${name})`)
}

/** How many training images are set aside by default; below 1, which share of them: see `setAside`. */
export const validationCountOf = (dataset: string): number =>
  isDatasetPath(dataset) ? 0.1 : dataset === 'synthetic' ? 600 : 5000
