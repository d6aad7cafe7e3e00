import { beforeAll, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { forwardBatch } from '../../bounds/batch/forward.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { forward } from '../../device/forward.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { Tape } from '../../device/tape.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import { Trial, testGpu } from '../../device/webgpu/gpu.testing.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import type { Architecture } from '../../model/network.ts'
import { paperBall } from '../../region/ball.ts'
import { foldChunk, foldImages } from '../batch-norm.ts'
import { partly, sums } from '../normalised-networks.testing.ts'
import { randomImages, steepNetwork } from '../tiny-networks.testing.ts'
import { foldBatch, foldGathered, gatherBatch, gatheringsOf } from './batch-norm.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const batch = batchOf(6)

/** A network with random weights, on both devices, and images. */
async function setUp(architecture: Architecture, count: number) {
  const loaded = new LoadedNetwork(engine, architecture, true)
  const { parameters } = steepNetwork(architecture, 1)
  const images = randomImages(architecture.input, count, new Random(2))
  const chunkOf = (some: readonly Float32Array[]) =>
    loadChunk(loaded, { images: some, labels: some.map(() => 0) }, paperBall(0))
  const trial = new Trial(await testGpu())
  const network = new BatchNetwork(architecture)
  trial.gpu.write(network.parameters, parameters)
  return { loaded, parameters, images, chunkOf, trial, network }
}

const closeTo = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  const size = Math.sqrt(Array.from(expected).reduce((sum, x) => sum + x * x, 0) / expected.length)
  Array.from(expected).forEach((value, i) => {
    if (!(Math.abs(found[i] - value) < tolerance * (size + Math.abs(value)))) expect([i, found[i]]).toEqual([i, value])
  })
}

test('foldBatch computes and learns as the CPU where sums add what is not normalised', async () => {
  const architecture = sums
  const { loaded, parameters, images, chunkOf, trial, network } = await setUp(architecture, 6)
  const chunk = chunkOf(images.slice(0, 5))
  const direction = Float32Array.from({ length: 3 * batch.stride }, (_, i) => (i % batch.stride < 5 ? Math.sin(i) : 0))

  const unfold = foldChunk(loaded, parameters, chunk)
  loaded.clearGradient()
  const tape = new Tape()
  const { columns, ball } = chunk
  const expected = forward(loaded, tape, ball.centre, { columns, input: false, weights: true })
  expected.gradient.view().set(direction)
  tape.backward()
  const gradient = new Float32Array(parameters.length)
  loaded.readGradient(gradient)
  unfold(gradient)

  const { plan } = trial
  network.pack(plan)
  const stages = network.stages(plan, true)
  const clean = { images: trial.input(ball.centre.read()), batch }
  const there = new Tape()
  const { folded, behind } = foldBatch(plan, there, { architecture, stages }, clean)
  const logits = forwardBatch(plan, there, folded, clean)
  const shorter = forwardBatch(plan, undefined, folded, { ...clean, behind })
  trial.seed(logits, direction)
  there.backward()
  const into = plan.kept('gradient', parameters.length)
  network.gatherGradient(plan, stages, into)
  const [found, foundGradient, again] = await trial.run([logits, into, shorter], { count: 5 })
  const real = (values: Float32Array) => values.filter((_, i) => i % batch.stride < 5)
  closeTo(real(found), real(expected.read()), 1e-4)
  closeTo(real(again), real(expected.read()), 1e-4)
  closeTo(foundGradient, gradient, 1e-3)
})

test('the moments of many images go into the weights as on the CPU', async () => {
  const architecture = partly
  const { loaded, parameters, images, chunkOf, trial, network } = await setUp(architecture, 11)
  const { gpu } = trial
  const parts = [0, 5, 10].map((first) => chunkOf(images.slice(first, first + 5)))
  const expected = foldImages(loaded, parameters, parts.length, (part) => parts[part])
  const found = parameters.slice()
  for (const gathering of gatheringsOf(architecture)) {
    for (const [micro, { ball, columns, count }] of parts.entries()) {
      const own = new Trial(gpu)
      gpu.write(network.parameters, found)
      network.pack(own.plan)
      gatherBatch(own.plan, network, gathering, {
        images: own.input(ball.centre.read()),
        batch: { size: count, stride: columns },
      })
      await own.run([], { micro, count })
    }
    await foldGathered(found, gathering, (values) => gpu.read(values))
  }
  closeTo(found, expected, 1e-4)
})
