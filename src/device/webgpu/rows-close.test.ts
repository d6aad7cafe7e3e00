import { test } from 'vitest'
import { Random } from '../../base/random.ts'
import { sizeOf } from '../../model/layers.ts'
import { Tape } from '../tape.ts'
import { Trial, testGpu, tiledGpu } from './gpu.testing.ts'
import { Sums, randomFloats } from './products.testing.ts'
import { closeMargins, closeNeurons } from './rows-close.ts'
import { type WindowCase, eachPlace, normals, randomWindows } from './rows.testing.ts'
import { RowSums, rowCount } from './rows.ts'
import { windowSize, wholeLayer } from './windows.ts'

/** What rows bring to the image, and float64 sums of what becomes of it. */
async function arrive(random: Random, at: WindowCase, gpu = testGpu) {
  const { shape, window, rows } = at
  const [all, { stride }] = [rowCount(rows), rows.batch]
  const half = sizeOf(shape) * stride
  const x = normals(random, windowSize(shape, window) * all)
  const ball = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? random.normal() : random.uniform()))

  const trial = new Trial(await gpu())
  const sums = new RowSums(trial.plan, rows, [40])
  sums.take(40)
  const parts = randomFloats(random, sums.parts.length)
  const kept = trial.input(parts)
  trial.plan.each(
    'copy',
    parts.length,
    { x: { values: kept, access: 'read', type: 'f32' }, y: { values: sums.parts, access: 'write', type: 'f32' } },
    'y[i] = x[i];',
  )
  const arrived = { coefficients: trial.input(x, true), sums, rows, box: trial.input(ball) }
  const [lower, upper] = [new Sums(all), new Sums(all)]
  parts.forEach((value, i) => {
    const [row, kind] = [i % all, Math.floor(i / all) % 3]
    if (kind < 2) lower.add(row, value)
    if (kind !== 1) upper.add(row, value)
  })
  eachPlace(at, ({ at, row, example, neuron }) => {
    if (neuron < 0) return
    const [centre, radius] = [ball[neuron * stride + example], ball[half + neuron * stride + example]]
    for (const [sum, sign] of [
      [lower, -1],
      [upper, 1],
    ] as const) {
      sum.add(row, centre * x[at])
      sum.add(row, sign * radius * Math.abs(x[at]))
    }
  })
  /** The gradient of the coefficients, if this comes back to the ends of every row. */
  const back = (toLower: ArrayLike<number>, toUpper: ArrayLike<number>) => {
    const gradient = new Sums(x.length)
    eachPlace(at, ({ at, row, example, neuron }) => {
      if (neuron < 0) return
      const [centre, radius] = [ball[neuron * stride + example], ball[half + neuron * stride + example]]
      gradient.add(at, (centre - radius * Math.sign(x[at])) * toLower[row])
      gradient.add(at, (centre + radius * Math.sign(x[at])) * toUpper[row])
    })
    return gradient
  }
  return { trial, arrived, lower, upper, back }
}

for (const [seed, gpu] of [
  [1, testGpu],
  [2, tiledGpu],
] as const) {
  test(`margins are closed over the ball, ${seed}`, async () => {
    const random = new Random(seed, 'close margins')
    const shape = { channels: 3, height: 1 + random.integer(4), width: 1 + random.integer(4) }
    const { rows } = randomWindows(random)
    const at = { shape, window: wholeLayer(shape), rows: { ...rows, positions: 1 } }
    const { trial, arrived, upper, back } = await arrive(random, at, gpu)
    const tape = new Tape()
    const margins = closeMargins(trial.plan, tape, arrived)
    const d = randomFloats(random, margins.length)
    trial.seed(margins, d)
    tape.backward()
    const { coefficients, sums } = arrived
    const [found, dx, ends] = await trial.run([margins, coefficients.gradient!, sums.ends.gradient!])
    upper.expect(found)
    back(new Float32Array(d.length), d).expect(dx)
    const expected = new Sums(ends.length)
    d.forEach((value, row) => expected.add(d.length + row, value))
    expected.expect(ends)
  })
}

for (const seed of [1, 2, 3, 5]) {
  test(`bounds of neurons are closed over the ball, ${seed}`, async () => {
    const random = new Random(seed, 'close neurons')
    const at = randomWindows(random)
    const { positions, each, batch } = at.rows
    const channels = each - random.integer(4)
    const { trial, arrived, lower, upper, back } = await arrive(random, at)
    const tape = new Tape()
    const { shape, window } = at
    const bounds = closeNeurons(trial.plan, tape, { ...arrived, shape, window, channels })
    const d = randomFloats(random, bounds.length)
    trial.seed(bounds, d)
    tape.backward()
    const [found, dx, ends] = await trial.run([bounds, arrived.coefficients.gradient!, arrived.sums.ends.gradient!])
    const half = channels * positions * batch.stride
    const [expected, toEnds] = [new Sums(2 * half), new Sums(ends.length)]
    const all = ends.length / 2
    for (let row = 0; row < all; row++) {
      const [o, unit] = [row % each, Math.floor(row / each)]
      const [e, position] = [unit % batch.size, Math.floor(unit / batch.size)]
      const neuron = (o * positions + position) * batch.stride + e
      if (o >= channels) continue
      expected.add(neuron, lower.values[row])
      expected.sizes[neuron] = lower.sizes[row]
      expected.add(half + neuron, upper.values[row])
      expected.sizes[half + neuron] = upper.sizes[row]
      toEnds.add(row, d[neuron])
      toEnds.add(all + row, d[half + neuron])
    }
    expected.expect(found)
    toEnds.expect(ends)
    back(toEnds.values.subarray(0, all), toEnds.values.subarray(all)).expect(dx)
  })
}
