import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Batch } from '../search/sweep/batch.ts'
import { System } from '../search/sweep/system.ts'
import { lossOver, reachOf } from './linear-loss.ts'
import { isInside, randomRegion } from './random-region.testing.ts'
import { moveInto } from './region.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const seeds = fc.integer({ min: 0, max: 2 ** 30 })

test('the loss over a region: in kernels as here, attained inside, and no point loses more', () => {
  const property = fc.property(seeds, (seed) => {
    const random = new Random(seed, 'ball')
    const inputs = 1 + random.integer(12)
    const region = randomRegion(random, inputs)
    const { centre } = region.ball
    const mark = engine.mark()
    const batch = new Batch(new System(engine, { ...region, rows: [], neuronLower: [], neuronUpper: [] }), 8)
    const functions = Array.from({ length: 8 }, () => {
      // few sizes, so that many are equal
      const coarse = random.integer(2) === 0
      const number = () => (coarse ? random.integer(5) - 2 : random.normal() * 10 ** random.between(-3, 3))
      return Float64Array.from({ length: inputs }, number)
    })
    const source = Int32Array.from({ length: inputs }, (_, i) => i)
    functions.forEach((weight, r) => batch.setFunction(r, { bias: 0.5, source, weight, error: 0 }, 1))
    const bounds = batch.bounds().slice()
    const attained = batch.attack().slice()
    engine.release(mark)
    functions.forEach((weight, r) => {
      const scale = weight.reduce((sum, w) => sum + 5 * Math.abs(w), 1)
      const at = (x: Float64Array) => x.reduce((sum, value, i) => sum + weight[i] * value, 0.5)
      const exact = at(centre) - lossOver(region.ball, reachOf(region.ball, region), weight)
      expect(bounds[r]).toBeLessThanOrEqual(exact + 1e-15 * scale)
      expect(bounds[r]).toBeGreaterThan(exact - 1e-12 * scale)
      const point = Float64Array.from({ length: inputs }, (_, i) => attained[i * 8 + r])
      expect(isInside(region, point, 1e-12 * (1 + region.ball.radius))).toBe(true)
      expect(at(point)).toBeLessThan(exact + 1e-10 * scale)
      for (let k = 0; k < 20; k++) {
        const x = moveInto(
          region,
          centre.map((c) => c + random.between(-4, 4)),
        )
        expect(at(x)).toBeGreaterThanOrEqual(bounds[r])
      }
      expect(at(moveInto(region, point))).toBeGreaterThanOrEqual(bounds[r])
    })
  })
  fc.assert(property, { numRuns: 300, seed: 1 })
})

test('coefficients whose squares underflow are not lost', () => {
  const [centre, weight, source] = [new Float64Array(2), Float64Array.of(1e-170, 1e-170), Int32Array.of(0, 1)]
  // a box that holds the ball, and one that cuts it, though not where the least is
  for (const width of [2, 0.9]) {
    const upper = new Float64Array(2).fill(width)
    const ball = { norm: 'l2', centre, radius: 1 } as const
    const region = { lower: upper.map((u) => -u), upper, ball }
    const mark = engine.mark()
    const batch = new Batch(new System(engine, { ...region, rows: [], neuronLower: [], neuronUpper: [] }), 8)
    for (let r = 0; r < 8; r++) batch.setFunction(r, { bias: 0, source, weight, error: 0 }, 1)
    for (const bound of batch.bounds()) expect(bound).toBeLessThanOrEqual(-1.414e-170)
    engine.release(mark)
    expect(lossOver(ball, reachOf(ball, region), weight)).toBeGreaterThanOrEqual(1.414e-170)
  }
})
