import { describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Sums, collect, normals, variants } from '../device/wasm/oracle.testing.ts'
import { Random } from '../base/random.ts'

for (const variant of variants) {
  describe(`kernels of an ℓ∞ step, ${variant}`, () => {
    it('take the box in the domain, move by the signs and stay in it, and copy what is better', async () => {
      const engine = await Engine.create({ variant })
      const found = collect(
        engine,
        100,
        'climb',
        (seed) => new Random(seed, 'climb'),
        (random) => {
          const columns = 4 * (1 + random.integer(3))
          const n = columns * (1 + random.integer(9))
          const [centre, gradient, other] = [normals(random, n), normals(random, n), normals(random, n)]
          const radius = normals(random, n).map(Math.abs)
          const [low, high] = [random.between(-2, 0), random.between(0, 2)]
          const isBetter = Int32Array.from({ length: columns }, () => -random.integer(2))
          const [c, r] = [engine.floatsFrom(centre), engine.floatsFrom(radius)]
          const [g, worst] = [engine.floatsFrom(gradient), engine.floatsFrom(other)]
          const [lower, upper, x] = [engine.floats(n), engine.floats(n), engine.floatsFrom(centre)]
          engine.kernels.boxEnds(n, c, r, low, high, lower, upper)
          engine.kernels.climbBox(n, x, g, r, 0.25, lower, upper)
          engine.kernels.copyColumns(n, columns, engine.integersFrom(isBetter), x, worst)
          const [ends, tops, moved, kept] = [0, 1, 2, 3].map(() => new Sums(n)) as [Sums, Sums, Sums, Sums]
          centre.forEach((value, i) => {
            const [least, most] = [Math.max(low, value - radius[i]), Math.min(high, value + radius[i])]
            ends.add(i, least)
            tops.add(i, most)
            moved.add(i, Math.min(most, Math.max(least, value + 0.25 * Math.sign(gradient[i]) * radius[i])))
            kept.add(i, isBetter[i % columns] ? engine.f32[(x >> 2) + i] : other[i])
          })
          // a sum's rounding is a part of its terms
          for (const sums of [ends, tops, moved]) sums.size.forEach((size, i) => (sums.size[i] = size + 4))
          return [
            ...ends.compare('lower', engine.read(lower, n), 1e-6),
            ...tops.compare('upper', engine.read(upper, n), 1e-6),
            ...moved.compare('moved', engine.read(x, n), 1e-6),
            ...kept.compare('copied', engine.read(worst, n), 0),
          ]
        },
      )
      expect(found).toEqual([])
    })
  })
}
