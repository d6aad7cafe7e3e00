/** The data sets that can be named, and how many of their training images are for validation if nothing else is said. */
import { cifar10 } from './cifar10.ts'
import { mnist } from './mnist.ts'
import type { PublishedDataset } from './published.ts'

/** Those that are files; 'synthetic' is made by the program. */
export const publishedDatasets: readonly PublishedDataset[] = [mnist, cifar10]

export const datasetNames: readonly string[] = ['synthetic', ...publishedDatasets.map(({ name }) => name)]

export const validationCountOf = (dataset: string): number => (dataset === 'synthetic' ? 600 : 5000)
