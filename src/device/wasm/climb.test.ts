import { describe } from 'vitest'
import { testCases } from './cases.testing.ts'
import { Sums, normals, variants } from './oracle.testing.ts'

for (const variant of variants) {
  describe(`an ℓ∞ step, ${variant}`, () => {
    testCases(
      variant,
      'takes the box in the domain, moves by the signs and stays in it, and copies what is better',
      (engine, random) => {
        const columns = 4 * (1 + random.integer(3))
        const n = columns * (1 + random.integer(9))
        const [centre, gradient, other] = [normals(random, n), normals(random, n), normals(random, n)]
        const radius = normals(random, n).map(Math.abs)
        const [low, high] = [random.between(-2, 0), random.between(0, 2)]
        const isBetter = Array.from({ length: columns }, () => random.integer(2) === 1)
        const box = { centre: engine.tensorFrom(centre), radius: engine.tensorFrom(radius) }
        const within = { lower: engine.tensor(n), upper: engine.tensor(n) }
        const [x, worst] = [engine.tensorFrom(centre), engine.tensorFrom(other)]
        x.gradient.view().set(gradient)
        engine.climb.boxEnds(box, within, { first: 0, count: n, low, high })
        engine.climb.step(x, box.radius, 0.25, within)
        engine.climb.keep(isBetter, columns, x, worst)
        const [ends, tops, moved, kept] = [0, 1, 2, 3].map(() => new Sums(n)) as [Sums, Sums, Sums, Sums]
        centre.forEach((value, i) => {
          const [least, most] = [Math.max(low, value - radius[i]), Math.min(high, value + radius[i])]
          ends.add(i, least)
          tops.add(i, most)
          moved.add(i, Math.min(most, Math.max(least, value + 0.25 * Math.sign(gradient[i]) * radius[i])))
          kept.add(i, isBetter[i % columns] ? x.view()[i] : other[i])
        })
        // a sum's rounding is a part of its terms
        for (const sums of [ends, tops, moved]) sums.size.forEach((size, i) => (sums.size[i] = size + 4))
        return [
          ...ends.compare('lower', within.lower.read(), 1e-6),
          ...tops.compare('upper', within.upper.read(), 1e-6),
          ...moved.compare('moved', x.read(), 1e-6),
          ...kept.compare('copied', worst.read(), 0),
        ]
      },
      100,
    )
  })
}
