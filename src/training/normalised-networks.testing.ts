/** Networks with batch normalisation for tests: of every layer, or of some in sums. */
import type { Layer } from '../model/layers.ts'
import type { Architecture } from '../model/network.ts'
import { asTrained } from './normalised.ts'

export const residual: Architecture = {
  name: 'residual',
  input: { channels: 2, height: 6, width: 6 },
  layers: [
    { kind: 'convolution', outChannels: 3, kernel: 3, stride: 1, padding: 1 },
    { kind: 'relu' },
    { kind: 'convolution', outChannels: 3, kernel: 3, stride: 1, padding: 1 },
    { kind: 'convolution', outChannels: 3, kernel: 1, stride: 1, padding: 0, from: 1 },
    { kind: 'add', other: 2 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

export const throughout = (architecture: Architecture) => asTrained(architecture, { batchNorm: true })
const image = { channels: 2, height: 6, width: 6 }
const convolution = (outChannels: number) =>
  ({ kind: 'convolution', outChannels, kernel: 3, stride: 1, padding: 1 }) as const
const relu = { kind: 'relu' } as const
const end: readonly Layer[] = [relu, { kind: 'flatten' }, { kind: 'linear', outFeatures: 3 }]

/** A normalised layer and the image that reads past it, a layer that is not normalised, a pool and groups. */
export const partly: Architecture = {
  name: 'partly',
  input: image,
  layers: [
    ...[{ ...convolution(2), batchNorm: true } as const, { kind: 'add', other: -1 } as const, relu],
    ...[{ ...convolution(4), groups: 2 }, { kind: 'averagePool', kernel: 3, stride: 2, padding: 1 } as const, relu],
    ...[{ ...convolution(4), groups: 2, batchNorm: true } as const, ...end],
  ],
}
/** Two normalised layers and an identity in one sum, and two layers of which one is normalised. */
export const sums: Architecture = {
  name: 'sums',
  input: image,
  layers: [
    ...[convolution(2), relu, { ...convolution(2), batchNorm: true } as const],
    ...[{ ...convolution(2), from: 1, batchNorm: true } as const, { kind: 'add', other: 2 } as const],
    ...[{ kind: 'add', other: 1 } as const, relu, convolution(2)],
    ...[{ ...convolution(2), from: 6, batchNorm: true } as const, { kind: 'add', other: 7 } as const, ...end],
  ],
}
