/** Dual rows whose coefficients overflow, though no value does. */
import { expect, test } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Network } from '../model/network.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { loadChunk } from './chunk.ts'
import { relaxNetwork } from './dual.ts'
import { dualBounds } from './network-bounds.ts'
import { paperBall } from '../region/ball.ts'

/** z_0 = 1e-9 · relu(1e21 · relu(1e20 · relu(x))) − 1: values up to 1e11, but 1e41 is a coefficient on the way. */
const network: Network = {
  architecture: {
    name: 'steep',
    input: { channels: 1, height: 1, width: 1 },
    layers: [
      { kind: 'linear', outFeatures: 1 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 1 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 1 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 2 },
    ],
  },
  parameters: Float32Array.of(1, 0, 1e20, 0, 1e21, 0, 1e-9, 0, -1, 0),
}

test('a bound that overflows bounds nothing', async () => {
  for (const [x, epsilon] of [
    [1e-30, 0],
    [1e-30, 1e-31],
    [0, 1e-30],
  ] as const) {
    const image = Float32Array.of(x)
    const [truth] = evaluate(network, Float32Array.of(x + epsilon))
    expect(truth).toBeGreaterThan(1)
    for (const prune of [true, false]) {
      const { hidden, margins } = await dualBounds(network, image, 1, { epsilon, prune })
      expect(margins[0]).toBeGreaterThanOrEqual(truth! * (1 - 1e-6))
      const [l, u] = [hidden[2].lower[0], hidden[2].upper[0]]
      expect([l <= 1e41 * x * (1 + 1e-6), u >= 1e41 * x * (1 - 1e-6)]).toEqual([true, true])
    }
  }
})

test('where a sum overflows on its way, the interval stays', async () => {
  const engine = await Engine.create()
  // z = 1e30 · Σ (w_k x + b_k) = 1.5e37 at x = 1: its row adds up −3.5e38 first
  const [weights, biases] = [
    [1.65e8, 1.65e8, -1.4e8],
    [-1.75e8, -1.75e8, 1.75e8],
  ]
  const architecture = {
    name: 'partial sums',
    input: { channels: 1, height: 1, width: 1 },
    layers: [
      { kind: 'linear', outFeatures: 3 },
      { kind: 'linear', outFeatures: 1 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 2 },
    ],
  } as const
  const loaded = new LoadedNetwork(engine, architecture, false)
  loaded.setParameters(Float32Array.of(...weights!, ...biases!, 1e30, 1e30, 1e30, 0, 1, 0, 0, 0))
  const chunk = loadChunk(loaded, { images: [Float32Array.of(1)], labels: [1] }, paperBall(0))
  const { intervals } = relaxNetwork(loaded, undefined, chunk, { prune: false })
  const { lower, upper } = intervals[1]
  for (const end of [lower, upper]) expect(end.view()[0]).toBeCloseTo(1.5e37, -33)
})

test('a neuron whose bounds are no numbers is not off, one of very wide bounds has its slope', async () => {
  const engine = await Engine.create()
  const relaxed = (lower: number[], upper: number[]) => {
    const interval = { lower: engine.tensorFrom(lower), upper: engine.tensorFrom(upper) }
    const { slope, gap } = engine.rows.relaxation(undefined, interval, { columns: 1, example: 0 })
    return { slopes: [...slope.view()], gaps: [...gap.view()] }
  }
  const { slopes, gaps } = relaxed([NaN, NaN, -1, 0], [NaN, 1, NaN, 0])
  expect(slopes).toEqual([NaN, NaN, NaN, 1])
  expect(gaps).toEqual([NaN, NaN, NaN, 0])
  // u − l is more than float32 can hold
  expect(relaxed([-2e38, -1, -1, -1], [3e38, 1, 1, 1]).slopes[0]).toBeCloseTo(0.6, 6)
})
