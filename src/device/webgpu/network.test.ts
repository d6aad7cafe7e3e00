import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { sizeOf } from '../../model/layers.ts'
import { type Architecture, countParameters } from '../../model/network.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { forward } from '../forward.ts'
import { LoadedNetwork } from '../loaded-network.ts'
import { Tape } from '../tape.ts'
import { Engine } from '../wasm/engine.ts'
import { affine } from './affine.ts'
import { testGpu, Trial } from './gpu.testing.ts'
import { BatchNetwork, productsOf } from './network.ts'
import type { Values } from './values.ts'

const ROWS = 8

/** Logits and gradient of a network on the GPU and on the CPU agree, where a gradient of an earlier micro-batch is there. */
async function compare(architecture: Architecture, seed: number): Promise<void> {
  const random = new Random(seed, 'compare')
  const parameters = new Float32Array(countParameters(architecture)).map(() => 0.4 * random.normal())
  const images = Float32Array.from({ length: sizeOf(architecture.input) * ROWS }, () => random.normal())
  const before = parameters.map(() => random.normal())

  const engine = await Engine.create()
  const loaded = new LoadedNetwork(engine, architecture, true)
  loaded.setParameters(parameters)
  const [cpuTape, gpuTape] = [new Tape(), new Tape()]
  const wanted = { columns: ROWS, input: false, weights: true }
  const expected = forward(loaded, cpuTape, engine.tensorFrom(images), wanted)
  const dy = expected.view().map(() => random.normal())
  expected.gradient.view().set(dy)
  cpuTape.backward()
  const gradient = new Float32Array(parameters.length)
  loaded.readGradient(gradient)

  const gpu = await testGpu()
  const trial = new Trial(gpu)
  const { plan } = trial
  const network = new BatchNetwork(architecture)
  gpu.write(network.parameters, parameters)
  network.pack(plan)
  const stages = network.stages(plan, true)
  const image = trial.input(images)
  const outputs: Values[] = []
  for (const stage of stages) {
    const products = productsOf(stage, image, outputs)
    outputs.push(affine(plan, gpuTape, { products, bias: stage.bias, rows: ROWS, biasEvery: 1, relu: stage.relu }))
  }
  trial.seed(outputs.at(-1)!, dy)
  gpuTape.backward()
  const into = trial.input(before)
  network.gatherGradient(plan, stages, into)
  const [logits, found] = await trial.run([outputs.at(-1)!, into], { micro: 1 })

  const size = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const near = (a: Float32Array, b: Float32Array, scale: number) =>
    a.forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThan(1e-5 * scale))
  near(logits, expected.view(), size(expected.view()))
  near(
    found,
    gradient.map((value, i) => value + before[i]),
    size(gradient),
  )
}

test('logits and gradients of networks of all kinds are those of the CPU', async () => {
  for (const seed of [6, 9]) {
    const { architecture } = randomNetwork(new Random(seed, 'network'), { everyKind: true, maxWidth: 40 })
    await compare(architecture, seed)
  }
})
