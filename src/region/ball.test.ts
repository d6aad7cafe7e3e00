import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { lossOver, moveInto, reachOf } from './ball.ts'
import { Batch } from '../search/sweep/batch.ts'
import { type InputRegion, checkQuestion } from './question.ts'
import { System } from '../search/sweep/system.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** A box around a ball's centre that fills it, cuts it or lies in it, now and then with inputs that cannot move. */
function regionOf(random: Random, inputs: number) {
  const norm = random.integer(2) === 0 ? ('l2' as const) : ('l1' as const)
  const centre = Float64Array.from({ length: inputs }, () => random.between(-1, 1))
  const radius = random.integer(8) === 0 ? 0 : random.between(0.1, 3)
  const isCut = random.integer(3) > 0
  const width = () => (isCut ? [0, random.uniform(), 4][random.integer(3)] : radius)
  return {
    lower: centre.map((c) => c - width()),
    upper: centre.map((c) => c + width()),
    ball: { norm, centre, radius },
  }
}

const lengthOf = (norm: 'l2' | 'l1', moves: Float64Array) =>
  norm === 'l1' ? moves.reduce((sum, move) => sum + Math.abs(move), 0) : Math.hypot(...moves)

const isInside = ({ lower, upper, ball }: InputRegion, x: Float64Array, slack = 0) =>
  x.every((value, i) => value >= lower[i] - slack && value <= upper[i] + slack) &&
  lengthOf(
    ball!.norm,
    x.map((value, i) => value - ball!.centre[i]),
  ) <=
    ball!.radius + slack

const seeds = fc.integer({ min: 0, max: 2 ** 30 })

test('the loss over a region: in kernels as here, attained inside, and no point loses more', () => {
  const property = fc.property(seeds, (seed) => {
    const random = new Random(seed, 'ball')
    const inputs = 1 + random.integer(12)
    const region = regionOf(random, inputs)
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

test('points are moved into box and ball, and those inside hardly at all', () => {
  const property = fc.property(seeds, (seed) => {
    const random = new Random(seed, 'move')
    const region = regionOf(random, 1 + random.integer(12))
    const moved = moveInto(
      region,
      region.lower.map(() => random.between(-5, 5)),
    )
    expect(isInside(region, moved)).toBe(true)
    moveInto(region, moved).forEach((x, i) => expect(x).toBeCloseTo(moved[i], 10))
  })
  fc.assert(property, { numRuns: 300, seed: 2 })
})

test('balls that make no sense are refused', () => {
  const one = (x: number) => Float64Array.of(x)
  const unsafe = [[{ coefficients: one(1), bound: 0 }]]
  const ball = { norm: 'l2', centre: one(0), radius: 1 } as const
  const check = (over: object) =>
    checkQuestion({ lower: one(-1), upper: one(1), unsafe, ball: { ...ball, ...over } }, 1, 1)
  expect(() => check({})).not.toThrow()
  expect(() => check({ norm: 'linf' })).toThrow(/unknown norm of a ball 'linf'/)
  expect(() => check({ radius: -1 })).toThrow('the radius of a ball must be 0 or more, not -1')
  expect(() => check({ radius: NaN })).toThrow('not NaN')
  expect(() => check({ centre: new Float64Array(2) })).toThrow('the centre of the ball has 2 numbers for 1 inputs')
  expect(() => check({ centre: one(2) })).toThrow('the centre of the ball is 2 at input 0, which is not in the box')
})
