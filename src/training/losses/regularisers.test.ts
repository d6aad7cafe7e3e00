import { beforeAll, describe, expect, it } from 'vitest'
import { type Chunk, loadChunk } from '../../bounds/chunk.ts'
import { propagateIntervals } from '../../bounds/interval.ts'
import { referenceIntervalBounds } from '../../reference/bounds.ts'
import type { Interval } from '../../device/device.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { Tape, type Tensor } from '../../device/tape.ts'
import { sizeOf } from '../../model/layers.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Network } from '../../model/network.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { regularise } from './regularisers.ts'
import { paperBall } from '../../region/ball.ts'
import { inputBall } from '../../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Bounds {
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** The two regularisers of a layer as they are written, in float64. */
function referenceLayer({ lower, upper }: Bounds, input: number): { tightness: number; relu: number } {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const radius = mean(lower.map((l, i) => (upper[i] - l) / 2))
  const centres = lower.map((l, i) => (l + upper[i]) / 2)
  const m = mean(centres)
  const [active, inactive] = [centres.filter((_, i) => lower[i] > 0), centres.filter((_, i) => upper[i] < 0)]
  const cost = (a: number, b: number) => (a === b ? 0 : Math.max(0, 0.5 - Math.min(a / b, b / a)) / 0.5)
  const sum = (values: readonly number[], value: (c: number) => number) => values.reduce((s, c) => s + value(c), 0)
  const none = active.length + inactive.length === 0
  return {
    tightness: input > 0 && radius > 0 ? Math.max(0, 0.5 - input / radius) / 0.5 : 0,
    relu: none
      ? 0
      : cost(
          sum(active, (c) => c),
          sum(inactive, (c) => -c),
        ) +
        cost(
          sum(active, (c) => (c - m) ** 2),
          sum(inactive, (c) => (c - m) ** 2),
        ),
  }
}

/** A chunk of one input of radius `input` for `count` examples, and a layer's bounds of them, [neuron][example]. */
function given(input: number, count: number, bounds: Bounds): { chunk: Chunk; hidden: Interval[] } {
  const columns = (count + 3) & ~3
  const padded = (values: readonly number[]) => {
    const rows = Array.from({ length: values.length / count }, (_, i) => values.slice(i * count, (i + 1) * count))
    // what lies in the padding must not matter
    const all = Float32Array.from(rows.flatMap((row) => [...row, ...Array(columns - count).fill(7)]))
    return engine.tensorFrom(all)
  }
  const [centre, radius] = [0.5, input].map((value) => padded(new Array<number>(count).fill(value))) as Tensor[] as [
    Tensor,
    Tensor,
  ]
  const ball = { centre, radius }
  const chunk: Chunk = { count, columns, ball, images: centre, norm: 'linf', labels: Array(count).fill(0) }
  return { chunk, hidden: [{ lower: padded(bounds.lower), upper: padded(bounds.upper) }] }
}
const valueOf = (input: number, bounds: Bounds) => {
  const { chunk, hidden } = given(input, 1, bounds)
  return regularise(chunk, hidden, 1)
}

describe('the regularisers of interval training', () => {
  it('are those of Shi et al. on layers by hand', () => {
    // mean radius 1, a quarter of it in the inputs: (0.5 − 0.25)/0.5; all neurons unstable
    expect(valueOf(0.25, { lower: [-1, -1], upper: [1, 1] })).toBeCloseTo(0.5, 6)
    expect(valueOf(0.5, { lower: [-1, -1], upper: [1, 1] })).toBe(0)
    // active centre 2, inactive −8: ratio 1/4; m = −3: both 25
    expect(valueOf(1, { lower: [1, -9], upper: [3, -7] })).toBeCloseTo(0.5, 6)
    // balanced sums; m = 0, (c − m)²: 16 and 2 · 4
    expect(valueOf(1, { lower: [3.5, -2.5, -2.5], upper: [4.5, -1.5, -1.5] })).toBeCloseTo(0, 6)
    // only active, or only inactive, neurons: both ratios are 0
    expect(valueOf(1, { lower: [1, -2], upper: [3, 2] })).toBeCloseTo(2, 6)
    expect(valueOf(1, { lower: [-3, -2], upper: [-1, 2] })).toBeCloseTo(2, 6)
    // ε = 0
    expect(valueOf(0, { lower: [1, -1], upper: [1, -1] })).toBe(0)
    expect(regularise(given(1, 1, { lower: [], upper: [] }).chunk, [], 1)).toBe(0)
  })

  it('equal the reference for bounds at random, and leave padding alone', () => {
    let costly = 0
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed, 'bounds')
      const count = 1 + random.integer(8)
      const length = count * (1 + random.integer(20))
      const shift = random.between(-1, 1)
      const lower = Array.from({ length }, () => Math.fround(shift + random.normal()))
      const upper = lower.map((l) => Math.fround(l + random.between(0, 2)))
      const input = random.between(0.05, 0.6)
      const { chunk, hidden } = given(input, count, { lower, upper })
      const { tightness, relu } = referenceLayer({ lower, upper }, input)
      if (tightness > 0 && relu > 0) costly++
      expect(regularise(chunk, hidden, 0.25)).toBeCloseTo(0.25 * (tightness + relu), 5)
      const gradients = [hidden[0].lower, hidden[0].upper].map((end) => end.gradient.read())
      expect(gradients.flatMap((g) => [...g].filter((v, i) => i % chunk.columns >= count && v !== 0))).toEqual([])
    }
    expect(costly).toBeGreaterThan(20)
  })
})

