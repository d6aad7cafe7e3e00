/** Networks whose logits are small beside their hidden values: float32 cannot tell what they say. */
import { expect, test } from 'vitest'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { evaluate } from '../model/evaluate.ts'
import { forward } from '../device/forward.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { loadChunk } from '../bounds/chunk.ts'
import { pgdOptions } from './attack.ts'
import { type Subject, attackImages, classify } from './attack-images.ts'
import { examples } from './inputs.ts'
import { smallCase } from './random-dataset.testing.ts'
import { judge } from './recheck.ts'
import { paperBall } from '../region/ball.ts'

test('elsewhere float32 says how far it may be from float64', async () => {
  const { network, dataset } = smallCase()
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  let single = 0
  for (let index = 0; index < dataset.count; index++) {
    const [judged] = classify({ network, loaded, dataset }, [index])
    const { images, labels } = examples(dataset, [index])
    const truth = judge(evaluate(network, images[0]), labels[0])
    expect(judged!.prediction).toBe(truth.prediction)
    expect(Math.abs(judged!.margin - truth.margin)).toBeLessThanOrEqual(judged!.slack)
    expect(judged!.slack).toBeLessThan(1e-3)
    if (judged!.slack > 0) single++
  }
  expect(single).toBeGreaterThan(dataset.count / 2)
})

/** z_0 − z_1 ≈ ±0.01 is what is left of hidden values of about 1e6. */
function cancelling(seed: number): { network: Network; dataset: Dataset } {
  const random = new Random(seed, 'cancelling')
  const bytes = (length: number, below: number) => {
    const values = new Uint8Array(new SharedArrayBuffer(length))
    for (let i = 0; i < length; i++) values[i] = random.integer(below)
    return values
  }
  const images = bytes(4, 256)
  const weights = Array.from({ length: 4 * 4 }, () => Math.fround(random.between(0.5, 1) * 1e6))
  const last = [1, 1, -1, -1, 0, 0, 0, 0]
  const parameters = (bias: number) => Float32Array.from([...weights, 0, 0, 0, 0, ...last, bias, 0])
  const architecture = {
    name: 'cancelling',
    input: { channels: 4, height: 1, width: 1 },
    layers: [{ kind: 'linear', outFeatures: 4 }, { kind: 'relu' }, { kind: 'linear', outFeatures: 2 }],
  } as const
  const first = Float32Array.from(images, (byte) => byte / 255)
  // a bias that float32 holds, near what the image needs for a tie
  const [z] = evaluate({ architecture, parameters: parameters(0) }, first)
  const network = { architecture, parameters: parameters(-z! + random.between(-0.01, 0.01)) }
  return {
    network,
    dataset: { name: 'cancelling', shape: architecture.input, classes: 2, count: 1, images, labels: bytes(1, 2) },
  }
}

test('right and wrong are what float64 says, also where float32 errs by more than the logits are worth', async () => {
  const engine = await Engine.create()
  const errors = { wrong: 0, right: 0 }
  for (let seed = 0; seed < 100; seed++) {
    const { network, dataset } = cancelling(seed)
    const mark = engine.mark()
    const loaded = new LoadedNetwork(engine, network.architecture, false)
    loaded.setParameters(network.parameters)
    const subject: Subject = { network, loaded, dataset }
    const { images, labels } = examples(dataset, [0])
    const truth = judge(evaluate(network, images[0]), labels[0])
    const [judged] = classify(subject, [0])
    expect([judged!.margin > 0, judged!.prediction]).toEqual([truth.margin > 0, truth.prediction])
    expect(Math.abs(judged!.margin - truth.margin)).toBeLessThanOrEqual(judged!.slack)

    const { ball, columns } = loadChunk(loaded, { images, labels }, paperBall(0))
    const logits = forward(loaded, undefined, ball.centre, { columns, input: false, weights: false })
    const [z0, z1] = [0, 1].map((c) => logits.view()[c * columns])
    const single = judge([z0!, z1!], labels[0])
    if (single.margin <= 0 && truth.margin > 0) errors.wrong++
    if (single.margin > 0 && truth.margin <= 0) errors.right++

    // at ε = 0 an attack can only find the image itself
    const [attacked] = attackImages(subject, [0], pgdOptions({ steps: 1 }, 'unbounded', 0), paperBall(0))
    expect(attacked!.adversarial !== undefined).toBe(truth.margin <= 0)
    engine.release(mark)
  }
  // else this tests nothing
  expect(Math.min(errors.wrong, errors.right)).toBeGreaterThan(10)
})
