import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { affine } from './affine.ts'
import { type Extents, padded } from './extents.ts'
import { type Gpu } from './gpu.ts'
import { testGpu, tiledGpu, Trial } from './gpu.testing.ts'
import * as exact from './products.testing.ts'

interface Case {
  readonly terms: readonly Extents[]
  readonly rows: number
  readonly biasEvery: number
  readonly relu: boolean
}

/** One stage with all its gradients, where a gradient is there already for every second input. */
async function check(gpu: Gpu, random: Random, { terms, rows, biasEvery, relu }: Case): Promise<void> {
  const [{ outChannels, outHeight, outWidth }] = terms
  const { outputs } = exact.sizes(terms[0])
  const weights = terms.map((extents) => exact.randomWeights(random, extents))
  const inputs = terms.map((extents) => exact.randomFloats(random, exact.sizes(extents).inputs * rows))
  const bias = exact.randomFloats(random, padded(outChannels))
  const dy = exact.randomFloats(random, outputs * rows)

  const y = new exact.Sums(outputs * rows)
  terms.forEach((extents, t) => exact.addForward({ extents, weights: weights[t], rows }, inputs[t], y))
  for (let i = 0; i < outputs * rows; i++) {
    const isBiased = (i % rows) % biasEvery === 0
    if (isBiased) y.add(i, bias[Math.floor(i / (rows * outHeight * outWidth))])
  }
  if (relu) y.relu()
  const behind = dy.map((value, i) => (relu && y.values[i] <= 0 ? 0 : value))

  const trial = new Trial(gpu)
  const tape = new Tape()
  const products = terms.map((extents, t) => ({
    extents,
    weight: trial.input(weights[t], true),
    input: trial.input(inputs[t], true),
  }))
  const known = inputs.map((input) => exact.randomFloats(random, input.length))
  products.forEach(({ input }, t) => t % 2 && trial.seed(input, known[t]))
  const biases = trial.input(bias, true)
  const result = affine(trial.plan, tape, { products, bias: biases, rows, biasEvery, relu })
  trial.seed(result, dy)
  tape.backward()
  const gradients = products.flatMap(({ weight, input }) => [weight.gradient!, input.gradient!])
  const [found, db, ...found2] = await trial.run([result, biases.gradient!, ...gradients])

  y.expect(found)
  const biasGradient = new exact.Sums(padded(outChannels))
  behind.forEach((value, i) => {
    if ((i % rows) % biasEvery === 0) biasGradient.add(Math.floor(i / (rows * outHeight * outWidth)), value)
  })
  biasGradient.expect(db)
  terms.forEach((extents, t) => {
    const { weights: length } = exact.sizes(extents)
    exact.addWeights({ extents, rows }, { y: behind, x: inputs[t] }, new exact.Sums(length)).expect(found2[2 * t])
    const dx = exact.addTransposed({ extents, weights: weights[t], rows }, behind, new exact.Sums(inputs[t].length))
    if (t % 2) known[t].forEach((value, i) => dx.add(i, value))
    dx.expect(found2[2 * t + 1])
  })
}

test('layers of all kinds, with their gradients', async () => {
  const random = new Random(1, 'affine')
  const gpu = await testGpu()
  for (let trial = 0; trial < 4; trial++) {
    const every = [1, 4, 8][trial % 3]
    const rows = every * (1 + random.integer(5)) * (every === 1 ? 4 : 1)
    await check(gpu, random, {
      ...{ terms: [exact.randomExtents(random)], rows, biasEvery: every },
      relu: random.integer(2) === 0,
    })
  }
  expect.assertions(4 * 4)
})

test('gradients by few weights over many places, in parts', async () => {
  const places = { outHeight: 8, outWidth: 8, inHeight: 8, inWidth: 8, kernel: 3, stride: 1, padding: 1 }
  const terms: Extents[] = [{ ...places, inChannels: 3, outChannels: 9, groups: 3 }]
  await check(await testGpu(), new Random(4, 'parts'), { terms, rows: 40, biasEvery: 8, relu: false })
})

test('sums of several layers', async () => {
  const random = new Random(2, 'sums')
  const sizes = { outChannels: 6, outHeight: 3, outWidth: 2 }
  const terms: Extents[] = [
    { ...sizes, inChannels: 4, inHeight: 6, inWidth: 4, kernel: 4, stride: 2, padding: 1, groups: 1 },
    { ...sizes, inChannels: 6, inHeight: 3, inWidth: 2, kernel: 1, stride: 1, padding: 0, groups: 6 },
    { ...sizes, inChannels: 2, inHeight: 3, inWidth: 2, kernel: 3, stride: 1, padding: 1, groups: 2 },
    { ...sizes, inChannels: 5, inHeight: 5, inWidth: 3, kernel: 1, stride: 2, padding: 0, groups: 1 },
  ]
  await check(await testGpu(), random, { terms, rows: 4, biasEvery: 1, relu: true })
})

test('tiles: partial ones, few channels, channels that see only themselves', async () => {
  const random = new Random(3, 'tiles')
  const sizes = { outChannels: 36, outHeight: 2, outWidth: 2 }
  const terms: Extents[] = [
    { ...sizes, inChannels: 18, inHeight: 3, inWidth: 3, kernel: 3, stride: 2, padding: 1, groups: 1 },
    { ...sizes, inChannels: 3, inHeight: 4, inWidth: 4, kernel: 4, stride: 2, padding: 1, groups: 1 },
    { ...sizes, inChannels: 12, inHeight: 2, inWidth: 2, kernel: 1, stride: 1, padding: 0, groups: 12 },
  ]
  await check(await tiledGpu(), random, { terms, rows: 36, biasEvery: 4, relu: true })
})
