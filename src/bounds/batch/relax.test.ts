import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import { Trial, testGpu } from '../../device/webgpu/gpu.testing.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { Tape } from '../../device/tape.ts'
import { sizeOf } from '../../model/layers.ts'
import type { Network } from '../../model/network.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { paperBall } from '../../region/ball.ts'
import { loadChunk } from '../chunk.ts'
import { relaxNetwork } from '../dual.ts'
import { philoxErrors } from '../philox-errors.testing.ts'
import { engine } from '../projections.testing.ts'
import { relaxBatch } from './relax.ts'

const SEED = 77
const DIMENSION = 7

interface Case {
  readonly network: Network
  readonly images: readonly Float32Array[]
  readonly identifiers: readonly number[]
  readonly epsilon: number
}

function caseOf(seed: number): Case {
  const random = new Random(seed, 'relaxed batch')
  const network = randomNetwork(random, { hiddenLayers: 2 + (seed % 2), maxWidth: 16, everyKind: seed % 2 === 1 })
  const inputs = sizeOf(network.architecture.input)
  const images = Array.from({ length: 3 }, () => Float32Array.from({ length: inputs }, () => random.uniform()))
  return { network, images, identifiers: images.map(() => random.integer(60_000)), epsilon: random.between(0.02, 0.2) }
}

/** Gradients that come back to the last stage's bounds: [lower, upper][neuron][example]. */
const gradientOf = (seed: number, length: number) => {
  const random = new Random(seed, 'gradient')
  return Float32Array.from({ length }, () => random.between(-1, 1))
}

/** Ends [lower, upper][neuron][example] of every hidden stage, and the gradient by the parameters. */
function onEngine(seed: number, { network, images, identifiers, epsilon }: Case) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, true)
  loaded.setParameters(network.parameters)
  const chunk = loadChunk(loaded, { images, labels: images.map(() => 0) }, paperBall(epsilon))
  const box = Float32Array.of(...chunk.ball.centre.read(), ...chunk.ball.radius.read())
  const errors = (example: number) => philoxErrors('projection', SEED, identifiers[example])
  const tape = new Tape()
  const estimates = { dimension: DIMENSION, errors, ifCheaper: false }
  const { intervals, projectedCount } = relaxNetwork(loaded, tape, chunk, { estimates })
  const ends = intervals.map(({ lower, upper }) => Float32Array.of(...lower.read(), ...upper.read()))
  const last = intervals.at(-1)!
  const back = gradientOf(seed, ends.at(-1)!.length)
  last.lower.gradient.view().set(back.subarray(0, back.length / 2))
  last.upper.gradient.view().set(back.subarray(back.length / 2))
  tape.backward()
  const gradient = new Float32Array(loaded.parameterCount)
  loaded.readGradient(gradient)
  engine.release(mark)
  return { box, ends, gradient, projectedCount, back }
}

async function onGpu({ network, images, identifiers }: Case, box: Float32Array, back: Float32Array) {
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const batch = batchOf(images.length)
  const loaded = new BatchNetwork(network.architecture)
  trial.gpu.write(loaded.parameters, network.parameters)
  loaded.pack(plan)
  const stages = loaded.stages(plan, true)
  const ball = {
    ...{ batch, box: trial.input(box), labels: trial.input(new Uint32Array(batch.stride)) },
    identifiers: trial.input(Uint32Array.from({ length: batch.stride }, (_, e) => identifiers[e] ?? 0)),
  }
  const tape = new Tape()
  const how = stages.slice(0, -1).map(() => 'projected' as const)
  const options = { how, dimension: DIMENSION, stream: 'projection' } as const
  const { bounds } = relaxBatch(plan, tape, { stages, ball }, options)
  trial.seed(bounds.at(-1)!, back)
  tape.backward()
  const gradient: Values = plan.kept('gradient', loaded.parameterCount)
  loaded.gatherGradient(plan, stages, gradient)
  const found = await trial.run([...bounds, gradient], { projectionSeed: SEED })
  return { ends: found.slice(0, -1), gradient: found.at(-1)! }
}

function expectNear(found: Float32Array, expected: Float32Array): void {
  const scale = Math.max(...expected.map(Math.abs))
  expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]) / scale))).toBeLessThan(1e-4)
}

describe('bounds of a batch by random projections', () => {
  it('and their gradients equal the CPU engine’s from the same random numbers', async () => {
    let projected = 0
    // a sequence of layers, and residual sums
    for (const seed of [2, 3]) {
      const example = caseOf(seed)
      const expected = onEngine(seed, example)
      const found = await onGpu(example, expected.box, expected.back)
      projected += expected.projectedCount
      found.ends.forEach((ends, i) => expectNear(ends, expected.ends[i]))
      expectNear(found.gradient, expected.gradient)
    }
    expect(projected).toBeGreaterThan(10)
  })
})
