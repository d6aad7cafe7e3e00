import { describe, expect, it } from 'vitest'
import { Engine } from './engine.ts'
import { Sums, collect, normals, pick, variants } from './oracle.testing.ts'
import { Random } from '../../base/random.ts'

for (const variant of variants) {
  describe(`channels, ${variant}`, () => {
    /** Random values of random channels; `check` returns what is wrong. */
    const cases = (name: string, check: (engine: Engine, random: Random, channels: number, n: number) => string[]) =>
      it(name, async () => {
        const engine = await Engine.create({ variant })
        const found = collect(
          engine,
          60,
          name,
          (seed) => new Random(seed, name),
          (random) => {
            const channels = 1 + random.integer(5)
            return check(engine, random, channels, channels * 4 * (1 + random.integer(12)))
          },
        )
        expect(found).toEqual([])
      })

    cases('are summed, and their products', (engine, random, channels, n) => {
      const far = pick(random, [0, 50])
      const [x, y] = [normals(random, n).map((v) => v + far), normals(random, n).map((v) => v - far)]
      const of = engine.channels.sums(channels, engine.tensorFrom(x), engine.tensorFrom(y))
      const [expected, products] = [new Sums(channels), new Sums(channels)]
      x.forEach((value, i) => {
        const c = Math.floor((i * channels) / n)
        expected.add(c, value)
        products.add(c, value * y[i])
      })
      return [...expected.compare('sum', of.sums, 1e-14), ...products.compare('product', of.products, 1e-14)]
    })

    cases('are scaled, with the adjoint', (engine, random, channels, n) => {
      const [x, dx, dy] = [normals(random, n), normals(random, n), normals(random, n)]
      const three = Array.from({ length: channels }, () => [...normals(random, 3)] as [number, number, number])
      const [from, to] = [engine.tensorFrom(x), engine.tensor(n)]
      from.gradient.view().set(dx)
      to.gradient.view().set(dy)
      engine.channels.scale(
        from,
        to,
        three.map(([factor, shift]) => [factor, shift]),
      )
      engine.channels.scaleAdjoint(from, to, three)
      const [y, back] = [new Sums(n), new Sums(n, dx)]
      x.forEach((value, i) => {
        const [a, b, c] = three[Math.floor((i * channels) / n)]
        for (const term of [a * value, b]) y.add(i, term)
        for (const term of [a * dy[i], b * value, c]) back.add(i, term)
      })
      return [...y.compare('y', to.read(), 1e-6), ...back.compare('dx', from.gradient.read(), 1e-6)]
    })
  })
}
