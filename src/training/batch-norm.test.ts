import { beforeAll, describe, expect, it } from 'vitest'
import { pgd } from '../attacks/gradient-attack.ts'
import { loadChunk } from '../bounds/chunk.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Layer } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Architecture, type Network, parameterLayout } from '../model/network.ts'
import { normalisedArchitecture, randomImages, steepNetwork } from './tiny-networks.testing.ts'
import { partly, residual, sums, throughout } from './normalised-networks.testing.ts'
import { foldChunk, foldImages, unfoldImages } from './batch-norm.ts'
import type { Method } from './losses/list.ts'
import { layLoss } from './losses/mixture.ts'
import { paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const imagesOf = ({ input }: Architecture, count: number, seed: number) => randomImages(input, count, new Random(seed))

/** Network and images of an architecture, five of them, which leave padding in the chunk. */
function setUp(architecture: Architecture) {
  const loaded = new LoadedNetwork(engine, architecture, true)
  const { parameters } = steepNetwork(architecture, 1)
  const pixels = imagesOf(architecture, 5, 2)
  const labels = pixels.map((_, i) => i % 3)
  const load = (images = pixels, epsilon = 0) =>
    loadChunk(loaded, { images, labels: labels.slice(0, images.length) }, paperBall(epsilon))
  return { loaded, parameters, pixels, load }
}

const chunkOf = (loaded: LoadedNetwork, pixels: readonly Float32Array[], each: number, chunk: number) => {
  const images = pixels.slice(chunk * each, (chunk + 1) * each)
  return loadChunk(loaded, { images, labels: images.map(() => 0) }, paperBall(0))
}

const folding = (loaded: LoadedNetwork, parameters: Float32Array, pixels: readonly Float32Array[], each: number) =>
  foldImages(loaded, parameters, Math.ceil(pixels.length / each), (chunk) => chunkOf(loaded, pixels, each, chunk))

/** Values of the channels behind a layer, over images and places. */
function channelsBehind({ architecture, parameters }: Network, layer: number, images: readonly Float32Array[]) {
  const cut = { architecture: { ...architecture, layers: architecture.layers.slice(0, layer + 1) }, parameters }
  const values = images.map((image) => evaluate(cut, image))
  const channels = parameterLayout(architecture).find((tensor) => tensor.layer === layer)!.shape[0]
  const places = values[0].length / channels
  return Array.from({ length: channels }, (_, c) => values.flatMap((v) => [...v.slice(c * places, (c + 1) * places)]))
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

describe('foldImages', () => {
  it('gives every hidden channel its bias as mean and 1 as deviation, over all chunks', () => {
    const { loaded, parameters } = setUp(throughout(normalisedArchitecture))
    const pixels = imagesOf(normalisedArchitecture, 37, 3)
    const network = { architecture: normalisedArchitecture, parameters: folding(loaded, parameters, pixels, 8) }
    for (const layer of [1, 4]) {
      const bias = parameterLayout(normalisedArchitecture).filter((tensor) => tensor.layer === layer)[1]
      channelsBehind(network, layer, pixels).forEach((values, c) => {
        expect(mean(values)).toBeCloseTo(parameters[bias.offset + c], 4)
        expect(mean(values.map((v) => (v - mean(values)) ** 2))).toBeCloseTo(1, 2)
      })
    }
  })

  it('normalises only layers that say so, each on its own where a sum adds something else', () => {
    const normalised: [Architecture, number[]][] = [
      [partly, [0, 6]],
      [sums, [2, 3, 8]],
    ]
    for (const [architecture, layers] of normalised) {
      const { loaded, parameters } = setUp(architecture)
      const pixels = imagesOf(architecture, 37, 3)
      const folded = folding(loaded, parameters, pixels, 8)
      for (const { layer, offset, length } of parameterLayout(architecture)) {
        if (layers.includes(layer)) continue
        expect(folded.subarray(offset, offset + length)).toEqual(parameters.subarray(offset, offset + length))
      }
      for (const layer of layers) {
        const bias = parameterLayout(architecture).filter((tensor) => tensor.layer === layer)[1]
        channelsBehind({ architecture, parameters: folded }, layer, pixels).forEach((values, c) => {
          expect(mean(values)).toBeCloseTo(parameters[bias.offset + c], 4)
          expect(mean(values.map((v) => (v - mean(values)) ** 2))).toBeCloseTo(1, 2)
        })
      }
    }
  })

  it('leaves the last layer as it is', () => {
    const { loaded, parameters, pixels } = setUp(throughout(normalisedArchitecture))
    const folded = folding(loaded, parameters, pixels, 8)
    const last = parameterLayout(normalisedArchitecture).filter(({ layer }) => layer === 6)
    for (const { offset, length } of last) {
      expect(folded.subarray(offset, offset + length)).toEqual(parameters.subarray(offset, offset + length))
    }
  })
})

describe('unfoldImages', () => {
  it('cannot tell what a sum of a normalised layer and something without weights starts from', () => {
    const { loaded, parameters } = setUp(partly)
    const pixels = imagesOf(partly, 8, 3)
    expect(() => unfoldImages(loaded, parameters, 1, (chunk) => chunkOf(loaded, pixels, 8, chunk))).toThrow(
      /cannot start from a network that adds a normalised layer to something else/,
    )
  })

  it('is undone by foldImages with the same images: the network computes what it did', () => {
    const scaled = { ...partly, layers: partly.layers.filter(({ kind }) => kind !== 'add') }
    const half = { ...sums, layers: sums.layers.filter((_, i) => i < 2 || i > 6).map(earlier(5)) }
    for (const architecture of [throughout(normalisedArchitecture), throughout(residual), scaled, half]) {
      const { loaded, parameters } = setUp(architecture)
      const pixels = imagesOf(architecture, 37, 3)
      const unfolded = unfoldImages(loaded, parameters, 5, (chunk) => chunkOf(loaded, pixels, 8, chunk))
      const again = { architecture, parameters: folding(loaded, unfolded, pixels, 8) }
      for (const image of imagesOf(architecture, 5, 9)) {
        const expected = evaluate({ architecture, parameters }, image)
        evaluate(again, image).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 3))
      }
    }
  })
})

