import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { testCases } from './cases.testing.ts'
import { Engine } from './engine.ts'
import { Sums, normals, pick, variants } from './oracle.testing.ts'

const sums = (values: ArrayLike<number>) => new Sums(values.length, values)

for (const variant of variants) {
  describe(`rows and those of a reference, ${variant}`, () => {
    testCases(
      variant,
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
