/** Small data sets for tests: random pixels, labelled by the network itself (mostly), so that there is much to attack. */
import { type Dataset, toNumbers } from '../data/dataset.ts'
import { Random } from '../base/random.ts'
import { evaluate, largestIndex } from '../model/evaluate.ts'
import { sizeOf } from '../model/layers.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'

/** `count` images for a network; about one in ten has a random label. */
export function randomDataset(network: Network, count: number, seed: number): Dataset {
  const random = new Random(seed, 'data set')
  const shape = network.architecture.input
  const size = sizeOf(shape)
  const classes = countClasses(network.architecture)
  const images = new Uint8Array(new SharedArrayBuffer(count * size)).map(() => random.integer(256))
  const shared = new Uint8Array(new SharedArrayBuffer(images.length))
  shared.set(images)
  const labels = new Uint8Array(new SharedArrayBuffer(count))
  for (let i = 0; i < count; i++) {
    const pixels = toNumbers(shared.subarray(i * size, (i + 1) * size))
    labels[i] = random.integer(10) === 0 ? random.integer(classes) : largestIndex(evaluate(network, pixels))
  }
  return { name: `random-${seed}`, shape, classes, images: shared, labels, count }
}

/** A small convolutional network whose images are neither all robust nor all vulnerable at ε = 0.05, and data for it. */
export function smallCase(seed = 0, count = 50): { network: Network; dataset: Dataset } {
  const input = { channels: 1, height: 6, width: 6 }
  const network = randomNetwork(new Random(seed, 'case'), { input, hiddenLayers: 2, classes: 4, normalise: true })
  return { network, dataset: randomDataset(network, count, seed) }
}
