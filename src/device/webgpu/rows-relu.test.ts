import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { sizeOf } from '../../model/layers.ts'
import { Tape } from '../tape.ts'
import { padded } from './extents.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { Sums, randomFloats } from './products.testing.ts'
import { rowsRelu } from './rows-relu.ts'
import { eachPlace, normals, pick, randomWindows } from './rows.testing.ts'
import { RowSums, rowCount } from './rows.ts'
import { windowSize } from './windows.ts'

for (const seed of [1, 2, 4, 6, 7]) {
  test(`rows take slopes and leave gaps and biases, ${seed}`, async () => {
    const random = new Random(seed, 'relu')
    const windows = randomWindows(random)
    const { shape, window, rows } = windows
    const [all, { stride }] = [rowCount(rows), rows.batch]
    const neurons = sizeOf(shape)
    const half = neurons * stride
    const lines = new Float32Array(2 * half)
    for (let i = 0; i < half; i++) {
      const [slope, gap] = pick(random, [0, 0], [1, 0], [random.between(0.1, 0.9), -random.uniform()])
      lines[i] = slope
      lines[half + i] = gap
    }
    const [x, b] = [normals(random, windowSize(shape, window) * all), normals(random, padded(shape.channels))]
    const hasReLU = seed !== 7

    const trial = new Trial(await testGpu())
    const [values, ofLines, bias] = [trial.input(x, true), trial.input(lines, true), trial.input(b, true)]
    const before =
      seed % 2 === 0 ? [values, ofLines, bias].map(({ length }) => randomFloats(random, length)) : undefined
    before?.forEach((gradient, i) => trial.seed([values, ofLines, bias][i], gradient))
    const [tape, sums] = [new Tape(), new RowSums(trial.plan, rows, [windowSize(shape, window)])]
    const at = { values, bias, shape, window, rows, sums, ...(hasReLU && { lines: ofLines }) }
    const result = rowsRelu(trial.plan, tape, at)
    const [dv, de] = [normals(random, x.length), normals(random, 2 * all)]
    trial.seed(result, dv)
    trial.seed(sums.ends, de)
    tape.backward()

    const expected = { values: new Sums(x.length), sums: new Sums(3 * all) }
    const gradients = [new Sums(x.length), new Sums(lines.length), new Sums(b.length)]
    before?.forEach((gradient, i) => gradient.forEach((value, at) => gradients[i].add(at, value)))
    const [toValues, toLines, toBias] = gradients
    eachPlace(windows, ({ at, row, example, channel, neuron }) => {
      if (neuron < 0) return
      const line = neuron * stride + example
      const [slope, gap] = hasReLU ? [lines[line], lines[half + line]] : [1, 0]
      const value = slope * x[at]
      expected.values.add(at, value)
      expected.sums.add(row, b[channel] * value)
      expected.sums.add(all + row, gap * Math.max(-value, 0))
      expected.sums.add(2 * all + row, -gap * Math.max(value, 0))
      const [lower, upper] = [de[row], de[all + row]]
      // the derivative of a maximum at 0 is 0
      const side = value > 0 ? upper : value < 0 ? lower : 0
      const terms = [dv[at], b[channel] * lower, b[channel] * upper, -gap * side]
      toBias.add(channel, value * lower)
      toBias.add(channel, value * upper)
      for (const term of terms) {
        toValues.add(at, slope * term)
        if (gap !== 0) toLines.add(line, term * x[at])
      }
      if (gap !== 0) toLines.add(half + line, Math.max(-value, 0) * lower - Math.max(value, 0) * upper)
    })
    const [v, s, ...found] = await trial.run([
      result,
      sums.parts,
      values.gradient!,
      bias.gradient!,
      ...(hasReLU ? [ofLines.gradient!] : []),
    ])
    expected.values.expect(v)
    const totals = new Float32Array(3 * all)
    s.subarray(3 * all).forEach((value, i) => (totals[i % totals.length] += value))
    expected.sums.expect(totals)
    toValues.expect(found[0])
    toBias.expect(found[1].map((value, o) => (o < shape.channels ? value : toBias.values[o])))
    if (hasReLU) toLines.expect(found[2])
    expect(v.some((value) => value !== 0)).toBe(true)
  })
}

test('sums must have room for all that rows meet, and nothing may be missing', async () => {
  const { plan } = new Trial(await testGpu())
  const { rows } = randomWindows(new Random(1, 'sums'))
  const sums = new RowSums(plan, rows, [100])
  expect(() => sums.check()).toThrow(RangeError)
  sums.take(100)
  sums.check()
  expect(() => sums.take(1)).toThrow(RangeError)
})
