import { describe, expect, it } from 'vitest'
import { crossEntropy } from './cross-entropy.ts'
import { intervalEnds, relu, reluInterval } from './elementwise.ts'
import { Engine } from './engine.ts'
import { activeNeurons } from './layout.ts'
import { Sums, collect, normals, pick, variants } from './oracle.testing.ts'
import { at } from './pointers.ts'
import { Random } from '../../base/random.ts'
import { Tape, Tensor } from '../tape.ts'

const tensor = (engine: Engine, values: ArrayLike<number>) => new Tensor(engine.floatsFrom(values), values.length)
const setGradient = (engine: Engine, of: Tensor, values: ArrayLike<number>) =>
  engine.f32.set(values, of.gradient(engine) >> 2)
const gradientOf = (engine: Engine, of: Tensor) => engine.read(of.gradient(engine), of.length)
const sums = (values: ArrayLike<number>) => new Sums(values.length, values)
/** Counts like those of values: multiples of 4. */
const length = (random: Random) => 4 * (1 + random.integer(40))

for (const variant of variants) {
  describe(`element-wise operations, ${variant}`, () => {
    const cases = (name: string, check: (engine: Engine, random: Random) => string[], runs = 60) =>
      it(name, async () => {
        const engine = await Engine.create({ variant })
        expect(
          collect(
            engine,
            runs,
            name,
            (seed) => new Random(seed, name),
            (random) => check(engine, random),
          ),
        ).toEqual([])
      })

    cases('relu', (engine, random) => {
      const n = length(random)
      const [x, dy, dx] = [normals(random, n), normals(random, n), normals(random, n)]
      const input = tensor(engine, x)
      const tape = new Tape()
      const y = relu(engine, tape, input)
      setGradient(engine, input, dx)
      setGradient(engine, y, dy)
      tape.backward()
      return [
        ...sums(x.map((v) => Math.max(v, 0))).compare('y', engine.read(y.pointer, n), 0),
        ...sums(dx.map((g, i) => g + (x[i] > 0 ? dy[i] : 0))).compare('dx', gradientOf(engine, input), 1e-6),
      ]
    })

    cases('reluInterval', (engine, random) => {
      const n = length(random)
      const lower = normals(random, n)
      const upper = lower.map((l) => l + Math.abs(random.normal()) * random.integer(2))
      const [dc, dr, dl, du] = [0, 1, 2, 3].map(() => normals(random, n)) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ]
      const interval = { lower: tensor(engine, lower), upper: tensor(engine, upper) }
      const tape = new Tape()
      const { centre, radius } = reluInterval(engine, tape, interval)
      setGradient(engine, interval.lower, dl)
      setGradient(engine, interval.upper, du)
      setGradient(engine, centre, dc)
      setGradient(engine, radius, dr)
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
        ...expectedCentre.compare('centre', engine.read(centre.pointer, n)),
        ...expectedRadius.compare('radius', engine.read(radius.pointer, n)),
        ...back.compare('dlower', gradientOf(engine, interval.lower)),
        ...forth.compare('dupper', gradientOf(engine, interval.upper)),
      ]
    })

    cases('intervalEnds', (engine, random) => {
      const n = length(random)
      const [c, r, m] = [normals(random, n), normals(random, n).map(Math.abs), normals(random, n).map(Math.abs)]
      const factor = random.integer(2) ? Math.fround(random.between(0, 0.1)) : 0
      const [dl, du] = [normals(random, n), normals(random, n)]
      const ball = { centre: tensor(engine, c), radius: tensor(engine, r) }
      const tape = new Tape()
      const widening = factor ? { factor, magnitude: tensor(engine, m) } : undefined
      const { lower, upper } = intervalEnds(engine, tape, ball, widening)
      setGradient(engine, lower, dl)
      setGradient(engine, upper, du)
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
        ...ends[0].compare('lower', engine.read(lower.pointer, n)),
        ...ends[1].compare('upper', engine.read(upper.pointer, n)),
        ...toCentre.compare('dcentre', gradientOf(engine, ball.centre)),
        ...toRadius.compare('dradius', gradientOf(engine, ball.radius)),
      ]
    })

    cases('absolute and addTo', (engine, random) => {
      const n = length(random)
      const [x, dy, dx] = [normals(random, n), normals(random, n), normals(random, n)]
      x[0] = -0
      const [at, to, from, back] = [
        engine.floatsFrom(x),
        engine.floats(n),
        engine.floatsFrom(dy),
        engine.floatsFrom(dx),
      ]
      engine.kernels.absolute(n, at, to)
      engine.kernels.absoluteAdjoint(n, at, back, from)
      const total = engine.floatsFrom(dx)
      engine.kernels.addTo(n, at, total)
      return [
        ...sums(x.map(Math.abs)).compare('y', engine.read(to, n), 0),
        ...sums(dx.map((g, i) => g + Math.sign(x[i]) * dy[i])).compare('dx', engine.read(back, n), 1e-6),
        ...sums(dx.map((g, i) => g + x[i])).compare('sum', engine.read(total, n), 1e-6),
      ]
    })

    cases('relaxation and its list of active neurons', (engine, random) => {
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
      const list = activeNeurons(engine, extent, slope)
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

    cases(
      'referenceSpace',
      (engine, random) => {
        const inputs = 1 + random.integer(40)
        const rows = 4 * (1 + random.integer(4))
        const stride = pick(random, [1, 4])
        const [own, reference] = [normals(random, inputs * rows), normals(random, inputs * rows)]
        for (let r = 0; r < rows; r++) {
          const kind = random.integer(6)
          for (let j = 0; j < inputs; j++) {
            const at = j * rows + r
            // no positive transition; one; many equal ones; coefficients below the limit; f or g blind to an input
            if (kind === 0 || (kind === 1 && j > 0)) own[at] = Math.sign(reference[at]) * Math.abs(own[at])
            if (kind === 1 && j === 0) [own[at], reference[at]] = [-0.7, 0.3]
            if (kind === 2) own[at] = -pick(random, [0.5, 1, 2]) * reference[at]
            if (kind === 3 && random.integer(2)) reference[at] = pick(random, [1e-8, -9e-8, 0, 1.1e-7])
            if (kind === 4 && random.integer(2)) own[at] = 0
          }
        }
        const [centre, radius] = [normals(random, inputs * stride), normals(random, inputs * stride).map(Math.abs)]
        const [multiplier, signs, results] = [
          engine.floats(rows),
          engine.floats(inputs * rows),
          engine.floats(4 * rows),
        ]
        const radiusAt = engine.floatsFrom(radius)
        engine.kernels.referenceSpace(
          inputs,
          rows,
          engine.floatsFrom(own),
          engine.floatsFrom(reference),
          radiusAt,
          4 * stride,
          multiplier,
          signs,
          results,
          engine.floats(inputs),
        )
        const [toCentre, toObjective] = [normals(random, rows), normals(random, rows)]
        const gradient = engine.floats(inputs * rows)
        engine.kernels.referenceSpaceAdjoint(
          inputs,
          rows,
          signs,
          engine.floatsFrom(centre),
          radiusAt,
          4 * stride,
          gradient,
          engine.floatsFrom(toCentre),
          engine.floatsFrom(toObjective),
        )

        const expectedEta = new Float32Array(rows)
        const expectedSigns = new Float32Array(inputs * rows)
        const expected = new Sums(4 * rows)
        const back = new Sums(inputs * rows)
        for (let r = 0; r < rows; r++) {
          // transition points as float32 divides
          const transitions = Float32Array.from({ length: inputs }, (_, j) =>
            Math.abs(reference[j * rows + r]) < Math.fround(1e-7) ? NaN : -own[j * rows + r] / reference[j * rows + r],
          )
          const positive = transitions.filter((t) => t > 0).toSorted()
          const eta = positive.length ? positive[Math.floor((positive.length - 1) / 2)] : 0
          expectedEta[r] = eta
          for (let j = 0; j < inputs; j++) {
            const [v, q, e] = [own[j * rows + r], reference[j * rows + r], radius[j * stride]]
            const sign = eta > 0 && transitions[j] === eta ? 0 : Math.sign(v + eta * q)
            expectedSigns[j * rows + r] = sign
            expected.add(r, e * sign * v)
            expected.add(rows + r, e * sign * q)
            expected.add(2 * rows + r, e * (v === 0 ? Math.abs(q) : Math.sign(v) * q))
            expected.add(3 * rows + r, e * Math.abs(q))
            back.add(j * rows + r, centre[j * stride] * toCentre[r])
            back.add(j * rows + r, e * sign * toObjective[r])
          }
        }
        return [
          ...sums(expectedEta).compare('η', engine.read(multiplier, rows), 0),
          ...sums(expectedSigns).compare('sign', engine.read(signs, inputs * rows), 0),
          ...expected.compare('sum', engine.read(results, 4 * rows)),
          ...back.compare('dν̂', engine.read(gradient, inputs * rows)),
        ]
      },
      120,
    )
  })
}