/** The whole of it for a network and some images, in float64. */
function reference({ network, images, epsilon }: Case, parameters: ArrayLike<number>): number {
  const moved = { ...network, parameters: parameters as never }
  const perImage = images.map((image) => referenceIntervalBounds(moved, inputBall(image, paperBall(epsilon))))
  const deviations =
    network.architecture.layers[0].kind === 'normalise' ? network.architecture.layers[0].deviation : [1]
  const input = epsilon * (deviations.reduce((sum, d) => sum + 1 / d, 0) / deviations.length)
  const layers = perImage[0].slice(0, -1).map((_, i) => {
    const ends = (end: 'lower' | 'upper') => perImage.flatMap((bounds) => [...bounds[i][end]])
    return referenceLayer({ lower: ends('lower'), upper: ends('upper') }, input)
  })
  return layers.reduce((sum, { tightness, relu }) => sum + tightness + relu, 0) / layers.length
}

/** Whether some layer is the same for all images and neurons: its spread is 0, or what rounding makes of it. */
const isFlat = ({ network, images, epsilon }: Case): boolean => {
  const perImage = images.map((image) => referenceIntervalBounds(network, inputBall(image, paperBall(epsilon))))
  return perImage[0]!.slice(0, -1).some((_, i) => {
    const centres = perImage.flatMap((bounds) => [...bounds[i]!.lower].map((l, j) => (l + bounds[i]!.upper[j]!) / 2))
    return Math.max(...centres) - Math.min(...centres) < 1e-9 * Math.max(...centres.map(Math.abs))
  })
}

interface Case {
  readonly network: Network
  readonly images: Float32Array[]
  readonly epsilon: number
}

describe('their gradients', () => {
  it('equal finite differences of float64, through the whole network', () => {
    const wrong: string[] = []
    let checked = 0
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed, 'regularisers')
      const network = randomNetwork(random, { everyKind: true })
      const images = Array.from({ length: 1 + random.integer(6) }, () =>
        Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform()),
      )
      const example = { network, images, epsilon: Math.fround([0.003, 0.01, 0.1][random.integer(3)]) }
      if (isFlat(example)) continue
      const mark = engine.mark()
      const tape = new Tape()
      const loaded = new LoadedNetwork(engine, network.architecture, true)
      loaded.setParameters(network.parameters)
      const chunk = loadChunk(loaded, { images, labels: images.map(() => 0) }, paperBall(example.epsilon))
      const { hidden } = propagateIntervals(loaded, tape, chunk)
      const value = regularise(chunk, hidden, 1)
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)
      const parameters = Float64Array.from(network.parameters)
      const here = reference(example, parameters)
      if (!(Math.abs(value - here) <= 1e-3 * Math.max(1, here))) wrong.push(`${seed}: ${value} instead of ${here}`)
      const scale = Math.max(1e-3, ...gradient.map(Math.abs))
      // where the gradient is large, and anywhere
      const largest = gradient.reduce((most, v, i) => (Math.abs(v) > Math.abs(gradient[most]) ? i : most), 0)
      for (const i of [largest, ...Array.from({ length: 8 }, () => random.integer(gradient.length))]) {
        const at = (step: number) => reference(example, parameters.with(i, parameters[i] + step))
        const [forwards, backwards] = [(at(1e-6) - here) / 1e-6, (here - at(-1e-6)) / 1e-6]
        // not at a kink
        if (Math.abs(forwards - backwards) > 1e-3 * scale) continue
        if (gradient[i] !== 0) checked++
        if (!(Math.abs(gradient[i] - (forwards + backwards) / 2) <= 2e-3 * scale))
          wrong.push(`${seed} ${i}: ${gradient[i]} instead of ${forwards}`)
      }
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(150)
  })
})
