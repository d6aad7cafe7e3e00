import { expect, test } from 'vitest'
import { Engine } from './wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from './tape.ts'
import { evaluate } from '../model/evaluate.ts'
import { forward } from './forward.ts'
import type { Layer } from '../model/layers.ts'
import { LoadedNetwork } from './loaded-network.ts'
import { countParameters } from '../model/network.ts'

const relu: Layer = { kind: 'relu' }
const linear: Layer = { kind: 'linear', outFeatures: 2 }
const add: Layer = { kind: 'add', other: 0 }
const convolution = (from?: number): Layer => ({
  ...{ kind: 'convolution', outChannels: 2, kernel: 1, stride: 1, padding: 0 },
  ...(from !== undefined && { from }),
})

test.each([
  ['added to itself', [convolution(), add, relu, linear]],
  ['behind a ReLU and part of a sum', [convolution(), relu, convolution(), add, relu, linear]],
  ['part of two sums', [convolution(), convolution(-1), add, relu, convolution(), add, relu, linear]],
])('a layer that is %s has the gradient of all its uses', async (_, layers) => {
  const engine = await Engine.create()
  const architecture = { name: 'shared', input: { channels: 2, height: 1, width: 1 }, layers }
  const random = new Random(1, 'shared')
  // all neurons are on, with room
  const parameters = new Float32Array(countParameters(architecture)).map(() => random.between(0.5, 1))
  const image = Float32Array.of(0.9, 0.7)
  const loaded = new LoadedNetwork(engine, architecture, true)
  loaded.setParameters(parameters)
  const tape = new Tape()
  const input = engine.zeroTensor(8)
  image.forEach((value, j) => (input.view()[4 * j] = value))
  const logits = forward(loaded, tape, input, { columns: 4, input: false, weights: true })
  logits.gradient.view()[0] = 1
  tape.backward()
  const gradient = new Float32Array(parameters.length)
  loaded.readGradient(gradient)

  const logit = (i: number, step: number) =>
    evaluate({ architecture, parameters: parameters.with(i, parameters[i] + step) }, image)[0]
  gradient.forEach((value, i) => expect(value).toBeCloseTo((logit(i, 2 ** -8) - logit(i, -(2 ** -8))) / 2 ** -7, 3))
})
