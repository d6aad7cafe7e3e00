import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { intervalMargins as onCpu } from '../../bounds/interval.ts'
import { LoadedNetwork } from '../loaded-network.ts'
import { Tape } from '../tape.ts'
import { Engine } from '../wasm/engine.ts'
import { normals } from '../wasm/oracle.testing.ts'
import { batchOf } from './batch.ts'
import type { Gpu } from './gpu.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { intervalMargins } from './interval-margins.ts'

let engine: Engine
let gpu: Gpu
beforeAll(async () => {
  engine = await Engine.create()
  gpu = await testGpu()
})

interface Sizes {
  readonly size: number
  readonly inputs: number
  readonly classes: number
}

/** Margins of a batch on the GPU and on the CPU, and what flows back from random gradients, some of it added. */
async function both(random: Random, { size, inputs, classes }: Sizes, isAdded: boolean) {
  const batch = batchOf(size)
  const { stride } = batch
  const each = (classes + 3) & ~3
  const [weights, biases] = [normals(random, classes * inputs), normals(random, classes)]
  // equal rows have a difference of zero, which has no slope
  if (classes > 2) weights.copyWithin(inputs, 0, inputs)
  const [centres, radii] = [normals(random, inputs * stride), normals(random, inputs * stride).map(Math.abs)]
  const labels = Uint32Array.from({ length: stride }, (_, e) => (e < size ? random.integer(classes) : 0))
  const flow = normals(random, size * each)

  const trial = new Trial(gpu)
  const packed = Float32Array.from({ length: inputs * each }, (_, i) =>
    i % each < classes ? weights[(i % each) * inputs + Math.floor(i / each)] : 0,
  )
  const stage = {
    weight: trial.input(packed, true),
    bias: trial.input(
      Float32Array.from({ length: each }, (_, o) => biases[o] ?? 0),
      true,
    ),
  }
  const box = trial.input([...centres, ...radii], true)
  const parts = [box, stage.weight, stage.bias]
  const before = parts.map(({ length }) => (isAdded ? normals(random, length) : new Float32Array(length)))
  if (isAdded) parts.forEach((part, i) => trial.seed(part, before[i]))
  const tape = new Tape()
  const margins = intervalMargins(trial.plan, tape, { stage, box, labels: trial.input(labels), classes, batch, each })
  trial.seed(margins, flow)
  tape.backward()
  const found = await trial.run([margins, ...parts.map((part) => part.gradient!)])

  const layers = [{ kind: 'linear', outFeatures: classes }] as const
  const network = new LoadedNetwork(
    engine,
    { name: 'last stage', input: { channels: inputs, height: 1, width: 1 }, layers },
    true,
  )
  network.setParameters(Float32Array.from([...weights, ...biases]))
  network.clearGradient()
  const onEngine = { centre: engine.tensorFrom(centres), radius: engine.tensorFrom(radii) }
  const wanted = new Float32Array(size * each)
  for (let e = 0; e < size; e++) {
    const back = new Tape()
    const own = onCpu(network, back, onEngine, { columns: stride, example: e, label: labels[e] })
    wanted.set(own.view(), e * each)
    own.gradient.view().set(flow.subarray(e * each, e * each + classes))
    back.backward()
  }
  const gradient = new Float32Array(network.parameterCount)
  network.readGradient(gradient)
  const packedGradient = packed.map((_, i) =>
    i % each < classes ? gradient[(i % each) * inputs + Math.floor(i / each)] : 0,
  )
  const toBias = Float32Array.from({ length: each }, (_, o) => (o < classes ? gradient[classes * inputs + o] : 0))
  const toBox = [onEngine.centre, onEngine.radius].flatMap((end) => [...end.gradient.read()])
  const sums = [toBox, packedGradient, toBias].map((values, k) => Array.from(values, (v, i) => v + before[k][i]))
  return { found, wanted: [Array.from(wanted), ...sums] }
}

const differences = (found: readonly Float32Array[], wanted: readonly (readonly number[])[]): string[] =>
  wanted.flatMap((values, k) =>
    values.flatMap((v, i) =>
      Math.abs(found[k][i] - v) <= 2e-5 * (1 + Math.abs(v)) ? [] : [`${k} ${i}: ${found[k][i]} not ${v}`],
    ),
  )

describe('interval margins', () => {
  it.each<[Sizes, boolean]>([
    [{ size: 5, inputs: 37, classes: 10 }, false],
    [{ size: 8, inputs: 3, classes: 2 }, true],
    [{ size: 1, inputs: 16, classes: 18 }, false],
  ])('and their gradients equal the CPU’s: %o', async (sizes, isAdded) => {
    const { found, wanted } = await both(new Random(sizes.inputs, 'margins'), sizes, isAdded)
    expect(differences(found, wanted)).toEqual([])
  })

  it('without a tape keep no gradient', async () => {
    const trial = new Trial(gpu)
    const stage = { weight: trial.input([1, 3, 0, 0], true), bias: trial.input([0.5, 0, 0, 0], true) }
    const question = {
      stage,
      box: trial.input([2, 0, 0, 0, 0.25, 0, 0, 0], true),
      labels: trial.input(new Uint32Array(4)),
    }
    const margins = intervalMargins(trial.plan, undefined, { ...question, classes: 2, batch: batchOf(1), each: 4 })
    expect(margins.wantsGradient).toBe(false)
    const [found] = await trial.run([margins])
    expect([...found]).toEqual([0, 2 * 2 + 2 * 0.25 - 0.5, 0, 0])
  })
})
