import { test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import type { Extents } from './extents.ts'
import type { Gpu } from './gpu.ts'
import { testGpu, Trial } from './gpu.testing.ts'
import * as exact from './products.testing.ts'
import { transposed } from './transposed.ts'

/** Rows back through layers that read the same values, and how gradients go on from there. */
async function check(gpu: Gpu, random: Random, layers: readonly Extents[], rows: number): Promise<void> {
  const { inputs } = exact.sizes(layers[0])
  const weights = layers.map((extents) => exact.randomWeights(random, extents))
  const xs = layers.map((extents) => exact.randomFloats(random, exact.sizes(extents).outputs * rows))
  const dy = exact.randomFloats(random, inputs * rows)

  const trial = new Trial(gpu)
  const tape = new Tape()
  const products = layers.map((extents, i) => {
    return { extents, weight: trial.input(weights[i], true), input: trial.input(xs[i], true) }
  })
  const result = transposed(trial.plan, tape, { products, rows })
  trial.seed(result, dy)
  tape.backward()
  const gradients = products.flatMap(({ weight, input }) => [weight.gradient!, input.gradient!])
  const [y, ...found] = await trial.run([result, ...gradients])

  const sums = new exact.Sums(inputs * rows)
  layers.forEach((extents, i) => {
    const factors = { extents, weights: weights[i], rows }
    exact.addTransposed(factors, xs[i], sums)
    exact.addWeights(factors, { y: xs[i], x: dy }, new exact.Sums(weights[i].length)).expect(found[2 * i])
    exact.addForward(factors, dy, new exact.Sums(xs[i].length)).expect(found[2 * i + 1])
  })
  sums.expect(y)
}

test('rows go back through layers of all kinds', async () => {
  const random = new Random(1, 'transposed')
  const gpu = await testGpu()
  for (let trial = 0; trial < 3; trial++) {
    await check(gpu, random, [exact.randomExtents(random)], 4 * (1 + random.integer(4)))
  }
})

test('rows go back through windows of two layers, whose inputs lie at different places of a larger window', async () => {
  const random = new Random(2, 'windows')
  const sizes = { inChannels: 3, inHeight: 7, inWidth: 8, outHeight: 2, outWidth: 3, groups: 1 }
  const layers: Extents[] = [
    { ...sizes, outChannels: 6, kernel: 4, stride: 2, padding: 0 },
    { ...sizes, outChannels: 5, kernel: 2, stride: 2, padding: -1 },
  ]
  await check(await testGpu(), random, layers, 8)
})
