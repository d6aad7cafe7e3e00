import { beforeAll, describe, expect, it } from 'vitest'
import { loadChunk } from '../bounds/chunk.ts'
import { propagateIntervals } from '../bounds/interval.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { architectureNamed } from './architectures.ts'
import { type Initialisation, initialise } from './initialise.ts'
import { type Layer, sizeOf } from './layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Architecture, parameterLayout } from './network.ts'
import { paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const relu: Layer = { kind: 'relu' }
const linear = (outFeatures: number): Layer => ({ kind: 'linear', outFeatures })
const image = { channels: 1, height: 16, width: 16 }

/** Ten hidden layers of 256 neurons. */
const deep: Architecture = {
  name: 'deep',
  input: { channels: 256, height: 1, width: 1 },
  layers: [...Array.from({ length: 10 }, () => [linear(256), relu]).flat(), linear(10)],
}

/** Six residual blocks of two 1×1 convolutions of 64 channels, without any padding that lessens what a neuron reads. */
const residual: Architecture = {
  name: 'residual',
  input: { channels: 64, height: 4, width: 4 },
  layers: [
    ...Array.from({ length: 6 }, (_, block) => {
      const convolution = { kind: 'convolution', outChannels: 64, kernel: 1, stride: 1, padding: 0 } as const
      const first = 6 * block
      const skip = { ...convolution, from: first - 1 }
      return [convolution, relu, convolution, skip, { kind: 'add', other: first + 2 } as const, relu]
    }).flat(),
    { kind: 'flatten' },
    linear(10),
  ],
}

/** Mean radius of the interval bounds of every hidden stage, divided by ε, over a few seeds and images. */
function growth(architecture: Architecture, how: Initialisation): number[] {
  const epsilon = 1e-2
  const sums: number[] = []
  const seeds = 3
  for (let seed = 0; seed < seeds; seed++) {
    const mark = engine.mark()
    const network = new LoadedNetwork(engine, architecture, false)
    network.setParameters(initialise(architecture, seed, how).parameters)
    const random = new Random(seed, 'images')
    const images = Array.from({ length: 4 }, () =>
      Float32Array.from({ length: sizeOf(architecture.input) }, () => random.uniform()),
    )
    const chunk = loadChunk(network, { images, labels: [0, 0, 0, 0] }, paperBall(epsilon))
    propagateIntervals(network, undefined, chunk).hidden.forEach(({ lower, upper }, i) => {
      const [l, u] = [lower, upper].map((end) => end.read())
      const radius = u!.reduce((sum, value, j) => sum + (value - l![j]) / 2, 0) / u!.length
      sums[i] = (sums[i] ?? 0) + radius / epsilon / seeds
    })
    engine.release(mark)
  }
  return sums
}

describe('the initialisation for interval training', () => {
  it('keeps the mean radius of interval bounds at 2ε through ten layers, where the default lets it explode', () => {
    const radii = growth(deep, 'ibp')
    expect(radii).toHaveLength(10)
    expect(radii[0]).toBeCloseTo(2, 0)
    for (const radius of radii) expect(Math.abs(Math.log2(radius / radii[0]))).toBeLessThan(0.6)
    const usual = growth(deep, 'default')
    // √256/4 = 4 per layer
    for (let i = 1; i < 10; i++) expect(Math.abs(Math.log2(usual[i] / usual[i - 1] / 4))).toBeLessThan(0.6)
  })

  it('also where residual sums add two layers', () => {
    const radii = growth(residual, 'ibp')
    expect(radii).toHaveLength(12)
    for (const radius of radii) expect(Math.abs(Math.log2(radius / 2))).toBeLessThan(0.8)
  })

  it('has normal weights of deviation √(2π)/fanIn, halved in residual sums, no biases, and the default’s last layer', () => {
    const architecture = architectureNamed('cifar10-resnet')
    const [{ parameters }, usual] = (['ibp', 'default'] as const).map((how) => initialise(architecture, 1, how))
    const tensors = parameterLayout(architecture)
    const last = tensors.at(-1)!.layer
    const sums = architecture.layers.flatMap((layer, i) => (layer.kind === 'add' ? [layer.other, i - 1] : []))
    for (const { name, layer, shape, offset, length } of tensors) {
      const values = parameters.subarray(offset, offset + length)
      if (layer === last) expect(values).toEqual(usual!.parameters.subarray(offset, offset + length))
      else if (name.endsWith('bias')) expect(values.every((v) => v === 0)).toBe(true)
      else {
        const expected =
          Math.sqrt(2 * Math.PI) / shape.slice(1).reduce((a, b) => a * b, 1) / (sums.includes(layer) ? 2 : 1)
        const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / length)
        expect(Math.abs(Math.log2(deviation / expected))).toBeLessThan(4 / Math.sqrt(length))
        const far = values.filter((v) => Math.abs(v) > 2 * expected).length / length
        expect(Math.abs(far - 0.0455)).toBeLessThan(2 / Math.sqrt(length))
      }
    }
  })

  it('depends on the seed, and leaves a network of one layer as by default', () => {
    const of = (seed: number) => Buffer.from(initialise(residual, seed, 'ibp').parameters.buffer)
    expect(of(3).equals(of(3))).toBe(true)
    expect(of(3).equals(of(4))).toBe(false)
    const single: Architecture = { name: 'single', input: image, layers: [{ kind: 'flatten' }, linear(3)] }
    expect(initialise(single, 2, 'ibp')).toEqual(initialise(single, 2))
  })
})
