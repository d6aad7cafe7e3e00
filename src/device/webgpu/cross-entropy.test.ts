import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { crossEntropy as onCpu } from '../../training/losses/cross-entropy.ts'
import { lossOfMargins, meanOfLosses } from '../../training/losses/expressive.ts'
import { Engine } from '../wasm/engine.ts'
import { pick } from '../wasm/oracle.testing.ts'
import { batchOf } from './batch.ts'
import { type Scores, combined, countErrors, crossEntropy, logitsOf, marginsOf } from './cross-entropy.ts'
import { type Gpu } from './gpu.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import type { Values } from './values.ts'

let engine: Engine
let gpu: Gpu
beforeAll(async () => {
  engine = await Engine.create()
  gpu = await testGpu()
})

/** Random scores of a batch in both layouts, of which the CPU has its own. */
function scoresOf(
  trial: Trial,
  random: Random,
  { size, classes, scale }: { size: number; classes: number; scale: number },
) {
  const batch = batchOf(size)
  const each = (classes + 3) & ~3
  const make = (isMargin: boolean) => {
    const length = isMargin ? size * each : classes * batch.stride
    const data = Float32Array.from({ length }, () => scale * random.normal())
    const values = trial.input(data, true)
    const tensor = engine.tensorFrom(data)
    const scores = isMargin ? marginsOf(values, classes, each) : logitsOf(values, batch)
    return {
      scores,
      tensor,
      placeOf: (e: number) => ({ tensor, classes, first: e * scores.exampleStep, step: scores.classStep }),
    }
  }
  const labels = Uint32Array.from({ length: batch.stride }, (_, e) => (e < size ? random.integer(classes) : 0))
  return { batch, labels, ofLabels: trial.input(labels), logits: make(false), margins: make(true) }
}

/** Where two lists differ by more than their size allows. */
const differences = (found: ArrayLike<number>, wanted: ArrayLike<number>, share: number, least: number): string[] =>
  Array.from(wanted, (v, i) =>
    Math.abs(found[i] - v) <= share * Math.abs(v) + least ? '' : `${i}: ${found[i]} not ${v}`,
  ).filter((text) => text !== '')

const alone = (values: Values) => values.gradient!

describe('cross-entropy', () => {
  it('and its gradient equal the CPU’s, of logits and of margins, for every share and exponent', async () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new Random(seed, 'losses')
      const trial = new Trial(gpu)
      const size = 1 + random.integer(9)
      const classes = pick(random, [2, 10, 13])
      const given = scoresOf(trial, random, { size, classes, scale: pick(random, [0.1, 3, 40]) })
      const { batch, labels } = given
      const lossExponent = pick(random, [0, 1e-4, 0.3, 1])
      const step = { count: 1 + random.integer(size), weight: 0.25, empiricalShare: 0.3, lossExponent }
      const share = pick(random, ['all', 'bounds', 'empirical'] as const)
      const { scores, placeOf, tensor } = pick(random, [given.logits, given.margins])
      // added to what is there already, or in place of nothing
      const before = seed % 2 === 0 ? Float32Array.from({ length: tensor.length }, () => random.normal()) : undefined
      if (before) {
        trial.seed(scores.values, before)
        tensor.gradient.view().set(before)
      }
      const losses = crossEntropy(trial.plan, { scores, labels: given.ofLabels, batch, share })
      const [found, gradient] = await trial.run([losses, alone(scores.values)], step)
      const weight = { all: 0.25, bounds: 0.25 * 0.7, empirical: 0.25 * 0.3 }[share]
      const wanted = Array.from(labels, (label, e) =>
        e < step.count ? onCpu(placeOf(e), label, weight, lossExponent) : 0,
      )
      expect(differences(found, wanted, 3e-6, 1e-12)).toEqual([])
      expect(differences(gradient, tensor.gradient.read(), 2e-5, before ? 3e-7 : 1e-15)).toEqual([])
    }
  })

  it('keeps the digits of small losses', async () => {
    const trial = new Trial(gpu)
    const batch = batchOf(4)
    const scores = logitsOf(trial.input([20, 12, 3, 60, 0, 0, 0, 0], true), batch)
    const labels = trial.input(Uint32Array.of(0, 0, 0, 0))
    const losses = crossEntropy(trial.plan, { scores, labels, batch, share: 'all' })
    const [found, gradient] = await trial.run([losses, alone(scores.values)], { count: 4, weight: 1 })
    const wanted = [20, 12, 3, 60].map((s) => Math.log1p(Math.exp(-s)))
    expect(differences(found, wanted, 1e-5, 0)).toEqual([])
    expect(
      differences(
        gradient.subarray(0, 4),
        wanted.map((l) => Math.expm1(-l)),
        1e-5,
        0,
      ),
    ).toEqual([])
  })

  it('of scores that overflow an exponential is finite, of those that are not finite is NaN, and of padding zero', async () => {
    const trial = new Trial(gpu)
    const batch = batchOf(7)
    const rows = [
      [1e4, 0, -1e4],
      [1e4, 0, -1e4],
      [0, NaN, 1],
      [0, 1, Infinity],
      [-Infinity, 0, 1],
      [0, 0, 0],
      [NaN, NaN, NaN],
      [0, 0, 0],
    ]
    const scores = logitsOf(
      trial.input(
        [0, 1, 2].flatMap((c) => rows.map((row) => row[c])),
        true,
      ),
      batch,
    )
    const labels = trial.input(Uint32Array.of(0, 2, 0, 0, 2, 1, 0, 0))
    const losses = crossEntropy(trial.plan, { scores, labels, batch, share: 'all' })
    const [found, gradient] = await trial.run([losses, alone(scores.values)], { count: 6, weight: 1 })
    expect([...found]).toEqual([0, 2e4, NaN, NaN, NaN, expect.closeTo(Math.log(3), 6), 0, 0])
    const ofExample = (e: number) => [0, 1, 2].map((c) => gradient[c * batch.stride + e])
    expect(ofExample(1)).toEqual([1, 0, -1])
    for (const e of [2, 3, 4]) expect(ofExample(e)).toEqual([NaN, NaN, NaN])
    for (const e of [6, 7]) expect(ofExample(e)).toEqual([0, 0, 0])
  })

  it('without a gradient that anybody wants is a loss alone', async () => {
    const trial = new Trial(gpu)
    const batch = batchOf(1)
    const scores: Scores = logitsOf(trial.input([1, 0, 0, 0, 1, 0, 0, 0]), batch)
    const losses = crossEntropy(trial.plan, { scores, labels: trial.input(new Uint32Array(4)), batch, share: 'all' })
    const [found] = await trial.run([losses], { count: 1, weight: 1 })
    expect(found[0]).toBeCloseTo(Math.LN2, 6)
    expect(scores.values.gradient).toBeUndefined()
  })
})

