import { describe } from 'vitest'
import type { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { testCases } from './cases.testing.ts'
import { Sums, normals, variants } from './oracle.testing.ts'

/** Counts like those of values: multiples of 4. */
const length = (random: Random) => 4 * (1 + random.integer(40))

for (const variant of variants) {
  describe(`interval steps, ${variant}`, () => {
    testCases(variant, 'reluInterval', (engine, random) => {
      const n = length(random)
      const lower = normals(random, n)
      const upper = lower.map((l) => l + Math.abs(random.normal()) * random.integer(2))
      const [dc, dr, dl, du] = [0, 1, 2, 3].map(() => normals(random, n)) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ]
      const interval = { lower: engine.tensorFrom(lower), upper: engine.tensorFrom(upper) }
      const tape = new Tape()
      const { centre, radius } = engine.intervals.relu(tape, interval)
      interval.lower.gradient.view().set(dl)
      interval.upper.gradient.view().set(du)
      centre.gradient.view().set(dc)
      radius.gradient.view().set(dr)
      tape.backward()
      const [l, u] = [lower, upper].map((end) => Float64Array.from(end, (v) => Math.max(v, 0))) as [
        Float64Array,
        Float64Array,
      ]
      const [expectedCentre, expectedRadius, back, forth] = [new Sums(n), new Sums(n), new Sums(n, dl), new Sums(n, du)]
      for (let i = 0; i < n; i++) {
        for (const [half, sign] of [
          [u[i] / 2, 1],
          [l[i] / 2, -1],
        ] as const) {
          expectedCentre.add(i, half)
          expectedRadius.add(i, sign * half)
        }
        if (lower[i] > 0) for (const g of [dc[i] / 2, -dr[i] / 2]) back.add(i, g)
        if (upper[i] > 0) for (const g of [dc[i] / 2, dr[i] / 2]) forth.add(i, g)
      }
      return [
        ...expectedCentre.compare('centre', centre.read()),
        ...expectedRadius.compare('radius', radius.read()),
        ...back.compare('dlower', interval.lower.gradient.read()),
        ...forth.compare('dupper', interval.upper.gradient.read()),
      ]
    })

    testCases(variant, 'intervalEnds', (engine, random) => {
      const n = length(random)
      const [c, r, m] = [normals(random, n), normals(random, n).map(Math.abs), normals(random, n).map(Math.abs)]
      const factor = random.integer(2) ? Math.fround(random.between(0, 0.1)) : 0
      const [dl, du] = [normals(random, n), normals(random, n)]
      const ball = { centre: engine.tensorFrom(c), radius: engine.tensorFrom(r) }
      const tape = new Tape()
      const widening = factor ? { factor, magnitude: engine.tensorFrom(m) } : undefined
      const { lower, upper } = engine.intervals.ends(tape, ball, widening)
      lower.gradient.view().set(dl)
      upper.gradient.view().set(du)
      tape.backward()
      const ends = [-1, 1].map((sign) => {
        const end = new Sums(n, c)
        r.forEach((v, i) => end.add(i, sign * v))
        m.forEach((v, i) => end.add(i, sign * factor * v))
        // what underflow may take, where the ends are moved by rounding
        if (factor) m.forEach((_, i) => end.add(i, sign * 1e-30))
        return end
      }) as [Sums, Sums]
      const [toCentre, toRadius] = [new Sums(n, du), new Sums(n, du)]
      dl.forEach((g, i) => toCentre.add(i, g))
      dl.forEach((g, i) => toRadius.add(i, -g))
      return [
        ...ends[0].compare('lower', lower.read()),
        ...ends[1].compare('upper', upper.read()),
        ...toCentre.compare('dcentre', ball.centre.gradient.read()),
        ...toRadius.compare('dradius', ball.radius.gradient.read()),
      ]
    })
  })
}
