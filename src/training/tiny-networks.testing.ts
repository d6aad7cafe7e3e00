/** Small random networks and images for tests of losses. */
import type { Random } from '../base/random.ts'
import { initialise } from '../model/initialise.ts'
import { type Shape, sizeOf } from '../model/layers.ts'
import type { Architecture, Network } from '../model/network.ts'

/** Normalised inputs of two channels, a convolution and a linear layer; three classes. */
export const normalisedArchitecture: Architecture = {
  name: 'normalised',
  input: { channels: 2, height: 6, width: 6 },
  layers: [
    { kind: 'normalise', mean: [0.4, 0.5], deviation: [0.5, 0.25] },
    { kind: 'convolution', outChannels: 4, kernel: 4, stride: 2, padding: 1 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 12 },
    { kind: 'relu' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

/** PyTorch's start with weights twice as large, so that the network tells images apart. */
export const steepNetwork = (architecture: Architecture, seed: number): Network => ({
  architecture,
  parameters: initialise(architecture, seed).parameters.map((p) => 2 * p),
})

/** Images of uniform random pixels. */
export const randomImages = (input: Shape, count: number, random: Random, [low, high] = [0, 1]): Float32Array[] =>
  Array.from({ length: count }, () => Float32Array.from({ length: sizeOf(input) }, () => random.between(low, high)))