describe('combined losses', () => {
  it.each(['margins', 'logarithms'] as const)('of %s equal the CPU’s, with their gradients', async (how) => {
    for (let seed = 0; seed < 4; seed++) {
      const random = new Random(seed, 'combined', how)
      const trial = new Trial(gpu)
      const size = 1 + random.integer(9)
      const given = scoresOf(trial, random, { size, classes: pick(random, [2, 10]), scale: pick(random, [0.1, 3, 12]) })
      const { batch, labels, margins, logits } = given
      const lossExponent = pick(random, [0, 0.5])
      const empiricalShare = pick(random, [0.25, 0.5, 0.9])
      const step = { count: 1 + random.integer(size), weight: 0.2, empiricalShare, lossExponent }
      const losses = combined(trial.plan, {
        bounds: margins.scores,
        empirical: logits.scores,
        labels: given.ofLabels,
        batch,
        how,
      })
      const [found, toMargins, toLogits] = await trial.run(
        [losses, alone(margins.scores.values), alone(logits.scores.values)],
        step,
      )
      const combination = { weight: 0.2, alpha: 1 - Math.fround(empiricalShare), exponent: lossExponent }
      const wanted = Array.from(labels, (label, e) => {
        if (e >= step.count) return 0
        const pair = { bounds: margins.placeOf(e), empirical: logits.placeOf(e), label }
        return how === 'margins' ? lossOfMargins(engine, pair, combination) : meanOfLosses(pair, combination)
      })
      expect(differences(found, wanted, 1e-5, 1e-7)).toEqual([])
      expect(differences(toMargins, margins.tensor.gradient.read(), 5e-5, 1e-8)).toEqual([])
      expect(differences(toLogits, logits.tensor.gradient.read(), 5e-5, 1e-8)).toEqual([])
    }
  })

  it('are NaN where either part is not finite', async () => {
    const trial = new Trial(gpu)
    const batch = batchOf(2)
    const bounds = marginsOf(trial.input([0, NaN, 0, 0, 0, 1, 0, 0], true), 2, 4)
    const empirical = logitsOf(trial.input([0, 0, 0, 0, 0, Infinity, 0, 0], true), batch)
    const labels = trial.input(new Uint32Array(4))
    const losses = combined(trial.plan, { bounds, empirical, labels, batch, how: 'logarithms' })
    const [found] = await trial.run([losses], { count: 2, weight: 1, empiricalShare: 0.5 })
    expect([...found]).toEqual([NaN, NaN, 0, 0])
  })
})

it('errors are examples whose label is not the first of the largest logits, or that have one which is not finite', async () => {
  const trial = new Trial(gpu)
  const batch = batchOf(7)
  const rows = [
    [1, 2, 0],
    [2, 2, 0],
    [2, 2, 0],
    [0, 0, 0],
    [0, 0, NaN],
    [Infinity, 0, 0],
    [9, 0, 0],
    [9, 0, 0],
  ]
  const scores = logitsOf(trial.input([0, 1, 2].flatMap((c) => rows.map((row) => row[c]))), batch)
  const labels = trial.input(Uint32Array.of(1, 0, 1, 2, 0, 0, 1, 1))
  const before = trial.input([1, 0, 1, 0, 0, 0, 1, 1])
  const [found, both] = await trial.run(
    [countErrors(trial.plan, { scores, labels, batch }), countErrors(trial.plan, { scores, labels, batch, before })],
    { count: 6 },
  )
  expect([...found]).toEqual([0, 0, 1, 1, 1, 1, 0, 0])
  expect([...both]).toEqual([1, 0, 1, 1, 1, 1, 0, 0])
})
