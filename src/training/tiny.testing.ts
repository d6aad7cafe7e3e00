/** A network and images so small that a training takes a fraction of a second. */
import { Random } from '../base/random.ts'
import { sharedBytes } from '../base/shared-memory.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Architecture } from '../model/network.ts'
import { trainingOptions } from './options.ts'
import type { GivenOptions, TrainingOptions } from './settings.ts'
import type { TrainingData } from './training-data.ts'

export const tinyArchitecture: Architecture = {
  name: 'tiny',
  input: { channels: 1, height: 6, width: 6 },
  layers: [
    { kind: 'convolution', outChannels: 3, kernel: 4, stride: 2, padding: 1 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 8 },
    { kind: 'relu' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

/** Images whose brighter third tells the class. */
function tinyDataset(count: number, name: string): Dataset {
  const random = new Random(4, name)
  const images = sharedBytes(count * 36)
  const labels = sharedBytes(count)
  for (let i = 0; i < count; i++) {
    labels[i] = random.integer(3)
    for (let j = 0; j < 36; j++) images[i * 36 + j] = random.integer(90) + (Math.floor(j / 12) === labels[i] ? 150 : 0)
  }
  return { name, shape: tinyArchitecture.input, classes: 3, images, labels, count }
}

export const tinyData: TrainingData = {
  architecture: tinyArchitecture,
  training: tinyDataset(47, 'training'),
  validation: tinyDataset(30, 'validation'),
}

/** The same images, and one hidden layer alone: a GPU's driver for the CPU takes long to compile more. */
export const denseData: TrainingData = {
  ...tinyData,
  architecture: {
    name: 'dense',
    input: tinyArchitecture.input,
    layers: [
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 8 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 3 },
    ],
  },
}

export const tinyOptions = (given: GivenOptions): TrainingOptions =>
  trainingOptions({
    ...{ seed: 3, epochs: 2, batchSize: 13, learningRate: 0.01, epsilon: 0.05, attackSteps: 3 },
    ...given,
  })
