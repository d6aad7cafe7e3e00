import { describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { batchOf } from './batch.ts'
import { normalise } from './channels.ts'
import { type Extents, groupOf, padded, weightsOf } from './extents.ts'
import { foldWeights } from './fold-weights.ts'
import { gatherMoments, gathered, momentsOf } from './gather-moments.ts'
import { Trial, testGpu } from './gpu.testing.ts'

const normals = (random: Random, n: number) => Float64Array.from({ length: n }, () => random.normal())

interface Case {
  readonly channels: number
  readonly groups: number
  readonly places: number
  readonly relu: boolean
  /** Which results something flows back to. */
  readonly back: readonly ('value' | 'bias' | 'weight')[]
}

const cases: readonly Case[] = [
  { channels: 5, groups: 1, places: 6, relu: true, back: ['value', 'bias', 'weight'] },
  { channels: 6, groups: 2, places: 70, relu: false, back: ['value', 'bias', 'weight'] },
  { channels: 4, groups: 1, places: 1, relu: true, back: ['bias', 'weight'] },
  { channels: 3, groups: 3, places: 9, relu: true, back: ['value'] },
]

const batch = batchOf(6)
const count = 5

/** z, biases and packed weights to values, folded biases and folded weights, in float64. */
function folded({ channels, places, relu }: Case, extents: Extents, z: Float64Array, b: Float64Array, w: Float64Array) {
  const { outputs } = groupOf(extents)
  const each = channels / extents.groups
  const [value, bias, weight] = [z.length, b.length, w.length].map((n) => new Float64Array(n)) as [
    ...[Float64Array, Float64Array, Float64Array],
  ]
  for (let c = 0; c < channels; c++) {
    const own = [...z.keys()].filter((i) => Math.floor(i / batch.stride / places) === c && i % batch.stride < count)
    const mean = own.reduce((sum, i) => sum + z[i], 0) / own.length
    const deviation = Math.sqrt(own.reduce((sum, i) => sum + (z[i] - mean) ** 2, 0) / own.length + 1e-5)
    bias[c] = b[c] - mean / deviation
    for (const i of own) {
      const y = z[i] / deviation + bias[c]
      value[i] = relu ? Math.max(0, y) : y
    }
    w.forEach((x, i) => {
      const o = i % outputs
      if (o < each && Math.floor((i * extents.groups) / w.length) * each + o === c) weight[i] = x / deviation
    })
  }
  return { value, bias, weight }
}

/** Numbers of a case. */
function numbersOf(one: Case, random: Random) {
  const { channels, groups, places } = one
  const extents: Extents = {
    ...{ groups, kernel: 2, stride: 1, padding: 0 },
    ...{ inChannels: 2 * groups, inHeight: 2, inWidth: places + 1 },
    ...{ outChannels: channels, outHeight: 1, outWidth: places },
  }
  const n = channels * places * batch.stride
  // a mean that is large beside the deviation
  const z = normals(random, n).map((x, i) => 3 * x + 10 * (1 + Math.floor(i / batch.stride / places)))
  const b = normals(random, padded(channels))
  const w = normals(random, weightsOf(extents))
  const gradients = { value: normals(random, n), bias: normals(random, b.length), weight: normals(random, w.length) }
  for (let e = count; e < batch.stride; e++) {
    for (let i = e; i < n; i += batch.stride) gradients.value[i] = Infinity
  }
  return { extents, z, b, w, gradients }
}

/** What a case makes on the device. */
async function onDevice(one: Case, { extents, z, b, w, gradients }: ReturnType<typeof numbersOf>) {
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const tape = new Tape()
  const [pre, bias, weight] = [z, b, w].map((x) => trial.input(x, true))
  const { channels, relu } = one
  const normalised = normalise(plan, tape, { z: pre, channels, batch, bias, relu })
  const results = { ...normalised, weight: foldWeights(plan, tape, { weight, extents, moments: normalised.moments }) }
  for (const name of one.back) trial.seed(results[name], gradients[name])
  tape.backward()
  const wanted = [results.value, results.bias, results.weight, pre.gradient!, bias.gradient!]
  const found = await trial.run(weight.gradient ? [...wanted, weight.gradient] : wanted, { count })
  return { value: found[0], bias: found[1], weight: found[2], dz: found[3], db: found[4], dw: found[5] }
}

const closeTo = (found: Float32Array, expected: Float64Array, tolerance: number) =>
  expected.forEach((value, i) => {
    if (!(Math.abs(found[i] - value) < tolerance * (1 + Math.abs(value)))) expect([i, found[i]]).toEqual([i, value])
  })

describe('normalise and foldWeights', () => {
  test.each(cases)('$channels channels in $groups groups, back from $back', async (one) => {
    const numbers = numbersOf(one, new Random(one.places))
    const { z, b, w, extents, gradients } = numbers
    const found = await onDevice(one, numbers)
    const expected = folded(one, extents, z, b, w)
    closeTo(found.value, expected.value, 1e-5)
    closeTo(found.bias.subarray(0, one.channels), expected.bias.subarray(0, one.channels), 1e-5)
    closeTo(found.weight, expected.weight, 1e-5)

    const loss = () => {
      const results = folded(one, extents, z, b, w)
      return one.back.reduce(
        (sum, name) => sum + results[name].reduce((all, x, i) => all + (x === 0 ? 0 : x * gradients[name][i]), 0),
        0,
      )
    }
    const slope = (of: Float64Array, i: number) => {
      const [at, h] = [of[i], 1e-4]
      of[i] = at + h
      const above = loss()
      of[i] = at - h
      const below = loss()
      of[i] = at
      return (above - below) / (2 * h)
    }
    const random = new Random(9)
    const check = (of: Float64Array, gradient: Float32Array | undefined, within: number) => {
      for (let k = 0; k < 12; k++) {
        const i = random.integer(within)
        const expectedSlope = slope(of, i)
        const difference = Math.abs((gradient?.[i] ?? 0) - expectedSlope)
        if (!(difference < 2e-4 * (1 + Math.abs(expectedSlope)))) expect([i, gradient?.[i]]).toEqual([i, expectedSlope])
      }
    }
    check(z, found.dz, z.length)
    check(b, found.db, one.channels)
    check(w, found.dw, w.length)
    // examples behind the last one have no weight
    expect(found.dz.filter((_, i) => i % batch.stride >= count).every((x) => x === 0)).toBe(true)
  })
})

test('NaN passes the ReLU, so that training notices it', async () => {
  const trial = new Trial(await testGpu())
  const [z, bias] = [trial.input([...Array(8).fill(1), NaN, ...Array(7).fill(2)]), trial.input([0, 0, 0, 0])]
  const { value } = normalise(trial.plan, undefined, { z, channels: 2, batch: batchOf(8), bias, relu: true })
  const [found] = await trial.run([value], { count: 8 })
  expect([...found].map(Number.isNaN)).toEqual([...Array(8).fill(false), ...Array(8).fill(true)])
})

test('moments of many images are those of all of them together', async () => {
  const gpu = await testGpu()
  const [channels, places] = [5, 6]
  const random = new Random(4)
  const into = gathered(channels)
  const all: number[][] = Array.from({ length: channels }, () => [])
  // what is there from before does not count
  for (const [micro, some] of [0, 0, 1, 2].map((at, i) => [at, i === 3 ? 2 : 5] as const)) {
    const z = normals(random, channels * places * batch.stride).map((x, i) => x + 30 * (i % 7))
    if (micro === 0) all.forEach((values) => values.splice(0))
    z.forEach((x, i) => i % batch.stride < some && all[Math.floor(i / batch.stride / places)].push(x))
    const trial = new Trial(gpu)
    gatherMoments(trial.plan, { z: trial.input(z), channels, batch }, into)
    await trial.run([], { micro, count: some })
  }
  const { mean, deviation } = momentsOf(await gpu.read(into), channels)
  all.forEach((values, c) => {
    const expected = values.reduce((a, b) => a + b) / values.length
    const variance = values.reduce((sum, x) => sum + (x - expected) ** 2, 0) / values.length
    expect(mean[c]).toBeCloseTo(expected, 4)
    expect(deviation[c]).toBeCloseTo(Math.sqrt(variance + 1e-5), 4)
  })
})
