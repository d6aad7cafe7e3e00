/** Networks, balls and points that the references are tested with. */
import fc from 'fast-check'
import { Random } from '../base/random.ts'
import type { Layer, Shape } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { type RandomNetworkOptions, networkArbitrary, randomBox } from '../model/random-network.testing.ts'
import type { InputBall } from './input-ball.ts'
import type { Bounds } from './interval-step.ts'
import { marginSpecification } from './margins.ts'
import { applyTransposedWeight, referenceForward, referenceStages } from './stages.ts'

/** What float64 rounds may come to, as a share of what is compared. */
export const rounding = 1e-9

/** Networks of every kind: half of them may have residual sums. */
export const anyNetwork = (options: RandomNetworkOptions = {}) =>
  fc.boolean().chain((everyKind) => networkArbitrary({ everyKind, ...options }))

/** A network, a ball around an input of its, and random numbers for the rest of the test. */
export const problemArbitrary = (options: RandomNetworkOptions = {}) =>
  fc.record({ network: anyNetwork(options), seed: fc.nat() }).map(({ network, seed }) => {
    const random = new Random(seed, 'problem')
    return { network, random, ball: { ...randomBox(random, network.architecture), norm: 'linf' as const } }
  })

export const vector = (random: Random, length: number) => Float64Array.from({ length }, () => random.normal())

/** How far a value lies outside its bounds, at most, as a share of its size. */
export const excess = (values: Float64Array, { lower, upper }: Bounds) =>
  Math.max(...values.map((z, j) => Math.max(lower[j] - z, z - upper[j]) / (1 + Math.abs(z))))

/** A network of one input value and these layers; the weights are given layer by layer, each row ending in its bias. */
export function handMade(...layers: number[][][]): Network {
  const affine = layers.map((rows): Layer => ({ kind: 'linear', outFeatures: rows.length }))
  const relu: Layer = { kind: 'relu' }
  const input: Shape = { channels: layers[0][0].length - 1, height: 1, width: 1 }
  return {
    architecture: { name: 'hand', input, layers: affine.flatMap((layer, i) => (i > 0 ? [relu, layer] : [layer])) },
    parameters: Float32Array.from(
      layers.flatMap((rows) => [...rows.flatMap((row) => row.slice(0, -1)), ...rows.map((row) => row.at(-1)!)]),
    ),
  }
}

/** The centre, random inputs, random corners, and corners that a few steps of gradient ascent on a margin lead to. */
export function pointsOf(network: Network, random: Random, { centre, radius }: InputBall): Float64Array[] {
  const moved = (by: (j: number) => number) => centre.map((x, j) => x + radius[j] * by(j))
  const points = [centre]
  for (let i = 0; i < 4; i++) {
    points.push(moved(() => random.between(-1, 1)))
    points.push(moved(() => Math.sign(random.normal())))
    points.push(moved(() => (random.integer(2) === 0 ? 0 : Math.sign(random.normal()))))
  }
  const stages = referenceStages(network)
  for (let label = 0; label < 2; label++) {
    let x = centre
    for (let step = 0; step < 3; step++) {
      const values = referenceForward(network, x)
      const gradients: Float64Array[] = []
      for (let i = stages.length - 1; i >= 0; i--) {
        const arrived = i < stages.length - 1 ? gradients[i + 1] : marginSpecification(stages, 1 - label, label)
        const gradient = arrived.map((v, o) => (values[i][o] > 0 || !stages[i].relu ? v : 0))
        for (const term of stages[i].terms) {
          const more = applyTransposedWeight(term, gradient)
          gradients[term.source + 1] = gradients[term.source + 1]?.map((v, j) => v + more[j]) ?? more
        }
      }
      const direction = gradients[0].map(Math.sign)
      x = moved((j) => direction[j])
      points.push(x)
    }
  }
  return points
}

export const pixel = { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 } as const

/**
 * ReLU(ReLU(x) − x) = ReLU(−x), then times −1: stages x, ReLU(x) − x over two sources, and −ReLU(that).
 * @param weights each with its bias
 */
export const residual = (weights: number[]): Network => ({
  architecture: {
    name: 'residual',
    input: { channels: 1, height: 1, width: 1 },
    layers: [
      pixel,
      { kind: 'relu' },
      pixel,
      { ...pixel, from: -1 },
      { kind: 'add', other: 2 },
      { kind: 'relu' },
      pixel,
    ],
  },
  parameters: Float32Array.from(weights),
})
