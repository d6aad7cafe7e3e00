import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import type { Network } from '../model/network.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Tensor } from '../device/tape.ts'
import { type Examples, loadChunk } from './chunk.ts'
import { norms } from '../region/norm.ts'
import { type Ball, paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** Centre and radius of the first example's pixels, read as float64. */
function ballOf(
  mean: number,
  deviation: number,
  input: Examples & Partial<Ball>,
): { centre: number; radius: number }[] {
  const { length } = input.images[0]
  const architecture: Network['architecture'] = {
    name: 'box',
    input: { channels: 1, height: 1, width: length },
    layers: [{ kind: 'normalise', mean: [mean], deviation: [deviation] }, { kind: 'flatten' }, linear],
  }
  const mark = engine.mark()
  const around = { ...paperBall(0), ...input }
  const { ball, columns } = loadChunk(new LoadedNetwork(engine, architecture, false), input, around)
  const read = (tensor: Tensor) => tensor.read().filter((_, i) => i % columns === 0)
  const [centre, radius] = [read(ball.centre), read(ball.radius)]
  engine.release(mark)
  return Array.from(centre, (c, j) => ({ centre: c, radius: radius[j] }))
}
const linear = { kind: 'linear', outFeatures: 2 } as const

const pixels = fc
  .array(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 9 })
  .map((values) => Float32Array.from(values))
const epsilons = fc.oneof(fc.constantFrom(0, 1, 0.1, 1e-9), fc.double({ min: 0, max: 1, noNaN: true }))
const deviations = fc.double({ min: 0.1, max: 2, noNaN: true })

test('over pixels the float32 ball holds the exact box, and hardly more; nowhere is it wider than the whole ball', () => {
  const property = fc.property(pixels, epsilons, fc.double({ min: 0, max: 1, noNaN: true }), deviations, (...drawn) => {
    const [image, epsilon, mean, deviation] = drawn
    const input = { images: [image], labels: [0], epsilon }
    const whole = ballOf(mean, deviation, input)
    ballOf(mean, deviation, { ...input, domain: 'pixels' }).forEach(({ centre, radius }, j) => {
      const low = (Math.max(0, image[j] - epsilon) - mean) / deviation
      const high = (Math.min(1, image[j] + epsilon) - mean) / deviation
      const rounding = 2 ** -24 * (Math.abs(low) + Math.abs(high) + 1e-6)
      // where nothing is cut off the ball is today's, whose centre is rounded, for which the bounds allow
      const slack = centre === whole[j].centre ? rounding : 1e-15
      expect(centre - radius).toBeLessThanOrEqual(low + slack)
      expect(centre + radius).toBeGreaterThanOrEqual(high - slack)
      expect(centre - radius).toBeGreaterThanOrEqual(low - 4 * rounding)
      expect(centre + radius).toBeLessThanOrEqual(high + 4 * rounding)
      expect(radius).toBeLessThanOrEqual(whole[j].radius + 4 * rounding)
    })
  })
  fc.assert(property, { numRuns: 300, seed: 1 })
})

test('a radius that float32 cannot tell from 0 is not lost', () => {
  for (const epsilon of [1e-300, 3e-46, 2e-45, 1e-40, 1.1754943e-38, 1e-30]) {
    const { radius } = ballOf(0, 1, { images: [Float32Array.of(0)], labels: [0], epsilon })[0]
    expect(radius).toBeGreaterThanOrEqual(epsilon)
    expect(radius).toBeLessThanOrEqual(epsilon * (1 + 2 ** -21) + 2 ** -148)
  }
})

test('a centre that is rounded among the smallest float32 numbers is in its ball, in every norm', () => {
  const smallest = 2 ** -149
  const images = [Float32Array.from({ length: 9 }, (_, j) => (2 * j + 1) * smallest)]
  for (const norm of norms) {
    const moves = ballOf(0, 2, { images, labels: [0], epsilon: 0, norm }).map(
      ({ centre, radius }, j) => (images[0][j] / 2 - centre) / radius,
    )
    // among them are some that cannot be exact
    expect(Math.max(...moves.map(Math.abs))).toBeGreaterThan(0)
    const length =
      norm === 'linf'
        ? Math.max(...moves.map(Math.abs))
        : norm === 'l2'
          ? Math.hypot(...moves)
          : moves.reduce((sum, move) => sum + Math.abs(move), 0)
    expect(length).toBeLessThanOrEqual(1)
  }
  // elsewhere bounds charge it
  const { radius } = ballOf(0, 2, { images: [Float32Array.of(0.3)], labels: [0], epsilon: 0 })[0]
  expect(radius).toBe(0)
})

test('over the unbounded domain it is the whole ball', () => {
  const input = { images: [Float32Array.of(0, 0.5, 1)], labels: [0], epsilon: 0.3 }
  const whole = ballOf(0, 1, input)
  expect(whole.map(({ centre }) => centre)).toEqual([0, 0.5, 1])
  for (const { radius } of whole) expect(radius >= 0.3 && radius < 0.3000001).toBe(true)
  const [dark, grey, light] = ballOf(0, 1, { ...input, domain: 'pixels' })
  expect(grey).toEqual(whole[1])
  expect([dark!.centre, light!.centre]).toEqual([0.15, 0.85].map(Math.fround))
  expect(dark!.radius).toBeCloseTo(0.15, 6)
})

test('an ℓ2 or ℓ1 ball has the radii of its box, and stays whole over pixels', () => {
  const input = { images: [Float32Array.of(0, 0.5, 1)], labels: [0], epsilon: 1.5 }
  const whole = ballOf(0.2, 0.4, input)
  for (const norm of ['l2', 'l1'] as const) {
    expect(ballOf(0.2, 0.4, { ...input, norm })).toEqual(whole)
    expect(ballOf(0.2, 0.4, { ...input, norm, domain: 'pixels' })).toEqual(whole)
    const outside = { ...input, images: [Float32Array.of(0, 0.5, 1.5)], norm, domain: 'pixels' } as const
    expect(() => ballOf(0.2, 0.4, outside)).toThrow(/pixel 2 of the image is 1.5/)
  }
  expect(ballOf(0.2, 0.4, { ...input, domain: 'pixels' })).not.toEqual(whole)
})

test('images are the images, also where their balls are cut and have other centres', () => {
  const architecture: Network['architecture'] = {
    name: 'images',
    input: { channels: 1, height: 1, width: 3 },
    layers: [{ kind: 'normalise', mean: [0.5], deviation: [0.25] }, { kind: 'flatten' }, linear],
  }
  const network = new LoadedNetwork(engine, architecture, false)
  const image = Float32Array.of(0, 0.5, 1)
  const load = (domain: Ball['domain']) =>
    loadChunk(network, { images: [image], labels: [0] }, { ...paperBall(0.25), domain })
  const first = (tensor: Tensor) => [...tensor.read().filter((_, i) => i % 4 === 0)]
  const [whole, cut] = [load('unbounded'), load('pixels')]
  expect(whole.images).toBe(whole.ball.centre)
  expect([first(whole.images), first(cut.images)]).toEqual([
    [-2, 0, 2],
    [-2, 0, 2],
  ])
  expect(first(cut.ball.centre)).toEqual([-1.5, 0, 1.5])
})
