import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { boxStep } from './box-step.ts'
import { type Extents, padded } from './extents.ts'
import type { Gpu } from './gpu.ts'
import { testGpu, tiledGpu, Trial } from './gpu.testing.ts'
import * as exact from './products.testing.ts'

/** A box through one stage, with its gradients: by the centres as by W, by the radii as by |W|. */
async function check(gpu: Gpu, random: Random, extents: Extents, rows: number): Promise<void> {
  const { inputs, outputs } = exact.sizes(extents)
  const weights = exact.randomWeights(random, extents)
  // a weight of zero has no sign
  weights[0] = 0
  const centre = exact.randomFloats(random, inputs * rows)
  const radius = exact.randomFloats(random, inputs * rows).map(Math.abs)
  const bias = exact.randomFloats(random, padded(extents.outChannels))
  const [dc, dr] = [0, 1].map(() => exact.randomFloats(random, outputs * rows))

  const trial = new Trial(gpu)
  const tape = new Tape()
  const [weight, input, biases] = [weights, [...centre, ...radius], bias].map((data) => trial.input(data, true))
  const result = boxStep(trial.plan, tape, { products: [{ extents, weight, input }], bias: biases, rows })
  trial.seed(result, [...dc, ...dr])
  tape.backward()
  const [y, dW, dx, db] = await trial.run([result, weight.gradient!, input.gradient!, biases.gradient!])

  const half = (found: Float32Array, i: number) => found.subarray((i * found.length) / 2, ((i + 1) * found.length) / 2)
  const channel = (i: number) => Math.floor((i * extents.outChannels) / (outputs * rows))
  const ofCentre = { extents, weights, rows }
  const ofRadius = { extents, weights: weights.map(Math.abs), rows }
  const centres = exact.addForward(ofCentre, centre, new exact.Sums(outputs * rows))
  for (let i = 0; i < outputs * rows; i++) centres.add(i, bias[channel(i)])
  centres.expect(half(y, 0))
  exact.addForward(ofRadius, radius, new exact.Sums(outputs * rows)).expect(half(y, 1))
  exact.addTransposed(ofCentre, dc, new exact.Sums(inputs * rows)).expect(half(dx, 0))
  exact.addTransposed(ofRadius, dr, new exact.Sums(inputs * rows)).expect(half(dx, 1))
  const byBias = new exact.Sums(bias.length)
  dc.forEach((value, i) => byBias.add(channel(i), value))
  byBias.expect(db)
  const byRadius = exact.addWeights(ofRadius, { y: dr, x: radius }, new exact.Sums(weights.length))
  const byWeight = exact.addWeights(ofCentre, { y: dc, x: centre }, new exact.Sums(weights.length))
  weights.forEach((w, i) => byWeight.add(i, Math.sign(w) * byRadius.values[i]))
  byWeight.expect(dW)
}

test('boxes go through layers of all kinds, and gradients back', async () => {
  const random = new Random(1, 'boxes')
  for (let trial = 0; trial < 3; trial++) {
    await check(await testGpu(), random, exact.randomExtents(random), 4 * (1 + random.integer(4)))
  }
})

test('tiles share long sums among them', async () => {
  const random = new Random(2, 'long')
  const point = { inHeight: 1, inWidth: 1, outHeight: 1, outWidth: 1, kernel: 1, stride: 1, padding: 0, groups: 1 }
  const extents = { ...point, inChannels: 300, outChannels: 10 }
  const weights = exact.randomWeights(random, extents)
  const [centre, radius] = [0, 1].map(() => exact.randomFloats(random, 300 * 8))
  const bias = exact.randomFloats(random, 12)
  const trial = new Trial(await tiledGpu())
  const [weight, input, biases] = [weights, [...centre, ...radius], bias].map((data) => trial.input(data))
  const result = boxStep(trial.plan, undefined, { products: [{ extents, weight, input }], bias: biases, rows: 8 })
  expect(trial.plan.dispatches.length).toBe(2)
  const [y] = await trial.run([result])
  const centres = exact.addForward({ extents, weights, rows: 8 }, centre, new exact.Sums(80))
  for (let i = 0; i < 80; i++) centres.add(i, bias[Math.floor(i / 8)])
  centres.expect(y.subarray(0, 80))
  exact
    .addForward({ extents, weights: weights.map(Math.abs), rows: 8 }, radius, new exact.Sums(80))
    .expect(y.subarray(80))
})
