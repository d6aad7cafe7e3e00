import { test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { batchOf } from './batch.ts'
import { extentsOf, padded, weightsOf } from './extents.ts'
import { Trial, testGpu, tiledGpu } from './gpu.testing.ts'
import { Sums, eachWeight, randomExtents, randomFloats, randomWeights } from './products.testing.ts'
import { startMargins, startNeurons } from './rows-start.ts'
import { eachPlace, randomLabels } from './rows.testing.ts'
import { RowSums, rowCount } from './rows.ts'
import { marginRowSet, neuronRowSet } from './windows.ts'

for (const [seed, gpu] of [
  [1, testGpu],
  [2, tiledGpu],
] as const) {
  test(`margins start as differences of weights, ${seed}`, async () => {
    const random = new Random(seed, 'margins')
    const [inputs, classes, batch] = [1 + random.integer(9), 2 + random.integer(9), batchOf(1 + random.integer(6))]
    const vector = (channels: number) => ({ channels, height: 1, width: 1 })
    const options = { kernel: 1, stride: 1, padding: 0, groups: 1 }
    const extents = extentsOf(vector(inputs), vector(classes), options)
    const rows = marginRowSet(classes, batch)
    const [all, { each }] = [rowCount(rows), rows]
    const labels = randomLabels(random, batch.stride, classes)
    const [w, b] = [randomWeights(random, extents), randomFloats(random, padded(classes))]

    const trial = new Trial(await gpu())
    const [weight, bias] = [trial.input(w, true), trial.input(b, true)]
    const [tape, sums] = [new Tape(), new RowSums(trial.plan, rows, [])]
    const before = random.integer(2) === 0 ? randomFloats(random, w.length) : undefined
    if (before) trial.seed(weight, before)
    const start = { term: { extents, weight }, bias, labels: trial.input(labels), rows, sums }
    const values = startMargins(trial.plan, tape, start)
    const [dv, de] = [randomFloats(random, values.length), randomFloats(random, 2 * all)]
    trial.seed(values, dv)
    trial.seed(sums.ends, de)
    tape.backward()

    const expected = { values: new Sums(inputs * all), sums: new Sums(3 * all) }
    const gradients = { weight: new Sums(w.length), bias: new Sums(b.length) }
    before?.forEach((value, i) => gradients.weight.add(i, value))
    for (let row = 0; row < all; row++) {
      const [target, label] = [row % each, labels[Math.floor(row / each)]]
      if (target >= classes || target === label) continue
      for (const [o, sign] of [
        [target, 1],
        [label, -1],
      ] as const) {
        expected.sums.add(row, sign * b[o])
        gradients.bias.add(o, sign * (de[row] + de[all + row]))
        for (let i = 0; i < inputs; i++) {
          expected.values.add(i * all + row, sign * w[i * each + o])
          gradients.weight.add(i * each + o, sign * dv[i * all + row])
        }
      }
    }
    const [v, s, dw, db] = await trial.run([values, sums.parts, weight.gradient!, bias.gradient!])
    expected.values.expect(v)
    expected.sums.expect(s)
    // whatever comes to padding is nobody's
    const real = (found: Float32Array, to: Sums) => found.map((value, i) => (i % each < classes ? value : to.values[i]))
    gradients.weight.expect(real(dw, gradients.weight))
    gradients.bias.expect(real(db, gradients.bias))
  })
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`neurons start as weights, ${seed}`, async () => {
    const random = new Random(seed, 'neurons')
    const extents = randomExtents(random)
    const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernel, stride, padding } = extents
    const shape = { channels: inChannels, height: inHeight, width: inWidth }
    const rows = neuronRowSet(
      { channels: outChannels, height: outHeight, width: outWidth },
      batchOf(1 + random.integer(3)),
    )
    // the window of the kernel alone, or one that another term has widened
    const [before, behind] = [random.integer(2), random.integer(2)]
    const side = before + kernel + behind
    const window = { height: side, width: side, stride, offset: padding + before, across: outWidth }
    const [all, { each, positions, batch }] = [rowCount(rows), rows]
    const w = randomWeights(random, extents)
    const b = randomFloats(random, each).map((value, o) => (o < outChannels ? value : 0))
    const inside = new Map<string, number>()
    const expected = { values: new Sums(inChannels * side ** 2 * all), sums: new Sums(3 * all) }
    eachPlace({ shape, window, rows }, ({ at, row, neuron }) => {
      if (neuron >= 0) inside.set(`${row} ${neuron}`, at)
    })
    const held = new Set(inside.values())

    const trial = new Trial(await testGpu())
    const [weight, bias] = [trial.input(w, true), trial.input(b, true)]
    const [tape, sums] = [new Tape(), new RowSums(trial.plan, rows, [])]
    const there = random.integer(2) === 0 ? randomFloats(random, expected.values.values.length) : undefined
    const into = there && trial.plan.view(trial.input(there), true)
    there?.forEach((value, at) => expected.values.add(at, value))
    const hasBias = random.integer(3) > 0
    const start = { term: { extents, weight }, window, rows, sums, into, ...(hasBias && { bias }) }
    const values = startNeurons(trial.plan, tape, start)
    const [dv, de] = [randomFloats(random, values.length), randomFloats(random, 2 * all)]
    // nothing comes back from outside of the layer, or to padding
    const isReal = (at: number) => at % each < outChannels
    trial.seed(
      values,
      dv.map((value, at) => (held.has(at) && isReal(at) ? value : 0)),
    )
    trial.seed(
      sums.ends,
      de.map((value, at) => (isReal(at) ? value : 0)),
    )
    tape.backward()

    const gradients = { weight: new Sums(weightsOf(extents)), bias: new Sums(b.length) }
    for (let unit = 0; unit < positions * batch.size; unit++) {
      for (let o = 0; o < outChannels; o++) {
        expected.sums.add(unit * each + o, b[o])
        gradients.bias.add(o, de[unit * each + o] + de[all + unit * each + o])
      }
    }
    eachWeight(extents, (output, input, at) => {
      const [o, position] = [Math.floor(output / positions), output % positions]
      for (let e = 0; e < batch.size; e++) {
        const place = inside.get(`${(position * batch.size + e) * each + o} ${input}`)!
        expected.values.add(place, w[at])
        gradients.weight.add(at, dv[place])
      }
    })
    const [v, dw, s, db] = await trial.run([values, weight.gradient!, ...(hasBias ? [sums.parts, bias.gradient!] : [])])
    expected.values.expect(v.map((value, at) => (held.has(at) ? value : expected.values.values[at])))
    gradients.weight.expect(dw)
    if (!hasBias) return
    expected.sums.expect(s)
    gradients.bias.expect(db)
  })
}
