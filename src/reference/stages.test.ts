import { UserError } from '../base/errors.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Layer } from '../model/layers.ts'
import { parameterLayout, shapesOf } from '../model/network.ts'
import { networkArbitrary, randomBox } from '../model/random-network.testing.ts'
import { handMade, problemArbitrary, rounding, vector } from './problems.testing.ts'
import { applyTransposedWeight, applyWeight, referenceForward, referenceStages } from './stages.ts'
import { dot } from './vectors.ts'

test('make what the network makes, residual sums and all', () => {
  let sums = 0
  fc.assert(
    fc.property(networkArbitrary({ everyKind: true }), fc.nat(), (network, seed) => {
      const { centre } = randomBox(new Random(seed), network.architecture)
      const expected = evaluate(network, centre)
      const scale = Math.max(1, ...expected.map(Math.abs))
      const actual = referenceForward(network, centre).at(-1)!
      expected.forEach((y, i) => expect(Math.abs(actual[i] - y) / scale).toBeLessThan(1e-12))
      if (referenceStages(network).some(({ terms }) => terms.length > 1)) sums++
    }),
  )
  expect(sums).toBeGreaterThan(50)
})

test('a convolution is the sum over the zero-padded window', () => {
  const options = { input: { channels: 2, height: 6, width: 5 }, hiddenLayers: 1, normalise: false, everyKind: false }
  fc.assert(
    fc.property(problemArbitrary(options), ({ network, random }) => {
      const layer = network.architecture.layers[0]
      fc.pre(layer.kind === 'convolution')
      const { kernel, stride, padding } = layer
      const [{ channels, height, width }, output] = shapesOf(network.architecture)
      const [weight, bias] = parameterLayout(network.architecture)
      const x = vector(random, channels * height * width)
      const padded = (c: number, i: number, j: number) =>
        i < 0 || i >= height || j < 0 || j >= width ? 0 : x[(c * height + i) * width + j]
      const expected: number[] = []
      for (let o = 0; o < output.channels; o++) {
        for (let at = 0; at < output.height * output.width; at++) {
          const top = Math.floor(at / output.width) * stride - padding
          const left = (at % output.width) * stride - padding
          let sum = network.parameters[bias.offset + o]
          for (let k = 0; k < channels * kernel * kernel; k++) {
            const [c, i, j] = [Math.floor(k / kernel ** 2), Math.floor(k / kernel) % kernel, k % kernel]
            const w = network.parameters[weight.offset + o * channels * kernel * kernel + k]
            sum += w * padded(c, top + i, left + j)
          }
          expected.push(sum)
        }
      }
      const actual = referenceForward(network, x)[0]
      expect(actual.length).toBe(expected.length)
      expect(Math.max(...actual.map((z, j) => Math.abs(z - expected[j])))).toBeLessThan(rounding)
    }),
  )
})

test('applyTransposedWeight is the transpose of applyWeight', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, random }) => {
      for (const term of referenceStages(network).flatMap(({ terms }) => terms)) {
        const x = vector(random, term.inputSize)
        const y = vector(random, term.rows.length)
        expect(dot(applyWeight(term, x), y)).toBeCloseTo(dot(x, applyTransposedWeight(term, y)), 9)
      }
    }),
  )
})

test('layers that the bounds are not made for are refused', () => {
  const network = handMade([[1, 0]])
  const withLayers = (layers: Layer[]) => ({ ...network, architecture: { ...network.architecture, layers } })
  const linear: Layer = { kind: 'linear', outFeatures: 1 }
  const normalise: Layer = { kind: 'normalise', mean: [0], deviation: [1] }
  expect(() => referenceStages(withLayers([linear, { kind: 'relu' }]))).toThrow(UserError)
  expect(() => referenceStages(withLayers([{ kind: 'relu' }, linear]))).toThrow(UserError)
  expect(() => referenceStages(withLayers([linear, normalise]))).toThrow(UserError)
  expect(() => referenceStages(withLayers([normalise, linear]))).not.toThrow()
})
