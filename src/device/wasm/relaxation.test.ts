import { describe, expect, it } from 'vitest'
import { activeNeurons } from './geometry.ts'
import { at } from './pointers.ts'
import { testCases } from './cases.testing.ts'
import { Engine } from './engine.ts'
import { Sums, normals, pick, variants } from './oracle.testing.ts'

for (const variant of variants) {
  describe(`the relaxation of ReLUs, ${variant}`, () => {
    testCases(variant, 'relaxation and its list of active neurons', (engine, random) => {
      const extent = { channels: 1 + random.integer(9), height: 1 + random.integer(4), width: 1 + random.integer(4) }
      const area = extent.height * extent.width
      const n = extent.channels * area
      const columns = pick(random, [1, 4, 8])
      const example = random.integer(columns)
      const [lower, upper] = [new Float32Array(n * columns), new Float32Array(n * columns)]
      for (let i = 0; i < n * columns; i++) {
        // off, on, unstable, touching zero from either side, exactly zero
        const [a, b] = [random.between(0.01, 3), random.between(0.01, 3)]
        const [l, u] = pick(random, [
          [-a - b, -a],
          [a, a + b],
          [-a, b],
          [-a, b],
          [-a, b],
          [-a, 0],
          [0, a],
          [0, 0],
        ] as const)
        lower[i] = l
        upper[i] = u
      }
      const [dl0, du0] = [normals(random, n * columns), normals(random, n * columns)]
      const [ds, dg] = [normals(random, n), normals(random, n)]
      const [slope, gap] = [engine.floats(n), engine.floats(n)]
      const ends = [at(engine.floatsFrom(lower), example), at(engine.floatsFrom(upper), example)] as const
      const gradients = [engine.floatsFrom(dl0), engine.floatsFrom(du0)] as const
      engine.kernels.relaxation(n, ...ends, 4 * columns, slope, gap)
      engine.kernels.relaxationAdjoint(
        n,
        ...ends,
        at(gradients[0], example),
        at(gradients[1], example),
        4 * columns,
        engine.floatsFrom(ds),
        engine.floatsFrom(dg),
      )
      const [slopes, gaps, back, forth] = [
        new Sums(n),
        new Sums(n),
        new Sums(n * columns, dl0),
        new Sums(n * columns, du0),
      ]
      for (let j = 0; j < n; j++) {
        const at = j * columns + example
        const [l, u] = [lower[at], upper[at]]
        if (l < 0 && u > 0) {
          slopes.add(j, u / (u - l))
          gaps.add(j, l)
          // ∂(u/(u−l))/∂l = u/(u−l)², ∂/∂u = −l/(u−l)²
          back.add(at, (ds[j] * u) / (u - l) ** 2)
          back.add(at, dg[j])
          forth.add(at, (-ds[j] * l) / (u - l) ** 2)
        } else if (u > 0 || l >= 0) {
          slopes.add(j, 1)
        }
      }
      const list = activeNeurons(engine, extent, slope).pointer
      const [counts, channels] = [engine.i32[list >> 2], engine.i32[(list >> 2) + 1]]
      const listed = Array.from({ length: area }, (_, p) => {
        const count = engine.i32[(counts >> 2) + p]
        const first = (channels >> 2) + p * extent.channels
        return [...engine.i32.subarray(first, first + count)].join()
      })
      const expectedList = Array.from({ length: area }, (_, p) =>
        Array.from({ length: extent.channels }, (_, c) => c)
          .filter((c) => slopes.value[c * area + p] !== 0)
          .join(),
      )
      return [
        ...slopes.compare('slope', engine.read(slope, n)),
        ...gaps.compare('gap', engine.read(gap, n), 0),
        ...back.compare('dlower', engine.read(gradients[0], n * columns), 4e-6),
        ...forth.compare('dupper', engine.read(gradients[1], n * columns), 4e-6),
        ...(listed.join(' | ') === expectedList.join(' | ') ? [] : [`active ${listed.join(' | ')}`]),
      ]
    })

    it('keeps slopes of nearly-off neurons above zero, so that they stay sound', async () => {
      const engine = await Engine.create({ variant })
      const [slope, gap] = [engine.floats(4), engine.floats(4)]
      const tiny = 2 ** -140
      engine.kernels.relaxation(
        4,
        engine.floatsFrom([-1, -3e38, -tiny, -1]),
        engine.floatsFrom([tiny, 1, 1, 1]),
        4,
        slope,
        gap,
      )
      const slopes = engine.read(slope, 4)
      expect([...slopes].map((s, i) => s >= [tiny, 1 / 3e38, 1, 0.5][i])).toEqual([true, true, true, true])
      expect([...slopes].every((s) => s > 0 && s <= 1)).toBe(true)
    })
  })
}
