/** Certificates against exact arithmetic, on small networks made by hand, each of which breaks a bound that forgets one thing. */
import { describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { type Layer, type Shape } from '../model/layers.ts'
import { type Network, countParameters } from '../model/network.ts'
import { norms } from '../region/norm.ts'
import { referenceForward } from '../reference/stages.ts'
import { type Case, certify, variants } from './certified.testing.ts'

const linear = (outFeatures: number): Layer => ({ kind: 'linear', outFeatures })
const convolution = (outChannels: number) =>
  ({ kind: 'convolution', outChannels, kernel: 1, stride: 1, padding: 0 }) as const
const pixel: Shape = { channels: 1, height: 1, width: 1 }

/** A network of given layers and parameters, in order. */
const handMade = (input: Shape, layers: Layer[], parameters: number[]): Network => {
  const architecture = { name: 'hand-made', input, layers }
  expect(parameters).toHaveLength(countParameters(architecture))
  return { architecture, parameters: Float32Array.from(parameters) }
}

/** Whether margins that are all below zero say so of every corner of a one-dimensional ball. */
const holdsAtEnds = (example: Case, margins: ArrayLike<number>) =>
  [-1, 1].every((end) => {
    const outputs = referenceForward(example.network, Float64Array.of(example.image[0] + end * example.epsilon)).at(-1)!
    return outputs[1 - example.label] - outputs[example.label] <= margins[1 - example.label]
  })

describe('certified bounds of hand-made networks', () => {
  for (const variant of variants) {
    it(`${variant}: a difference of large logits is not lost`, async () => {
      const engine = await Engine.create({ variant })
      // z_0 − z_1 = (1e7 + 1) x − 1e7 x − 0.5 at x = 1: all of the truth is in the last bits
      for (const [scale, gap] of [
        [1e4, 1e-3],
        [1e7, 1],
        [16777216, 2],
      ] as const) {
        for (const prune of [false, true]) {
          const network = handMade(
            pixel,
            [linear(2), { kind: 'relu' }, linear(2)],
            [scale + gap, scale, 0, 0, 1, 0, 0, 1, -gap / 2, 0],
          )
          const example = { network, image: Float32Array.of(1), label: 1, epsilon: 1e-6 }
          expect(holdsAtEnds(example, certify(engine, example, prune).margins)).toBe(true)
        }
      }
    })

    it(`${variant}: constants that swallow many small terms do not turn a verdict`, async () => {
      const engine = await Engine.create({ variant })
      // 28 × 28 constant neurons, each worth half an ulp of the output's bias
      const input = { channels: 1, height: 28, width: 28 }
      const small = 0.99 * 2 ** -25
      for (const bias of [-1, 1, 784 * small, -784 * small]) {
        for (const prune of [false, true]) {
          const network = handMade(
            input,
            [
              { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 },
              { kind: 'relu' },
              { kind: 'flatten' },
              linear(2),
            ],
            [0, 1, ...new Array<number>(784).fill(small), ...new Array<number>(784).fill(0), bias, 0],
          )
          const example = { network, image: new Float32Array(784).fill(0.5), label: 1, epsilon: 0.1 }
          const outputs = referenceForward(network, Float64Array.from(example.image)).at(-1)!
          const truth = outputs[0] - outputs[1]
          const [margin] = certify(engine, example, prune).margins
          // relative to the margin itself this may err, but never across zero
          expect(margin).toBeGreaterThan(truth - 1e-4 * Math.abs(truth))
          if (truth >= 0) expect(margin).toBeGreaterThanOrEqual(0)
        }
      }
    })

    it(`${variant}: an image's sum that swallows what is added to it does not turn a verdict`, async () => {
      const engine = await Engine.create({ variant })
      // one pixel is worth 1, and each run of 32 others just less than half an ulp of that
      const input = { channels: 3, height: 32, width: 32 }
      const small = (0.99 * 2 ** -24) / 32
      const weights = Array.from({ length: 3072 }, (_, j) => (j === 0 ? 1 : j < 32 ? 0 : small))
      const parameters = [...weights, ...new Array<number>(3072).fill(0), 0, 1]
      const network = handMade(input, [{ kind: 'flatten' }, linear(2)], parameters)
      for (const norm of norms) {
        for (const prune of [false, true]) {
          const example = { network, image: new Float32Array(3072).fill(1), label: 1, epsilon: 0, norm }
          // 0 + 3040 · small above a tie
          expect(certify(engine, example, prune).margins[0]).toBeGreaterThanOrEqual(3040 * small)
        }
      }
    })

    it(`${variant}: a skip's weight that swallows what a wide block adds to it does not turn a neuron off`, async () => {
      const engine = await Engine.create({ variant })
      // z = x + Σ small · relu(x) − bias, each term less than half an ulp of x's own weight
      const [width, small, x] = [1000, 0.99 * 2 ** -25, 0.75]
      const layers: Layer[] = [
        convolution(width),
        { kind: 'relu' },
        convolution(1),
        { ...convolution(1), from: -1 },
        { kind: 'add', other: 2 },
        { kind: 'relu' },
        linear(2),
      ]
      const network = handMade(pixel, layers, [
        ...[...new Array<number>(width).fill(1), ...new Array<number>(width).fill(0)],
        ...[...new Array<number>(width).fill(small), -x * (1 + 0.5 * width * small)],
        ...[1, 0],
        ...[1, 0, 0, 0],
      ])
      const truth = referenceForward(network, Float64Array.of(x)).at(-1)![0]
      expect(truth).toBeGreaterThan(1e-5)
      for (const norm of norms) {
        for (const prune of [false, true]) {
          const example = { network, image: Float32Array.of(x), label: 1, epsilon: 0, norm }
          expect(certify(engine, example, prune).margins[0]).toBeGreaterThanOrEqual(truth)
        }
      }
    })

    it(`${variant}: slopes of very large bounds do not overflow`, async () => {
      const engine = await Engine.create({ variant })
      // z ∈ ±2e38, so that u − l is more than float32 can hold; z_0 reaches 1.54
      const network = handMade(pixel, [linear(1), { kind: 'relu' }, linear(2)], [3.4e38, 0, 1e-38, 0, -0.5, 0])
      const example = { network, image: Float32Array.of(0), label: 1, epsilon: Math.fround(0.6) }
      for (const prune of [false, true]) {
        const [margin] = certify(engine, example, prune).margins
        expect(margin! < 0).toBe(false)
      }
    })

    it(`${variant}: coefficients below the smallest float are not lost`, async () => {
      const engine = await Engine.create({ variant })
      // z_0 = 1e38 · 1e-25 · 1e-25 x − 1e-13 = 9e-13 at x = 1, by way of a coefficient of 1e-50
      const network = handMade(
        pixel,
        [linear(1), { kind: 'relu' }, linear(1), { kind: 'relu' }, linear(2)],
        [1e38, 0, 1e-25, 0, 1e-25, 0, -1e-13, 0],
      )
      const example = { network, image: Float32Array.of(1), label: 1, epsilon: Math.fround(0.1) }
      for (const prune of [false, true]) {
        const [margin] = certify(engine, example, prune).margins
        expect(margin! < 0).toBe(false)
      }
    })

    it(`${variant}: what is not a number certifies nothing`, async () => {
      const engine = await Engine.create({ variant })
      const layers = [linear(2), { kind: 'relu' }, linear(2), { kind: 'relu' }, linear(2)] as Layer[]
      const good = [1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, -5, 0]
      for (const bad of [NaN, Infinity, -Infinity, 3.4e38]) {
        for (let i = 0; i < good.length; i++) {
          const network = handMade(pixel, layers, good.with(i, bad))
          const example = { network, image: Float32Array.of(0.5), label: 1, epsilon: 0.1 }
          const truth = referenceForward(network, Float64Array.of(0.5)).at(-1)!
          for (const prune of [false, true]) {
            const [margin] = certify(engine, example, prune).margins
            // certified only if it is true: a difference that float64 can tell, and that is negative
            expect([bad, i, prune, margin! < 0 && !(truth[0] - truth[1] < 0)]).toEqual([bad, i, prune, false])
          }
        }
      }
    })

    it(`${variant}: a margin is rounded upwards, also where nothing but biases is in it`, async () => {
      const engine = await Engine.create({ variant })
      const random = new Random(1, 'biases')
      for (let n = 0; n < 20; n++) {
        const biases = [Math.fround(random.between(-1, 1)), Math.fround(random.between(-1e-3, 1e-3))]
        const network = handMade(pixel, [linear(2)], [1, 1, ...biases])
        for (const prune of [false, true]) {
          const { margins } = certify(engine, { network, image: Float32Array.of(0), label: 1, epsilon: 0 }, prune)
          expect(margins[0]).toBeGreaterThanOrEqual(biases[0] - biases[1])
        }
      }
    })

    it(`${variant}: what normalising rounds is charged`, async () => {
      const engine = await Engine.create({ variant })
      const random = new Random(1, 'normalised')
      for (let n = 0; n < 20; n++) {
        const normalise: Layer = { kind: 'normalise', mean: [random.uniform()], deviation: [random.uniform() + 0.1] }
        const network = handMade(pixel, [normalise, linear(2)], [random.between(-1, 1), 0, 0, 0].map(Math.fround))
        const image = Float32Array.of(random.uniform())
        const [truth] = referenceForward(network, Float64Array.from(image)).at(-1)!
        for (const prune of [false, true]) {
          const { margins } = certify(engine, { network, image, label: 1, epsilon: 0 }, prune)
          expect(margins[0]).toBeGreaterThanOrEqual(truth!)
        }
      }
    })

    it(`${variant}: a network of one affine layer is exact`, async () => {
      const engine = await Engine.create({ variant })
      const network = handMade(pixel, [linear(2)], [1, -1, 0, 0])
      const { margins } = certify(engine, { network, image: Float32Array.of(0.5), label: 1, epsilon: 0.25 }, true)
      expect(margins[0]).toBeCloseTo(1.5, 5)
      expect(margins[0]).toBeGreaterThanOrEqual(1.5)
    })
  }
})