describe('the median of transition points', () => {
  const medianOf = (engine: Engine, points: readonly number[]) => {
    const mark = engine.mark()
    const inputs = points.length
    const column = (value: (i: number) => number) =>
      engine.floatsFrom(Float32Array.from({ length: 4 * inputs }, (_, i) => value(i >> 2)))
    const eta = engine.floats(4)
    engine.kernels.referenceSpace(
      inputs,
      4,
      column((i) => -points[i]),
      column(() => 1),
      engine.floatsFrom(new Float32Array(inputs)),
      4,
      eta,
      engine.floats(4 * inputs),
      engine.floats(16),
      engine.floats(inputs),
    )
    const result = engine.read(eta, 4)
    engine.release(mark)
    return [...result]
  }

  it('is the lower one, whatever the order, with duplicates, one, two or none', async () => {
    const engine = await Engine.create()
    const of = (points: readonly number[]) => medianOf(engine, points)[0]
    expect(of([3])).toBe(3)
    expect(of([-3])).toBe(0)
    expect(of([0, -1, -2])).toBe(0)
    expect(of([5, 2])).toBe(2)
    expect(of([5, 2, -7, 9])).toBe(5)
    expect(of([4, 4, 4, 4])).toBe(4)
    expect(of([1, 2, 2, 2, 3])).toBe(2)
    const wrong: string[] = []
    for (let seed = 0; seed < 200; seed++) {
      const random = new Random(seed, 'median')
      const kinds = 1 + random.integer(20)
      const points = Array.from({ length: 1 + random.integer(60) }, () => random.integer(kinds) - random.integer(3))
      const shapes = [points, points.toSorted((a, b) => a - b), points.toSorted((a, b) => b - a)]
      const positive = points.filter((p) => p > 0).toSorted((a, b) => a - b)
      const expected = positive.length ? positive[(positive.length - 1) >> 1] : 0
      if (shapes.some((shape) => medianOf(engine, shape).some((eta) => eta !== expected))) wrong.push(points.join())
    }
    expect(wrong).toEqual([])
  })
})

