import { beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { type Augmentation, augment, augmentations, movesOf } from '../../data/augment.ts'
import { toNumbers } from '../../data/dataset.ts'
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Architecture } from '../../model/network.ts'
import { domains } from '../../region/domain.ts'
import { LoadedNetwork } from '../loaded-network.ts'
import { Engine } from '../wasm/engine.ts'
import { batchOf } from './batch.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { DeviceImages, type StoredImages, loadBatch } from './images.ts'
import { philox, streamOf } from './random.ts'
import { ballsAround } from './balls.ts'

const shape: Shape = { channels: 2, height: 5, width: 6 }
const size = sizeOf(shape)
const architecture: Architecture = {
  name: 'colours',
  input: shape,
  layers: [
    { kind: 'normalise', mean: [0.4, 0.5], deviation: [0.5, 0.25] },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

function stored(kind: 'bytes' | 'floats', count: number, seed: number): StoredImages {
  const random = new Random(seed)
  const images =
    kind === 'bytes'
      ? Uint8Array.from({ length: count * size }, () => random.integer(256))
      : Float32Array.from({ length: count * size }, () => random.uniform())
  return { name: 'noise', shape, images, labels: Uint8Array.from({ length: count }, () => random.integer(3)), count }
}

/** A micro-batch of 6 images of which `count` are real, on the device. */
async function load(
  data: StoredImages,
  {
    how = 'none',
    domain = 'pixels',
    count = 5,
    first = 2,
    epsilon = 0.1,
    largestBinding = 2 ** 20,
    shares,
    factor = 1,
  }: Partial<Wanted>,
) {
  const gpu = await testGpu()
  const trial = new Trial(gpu)
  const network = new LoadedNetwork(engine, architecture, false)
  const images = new DeviceImages({ largestBinding }, data)
  const order = new Random(3).permutation(data.count)
  const batch = batchOf(6)
  const { normalisation } = network
  const ball = { domain, ...(shares && { shares: trial.input(shares) }) }
  const loading = { images, order: trial.input(order), batch, moves: movesOf[how], normalisation, ball }
  const { pixels, box, labels, identifiers } = loadBatch(trial.plan, loading)
  const again = ballsAround(trial.plan, pixels, { ...ball, factor }, { shape, normalisation, batch })
  images.write(gpu)
  const found = await trial.run([pixels, box, labels, identifiers, again], { first, count, epsilon, augmentSeed: 7 })
  const whole = (floats: Float32Array) => [...new Uint32Array(floats.buffer)]
  const indices = [...order.subarray(first, first + count)]
  const expected = loadChunk(
    network,
    {
      images: indices.map((i) =>
        toNumbers(augment(data.images.subarray(i * size, (i + 1) * size), shape, how, choices(i, how))),
      ),
      labels: indices.map((i) => data.labels[i]),
    },
    { epsilon, norm: 'linf', domain, ...(shares && { epsilons: shares.map((share) => share * epsilon) }) },
  )
  return { found, labels: whole(found[2]), identifiers: whole(found[3]), indices, expected, parts: images.parts.length }
}

interface Wanted {
  readonly how: Augmentation
  readonly domain: (typeof domains)[number]
  readonly count: number
  readonly first: number
  readonly epsilon: number
  readonly largestBinding: number
  readonly shares: readonly number[]
  /** Of the balls that are laid around what is loaded. */
  readonly factor: number
}

/** What the device draws for an image, as `augment` asks for it. */
function choices(identifier: number, how: Augmentation): Random {
  const [flip, down, right] = philox([7, streamOf('augment')], [identifier, 0, 0, 0])
  const { flips, most } = movesOf[how]
  const shift = (bits: number) => ((bits >>> 16) * (2 * most + 1)) >>> 16
  const drawn = [...(flips ? [flip & 1] : []), ...(most > 0 ? [shift(down), shift(right)] : [])]
  return { integer: () => drawn.shift()! } as unknown as Random
}

/** The largest difference, over the columns that both have: chunks of another number of examples have other padding. */
function furthest(found: Float32Array, expected: Float32Array, columns: number): number {
  let most = 0
  for (let row = 0; row < found.length / 8; row++) {
    for (let e = 0; e < 8; e++) {
      const value = e < columns ? expected[row * columns + e] : 0
      most = Math.max(most, Math.abs(found[row * 8 + e] - value))
    }
  }
  return most
}

describe('loadBatch', () => {
  for (const kind of ['bytes', 'floats'] as const) {
    for (const domain of domains) {
      test(`loads ${kind} as the CPU does, with the ball in ${domain} and zeros behind`, async () => {
        const data = stored(kind, 12, 1)
        const { found, labels, identifiers, indices, expected } = await load(data, { domain, count: 4 })
        const [pixels, box] = found
        const clean = expectedPixels(data, indices)
        expect(furthest(pixels, clean, 4)).toBeLessThan(1e-6)
        expect(furthest(box.subarray(0, size * 8), expected.ball.centre.read(), expected.columns)).toBeLessThan(1e-6)
        expect(furthest(box.subarray(size * 8), expected.ball.radius.read(), expected.columns)).toBeLessThan(1e-6)
        expect(identifiers).toEqual([...indices, 0, 0, 0, 0])
        expect(labels).toEqual([...indices.map((i) => data.labels[i]), 0, 0, 0, 0])
      })
    }
  }

  test('finds images that lie in several bindings', async () => {
    const data = stored('bytes', 12, 2)
    const whole = await load(data, { how: 'flip-shift' })
    const split = await load(data, { how: 'flip-shift', largestBinding: 5 * 4 * 16 })
    expect(split.parts).toBe(3)
    expect(split.found).toEqual(whole.found)
  })

  test.each(augmentations)('changes images: %s', async (how) => {
    const { found, expected } = await load(stored('bytes', 30, 4), { how, count: 5, domain: 'unbounded' })
    expect(furthest(found[0], expected.ball.centre.read(), expected.columns)).toBeLessThan(1e-6)
  })

  test('draws every change equally often', () => {
    const drawn = Array.from({ length: 4000 }, (_, i) => {
      const random = choices(i, 'flip-crop')
      return [0, 1, 2].map(() => random.integer(0))
    })
    const counts = (which: number, values: number) =>
      Array.from({ length: values }, (_, value) => drawn.filter((draw) => draw[which] === value).length)
    // five deviations of a binomial
    for (const count of counts(0, 2)) expect(Math.abs(count - 2000)).toBeLessThan(160)
    for (const which of [1, 2]) {
      for (const count of counts(which, 9)) expect(Math.abs(count - 4000 / 9)).toBeLessThan(100)
    }
  })

  test.each(domains)('gives every input a radius of its own, in %s', async (domain) => {
    const shares = Array.from({ length: size }, (_, j) => (j % 5) / 4)
    const { found, expected } = await load(stored('bytes', 12, 6), { domain, shares, epsilon: 0.2 })
    const [, box, , , again] = found
    expect(furthest(box.subarray(0, size * 8), expected.ball.centre.read(), expected.columns)).toBeLessThan(1e-6)
    expect(furthest(box.subarray(size * 8), expected.ball.radius.read(), expected.columns)).toBeLessThan(1e-6)
    expect(again).toEqual(box)
  })

  test('lays balls around what is loaded, and wider ones', async () => {
    for (const domain of domains) {
      const data = stored('bytes', 12, 5)
      const [narrow, wide] = [await load(data, { domain, factor: 2 }), await load(data, { domain, epsilon: 0.2 })]
      expect(wide.found[4]).toEqual(wide.found[1])
      expect(narrow.found[4]).toEqual(wide.found[1])
      expect(narrow.found[1]).not.toEqual(wide.found[1])
    }
  })
})

/** Normalised, [input][4]. */
function expectedPixels({ images }: StoredImages, indices: readonly number[]): Float32Array {
  const pixels = indices.map((i) => toNumbers(images.subarray(i * size, (i + 1) * size)))
  const area = shape.height * shape.width
  return Float32Array.from({ length: size * 4 }, (_, i) => {
    const [j, e] = [Math.floor(i / 4), i % 4]
    return j < area ? (pixels[e][j] - 0.4) / 0.5 : (pixels[e][j] - 0.5) / 0.25
  })
}
