/** The data sets that can be named, and how many of their training images are for validation if nothing else is said. */
import { cifar10 } from './cifar10.ts'
import type { Images } from '../model/layer-items.ts'
import { mnist } from './mnist.ts'
import type { PublishedDataset } from './published.ts'

/** Those that are files; 'synthetic' is made by the program. */
export const publishedDatasets: readonly PublishedDataset[] = [mnist, cifar10]

export const datasetNames: readonly string[] = ['synthetic', ...publishedDatasets.map(({ name }) => name)]

/** What the images of a data set are, as far as its name tells. */
export const imagesOfDataset = (dataset: string): Images | undefined =>
  dataset === 'synthetic' ? mnist.images : publishedDatasets.find(({ name }) => name === dataset)?.images

export const validationCountOf = (dataset: string): number => (dataset === 'synthetic' ? 600 : 5000)
