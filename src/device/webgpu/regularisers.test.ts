import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { regularise as onCpu } from '../../training/losses/regularisers.ts'
import { Engine } from '../wasm/engine.ts'
import { pick } from '../wasm/oracle.testing.ts'
import { batchOf } from './batch.ts'
import { type Gpu } from './gpu.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { regularise } from './regularisers.ts'

let engine: Engine
let gpu: Gpu
beforeAll(async () => {
  engine = await Engine.create()
  gpu = await testGpu()
})

interface Case {
  readonly size: number
  readonly count: number
  /** Mean radius of the inputs. */
  readonly radius: number
  /** Per layer, how far its centres lie from 0, how wide they scatter, and the mean radius. */
  readonly layers: readonly {
    readonly neurons: number
    readonly shift: number
    readonly spread: number
    readonly radius: number
  }[]
}

/** Both ends of bounds, or centre and radius: [2][neuron][stride], in whose padding anything lies. */
const pairOf = ({ size }: Case, rows: number, endsOf: () => [number, number]): Float32Array => {
  const ends = Array.from({ length: rows * batchOf(size).stride }, endsOf)
  return Float32Array.from([0, 1].flatMap((end) => ends.map((both) => both[end])))
}

/** The regularisers on the GPU and on the CPU, with gradients added to some that are there. */
async function both(random: Random, { size, count, radius, layers }: Case) {
  const batch = batchOf(size)
  const trial = new Trial(gpu)
  const around = { size, count, radius, layers }
  const box = pairOf(around, 5, () => [random.normal(), radius * random.between(0.5, 1.5)])
  const bounds = layers.map((layer) =>
    pairOf(around, layer.neurons, () => {
      const centre = layer.shift + layer.spread * random.normal()
      const r = layer.radius * random.between(0.5, 1.5)
      return [centre - r, centre + r]
    }),
  )
  const before = bounds.map(({ length }, i) =>
    i === 0 ? Float32Array.from({ length }, () => 1e-3 * random.normal()) : undefined,
  )
  const hidden = bounds.map((pair) => trial.input(pair, true))
  before.forEach((gradient, i) => gradient && trial.seed(hidden[i], gradient))
  const regularisers = regularise(trial.plan, { input: trial.input(box), hidden, batch })
  const step = { count, weight: 0.1, regularisation: 0.5 }
  const [value, ...gradients] = await trial.run([regularisers, ...hidden.map((pair) => pair.gradient!)], step)
  // the CPU has the real examples alone
  const columns = (count + 3) & ~3
  const half = (pair: Float32Array, end: 0 | 1) => {
    const rows = pair.length / 2 / batch.stride
    return Float32Array.from({ length: rows * columns }, (_, i) => {
      const e = i % columns
      return e < count ? pair[(end * rows + Math.floor(i / columns)) * batch.stride + e] : 0
    })
  }
  const tensors = (pair: Float32Array) => [0, 1].map((end) => engine.tensorFrom(half(pair, end as 0 | 1)))
  const [centre, radii] = tensors(box)
  const intervals = bounds.map((pair, i) => {
    const [lower, upper] = tensors(pair)
    if (before[i]) [lower, upper].forEach((tensor, end) => tensor.gradient.view().set(half(before[i]!, end as 0 | 1)))
    return { lower, upper }
  })
  const chunk = {
    count,
    columns,
    ball: { centre, radius: radii },
    images: centre,
    norm: 'linf' as const,
    labels: Array<number>(count).fill(0),
  }
  const onEngine = onCpu(chunk, intervals, 0.5 * 0.1 * count)
  const real = (values: Float32Array) => values.filter((_, i) => i % columns < count)
  const found = gradients.map((pair) => [real(half(pair, 0)), real(half(pair, 1))])
  const wanted = intervals.map(({ lower, upper }) => [real(lower.gradient.read()), real(upper.gradient.read())])
  const beyond = gradients.slice(1).flatMap((pair) => [...pair].filter((v, i) => i % batch.stride >= count && v !== 0))
  return { value: value[0], onEngine, found: found.flat(), wanted: wanted.flat(), beyond }
}

const differences = (found: readonly Float32Array[], wanted: readonly Float32Array[]): string[] =>
  wanted.flatMap((values, k) => {
    const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    return [...values].flatMap((v, i) =>
      Math.abs(found[k][i] - v) <= 2e-5 * Math.abs(v) + 2e-6 * scale ? [] : [`${k} ${i}: ${found[k][i]} not ${v}`],
    )
  })

describe('the regularisers of interval training', () => {
  it('and their gradients equal the CPU’s, of as many layers as need several kernels', async () => {
    const random = new Random(3, 'regularisers')
    for (const depth of [1, 3, 9]) {
      const size = pick(random, [5, 8])
      const layers = Array.from({ length: depth }, () => ({
        ...{
          neurons: 1 + random.integer(30),
          shift: random.between(-1, 1),
          spread: random.between(0, 2),
          radius: random.between(0, 2),
        },
      }))
      const { value, onEngine, found, wanted, beyond } = await both(random, {
        size,
        count: 1 + random.integer(size),
        radius: 0.3,
        layers,
      })
      expect(onEngine).toBeGreaterThan(0)
      expect(Math.abs(value - onEngine)).toBeLessThan(1e-5 * onEngine)
      expect(differences(found, wanted)).toEqual([])
      expect(beyond).toEqual([])
    }
  })

  it('keep the digits of narrow bounds far from zero, and sum by several workgroups', async () => {
    const layers = [{ neurons: 700, shift: 50, spread: 1e-2, radius: 1e-3 }]
    const { value, onEngine, found, wanted } = await both(new Random(4, 'regularisers'), {
      size: 4,
      count: 4,
      radius: 1e-4,
      layers,
    })
    expect(Math.abs(value - onEngine)).toBeLessThan(1e-4 * onEngine)
    expect(differences(found, wanted)).toEqual([])
  })

  it('are nothing at ε = 0 for bounds without a width, and where there is no hidden layer', async () => {
    const layers = [{ neurons: 3, shift: 0, spread: 0, radius: 0 }]
    const { value, found } = await both(new Random(5, 'regularisers'), { size: 2, count: 2, radius: 0, layers })
    expect(value).toBe(0)
    expect(found.flatMap((values) => [...values]).every(Number.isFinite)).toBe(true)
    expect((await both(new Random(5, 'regularisers'), { size: 2, count: 2, radius: 1, layers: [] })).value).toBe(0)
  })

  it('without a weight are zero, whatever the bounds are', async () => {
    const trial = new Trial(gpu)
    const hidden = [trial.input([1, 1, 1, 1, 2, 2, 2, 2], true)]
    const input = trial.input([0, 0, 0, 0, Infinity, 0, 0, 0])
    const value = regularise(trial.plan, { input, hidden, batch: batchOf(4) })
    const run = (regularisation: number) =>
      trial.run([value, hidden[0].gradient!], { count: 4, weight: 1, regularisation })
    // leaves sums that are not finite
    expect((await run(1))[1].some(Number.isNaN)).toBe(true)
    const found = await run(0)
    expect(found.flatMap((values) => [...values])).toEqual(Array<number>(9).fill(0))
  })
})