describe('cross-entropy', () => {
  it('and its gradient equal float64', async () => {
    const engine = await Engine.create()
    const found = collect(
      engine,
      100,
      'loss',
      (seed) => new Random(seed, 'loss'),
      (random) => {
        const classes = 2 + random.integer(9)
        const [step, weight] = [pick(random, [1, 4]), random.between(0.01, 2)]
        const first = random.integer(step)
        const label = random.integer(classes)
        const scores = normals(random, classes * step).map((v) => v * pick(random, [1, 20, 300]))
        const before = normals(random, classes * step)
        const logits = tensor(engine, scores)
        setGradient(engine, logits, before)
        const loss = crossEntropy(engine, logits, classes, label, weight, first, step)
        const own = Float64Array.from({ length: classes }, (_, c) => scores[first + c * step])
        const largest = Math.max(...own)
        const lossOf = (values: Float64Array) =>
          weight * (largest + Math.log(values.reduce((sum, v) => sum + Math.exp(v - largest), 0)) - values[label])
        const gradient = new Sums(classes * step, before)
        own.forEach((v, c) => {
          const [more, less] = [own.with(c, v + 1e-5), own.with(c, v - 1e-5)]
          gradient.add(first + c * step, (lossOf(more) - lossOf(less)) / 2e-5)
          gradient.size[first + c * step] += 1e-3
        })
        return [
          ...sums([lossOf(own)])
            .compare('loss', [loss], 1e-9)
            .slice(0, Math.abs(loss - lossOf(own)) < 1e-9 ? 0 : 1),
          ...gradient.compare('gradient', gradientOf(engine, logits), 1e-5),
        ]
      },
    )
    expect(found).toEqual([])
  })

  it('of scores that overflow an exponential is finite, of NaN is not', async () => {
    const engine = await Engine.create()
    const of = (scores: number[], label: number) =>
      crossEntropy(engine, tensor(engine, scores), scores.length, label, 1)
    expect(of([1e4, 0, -1e4], 0)).toBe(0)
    expect(of([1e4, 0, -1e4], 2)).toBe(2e4)
    expect(of([0, NaN], 0)).toBeNaN()
  })
})
