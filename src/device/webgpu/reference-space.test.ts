import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { batchOf } from './batch.ts'
import { Trial, testGpu, tiledGpu } from './gpu.testing.ts'
import type { Plan } from './plan.ts'
import { Sums, randomFloats } from './products.testing.ts'
import { closeOverReference } from './reference-space.ts'
import { pick, randomLabels } from './rows.testing.ts'
import { RowSums, rowCount } from './rows.ts'
import type { Values } from './values.ts'
import { marginRowSet } from './windows.ts'

/** Few different ratios, so that transition points and sums tie, and powers of two, so that nothing rounds. */
const tied = (random: Random) => pick(random, 0, -1, 1, 2, -2, 0.5, -0.5)
/** As small as what makes no transition point, and smaller. */
const small = (random: Random) => pick(random, 1e-8, -1e-8, 0.99e-7, -1e-7)

const copy = (plan: Plan, from: Values, to: Values) =>
  plan.each(
    'copy',
    to.length,
    { x: { values: from, access: 'read', type: 'f32' }, y: { values: to, access: 'write', type: 'f32' } },
    'y[i] = x[i];',
  )

// one shape, since the driver of the tests takes longest to compile
const [inputs, classes, batch] = [300, 6, batchOf(3)]

for (const [seed, gpu, draw] of [
  [1, testGpu, tied],
  [2, testGpu, (random: Random) => random.normal()],
  [3, tiledGpu, (random: Random) => random.normal() * 10 ** random.between(-12, 3)],
] as const) {
  test(`bounds over the reference space, ${seed}`, async () => {
    const random = new Random(seed, 'reference space')
    const rows = marginRowSet(classes, batch)
    const [all, { each }] = [rowCount(rows), rows]
    const labels = randomLabels(random, batch.stride, classes)
    const half = inputs * batch.stride
    const ball = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? tied(random) : pick(random, 0.25, 0.5)))
    const isReal = (row: number) => row % each < classes && row % each !== labels[Math.floor(row / each)]
    // the second one does not depend on the image
    const isFlat = (i: number) => draw === tied && Math.floor((i % all) / each) === 1
    const own = Float32Array.from({ length: inputs * all }, (_, i) =>
      isReal(i % all) && !isFlat(i) ? draw(random) : 0,
    )
    // the third example has no transition points
    const other = Float32Array.from({ length: inputs * all }, (_, i) => {
      if (!isReal(i % all) || random.integer(9) === 0) return 0
      const q = random.integer(9) === 0 ? small(random) : draw(random)
      return Math.floor((i % all) / each) === 2 ? Math.abs(q) * (Math.sign(own[i]) || 1) : q
    })
    const parts = [own, other].map(() =>
      Float32Array.from({ length: 3 * all }, (_, i) => (isReal(i % all) ? tied(random) : 0)),
    )

    const trial = new Trial(await gpu())
    const [f, g] = [own, other].map((coefficients, i) => {
      const sums = new RowSums(trial.plan, rows, [])
      copy(trial.plan, trial.input(parts[i]), sums.parts)
      return { coefficients: trial.input(coefficients, i === 0), sums }
    })
    const tape = new Tape()
    const { margins, statistics } = closeOverReference(trial.plan, tape, {
      ...{ own: f, reference: g, rows, box: trial.input(ball), labels: trial.input(labels), classes },
    })
    const d = randomFloats(random, all)
    trial.seed(margins, d)
    tape.backward()
    const count = batch.size - 1
    const [bounds, found, dx, ends] = await trial.run(
      [margins, statistics.t.values, f.coefficients.gradient!, f.sums.ends.gradient!],
      { count },
    )

    const table = found.subarray(statistics.t.first)
    const expected = {
      margins: new Sums(all),
      gradient: new Sums(own.length),
      t: new Sums(all),
      ends: new Sums(2 * all),
    }
    const seen = { loose: 0, tight: 0, infeasible: 0 }
    let none = 0
    for (let row = 0; row < all; row++) {
      const example = Math.floor(row / each)
      const [low, high] = [new Sums(1), new Sums(1)]
      const points = Array.from({ length: inputs }, (_, j) => {
        const [v, q] = [own[j * all + row], other[j * all + row]]
        return Math.abs(q) < Math.fround(1e-7) ? 0 : -v / q
      })
      const positive = points.filter((point) => point > 0).sort((a, b) => a - b)
      const eta = positive[(positive.length - 1) >> 1] ?? 0
      if (eta === 0 && isReal(row)) none++
      for (const [kind, part] of parts[0].entries()) {
        if (kind % all === row && Math.floor(kind / all) !== 1) expected.margins.add(row, part)
      }
      const c = new Sums(1)
      for (const kind of [0, 2]) c.add(0, parts[1][kind * all + row])
      let t = 0
      for (let j = 0; j < inputs; j++) {
        const at = j * all + row
        const [v, q] = [own[at], other[at]]
        const [centre, radius] = [ball[j * batch.stride + example], ball[half + j * batch.stride + example]]
        const sign = eta > 0 && points[j] === eta ? 0 : Math.sign(v + eta * q)
        expected.margins.add(row, centre * v)
        expected.margins.add(row, radius * sign * v)
        c.add(0, centre * q)
        t += radius * sign * q
        low.add(0, radius * (v === 0 ? Math.abs(q) : Math.sign(v) * q))
        high.add(0, radius * Math.abs(q))
        expected.gradient.add(at, centre * d[row])
        expected.gradient.add(at, radius * sign * d[row])
      }
      expected.ends.add(all + row, d[row])
      const kinds = [1, 2, 3].map((kind) => table[kind * all + row])
      if (!isReal(row) || example >= count) {
        expect([table[row], ...kinds]).toEqual([0, 0, 0, 0])
        expected.t.add(row, table[row])
        continue
      }
      expected.t.add(row, t + c.values[0])
      expected.t.sizes[row] = high.values[0] + c.sizes[0]
      const [lowest, highest] = [low.values[0] + c.values[0], high.values[0] + c.values[0]]
      const kind = lowest >= 0 ? 'loose' : highest > 0 ? 'tight' : 'infeasible'
      seen[kind]++
      // so near to 0 that float32 may see the other side
      const near = 1e-5 * (high.values[0] + c.sizes[0])
      if (draw === tied || (Math.abs(lowest) > near && Math.abs(highest) > near)) {
        expect(kinds).toEqual(['loose', 'tight', 'infeasible'].map((name) => Number(name === kind)))
      }
    }
    expected.margins.expect(bounds)
    expected.t.expect(table.subarray(0, all))
    expected.gradient.expect(dx)
    expected.ends.expect(ends)
    expect([none > 0, seen.loose + seen.tight > 0]).toEqual([true, true])
  })
}
