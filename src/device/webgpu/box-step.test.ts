import { test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { boxStep } from './box-step.ts'
import { type Extents, padded } from './extents.ts'
import type { Gpu } from './gpu.ts'
import { testGpu, Trial } from './gpu.testing.ts'
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
