import { expect, test } from 'vitest'
import { loadChunk } from '../bounds/chunk.ts'
import { relaxNetwork, unstableShare } from '../bounds/dual.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { examples } from '../attacks/inputs.ts'
import { dataset, network } from './report.testing.ts'
import { measureStability } from './stability.ts'
import { paperBall } from '../region/ball.ts'

async function loaded({ architecture, parameters }: Network): Promise<LoadedNetwork> {
  const engine = new LoadedNetwork(await Engine.create(), architecture, false)
  engine.setParameters(parameters)
  return engine
}

/** Hidden neurons x₀ − 0.5 and x₁ + 1 and −2 over two pixels, and two logits. */
const tiny: Network = {
  architecture: {
    name: 'tiny',
    input: { channels: 2, height: 1, width: 1 },
    layers: [
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 3 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 2 },
    ],
  },
  parameters: new Float32Array([1, 0, 0, 1, 0, 0, -0.5, 1, -2, 1, 0, 0, 0, 1, 0, 0, 0]),
}

function bytes(...values: number[]) {
  const shared = new Uint8Array(new SharedArrayBuffer(values.length))
  shared.set(values)
  return shared
}

test('what is known by hand: a neuron that is unstable for one of two images, one active, one inactive', async () => {
  const images: Dataset = {
    ...{ name: 'two', shape: tiny.architecture.input, classes: 2, count: 2 },
    ...{ images: bytes(127, 0, 255, 255), labels: bytes(0, 0) },
  }
  const { layers, ...rest } = measureStability(await loaded(tiny), images, paperBall(0.1), 100)
  expect(rest).toEqual({ dataset: 'two', images: 2, epsilon: 0.1, norm: 'linf', domain: 'unbounded' })
  expect(layers).toEqual([{ neurons: 3, active: 3 / 6, inactive: 2 / 6, unstable: 1 / 6 }])
})

test('the unstable share is that of the bounds, layer by layer', async () => {
  const engine = await loaded(network)
  const count = 8
  const { layers } = measureStability(engine, dataset, paperBall(0.05), count)
  const indices = Array.from({ length: count }, (_, i) => i)
  const relaxed = relaxNetwork(engine, undefined, loadChunk(engine, examples(dataset, indices), paperBall(0.05)))
  expect(layers.length).toBe(2)
  layers.forEach(({ active, inactive, unstable }, stage) => {
    expect(active + inactive + unstable).toBeCloseTo(1, 9)
    expect(unstable).toBeGreaterThan(0)
    // those that are proved allow for rounding
    expect(unstable).toBeCloseTo(unstableShare(relaxed, stage), 2)
  })
})