/** Layers that come earlier by this many, except for what reads the first two. */
const earlier =
  (by: number) =>
  (layer: Layer): Layer => {
    if (layer.kind === 'add') return { ...layer, other: layer.other - by }
    return layer.kind === 'convolution' && layer.from !== undefined ? { ...layer, from: layer.from - by } : layer
  }

describe('foldChunk', () => {
  it('folds as foldImages does', () => {
    for (const architecture of [throughout(normalisedArchitecture), throughout(residual), partly, sums]) {
      const { loaded, parameters, pixels, load } = setUp(architecture)
      const folded = folding(loaded, parameters, pixels, 5)
      loaded.setParameters(folded)
      const { loss } = stepOf(loaded, new Tape(), 'natural', load(), 0)
      loaded.setParameters(parameters)
      expect(stepOf(loaded, new Tape(), 'natural', load(), 0).loss).not.toBeCloseTo(loss, 2)
      foldChunk(loaded, parameters, load())
      expect(stepOf(loaded, new Tape(), 'natural', load(), 0).loss).toBeCloseTo(loss, 5)
    }
  })

  const cases: readonly { architecture: Architecture; method: Method; epsilon: number }[] = [
    { architecture: throughout(normalisedArchitecture), method: 'natural', epsilon: 0 },
    { architecture: throughout(normalisedArchitecture), method: 'interval', epsilon: 0.02 },
    { architecture: throughout(residual), method: 'natural', epsilon: 0 },
    { architecture: throughout(residual), method: 'interval', epsilon: 0.02 },
    { architecture: partly, method: 'natural', epsilon: 0 },
    { architecture: partly, method: 'interval', epsilon: 0.02 },
    { architecture: sums, method: 'natural', epsilon: 0 },
    { architecture: sums, method: 'interval', epsilon: 0.005 },
  ]
  it.each(cases)(
    'has the gradient by the weights: $architecture.name, $method',
    ({ architecture, method, epsilon }) => {
      const { loaded, parameters, load } = setUp(architecture)
      const lossAt = (values: Float32Array) => {
        const mark = engine.mark()
        foldChunk(loaded, values, load())
        const { loss } = stepOf(loaded, new Tape(), method, load(undefined, epsilon), epsilon)
        engine.release(mark)
        return loss
      }
      const unfold = foldChunk(loaded, parameters, load())
      loaded.clearGradient()
      const tape = new Tape()
      stepOf(loaded, tape, method, load(undefined, epsilon), epsilon)
      tape.backward()
      const gradient = new Float32Array(parameters.length)
      loaded.readGradient(gradient)
      unfold(gradient)
      const random = new Random(4)
      for (const { offset, length } of parameterLayout(architecture)) {
        for (let k = 0; k < 4; k++) {
          const i = offset + random.integer(length)
          const h = 3e-4
          const moved = (by: number) => lossAt(parameters.map((p, j) => (j === i ? p + by : p)))
          const difference = (moved(h) - moved(-h)) / (2 * h)
          expect(Math.abs(gradient[i] - difference)).toBeLessThan(2e-3 + 0.02 * Math.abs(difference))
        }
      }
    },
  )
})

function stepOf(
  network: LoadedNetwork,
  tape: Tape,
  method: Method,
  chunk: ReturnType<typeof loadChunk>,
  epsilon: number,
) {
  return layLoss(method, {
    ...{
      network,
      tape,
      chunk,
      attacked: chunk,
      attackedLayers: 1,
      weight: 1 / chunk.count,
      boxShare: 1,
      lossExponent: 0,
      regularisation: epsilon > 0 ? 0.3 : 0,
    },
    empirical: { loss: 'clean', combine: 'losses', share: method === 'interval' ? 0.3 : 0 },
    attack: pgd('unbounded', 1),
    bounds: { mode: 'exact', dimension: 50, memory: 2 ** 24, seed: 1 },
    identifiers: chunk.labels.map((_, i) => i),
  })
}
