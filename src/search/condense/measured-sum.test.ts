import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { MeasuredSum, ROUNDED } from './measured-sum.ts'

/** A number in units of 2⁻¹⁰⁷⁴, which every float64 is a multiple of. */
function units(value: number): bigint {
  const [high, low] = new Uint32Array(new Float64Array([Math.abs(value)]).buffer).toReversed() as unknown as number[]
  const exponent = high! >>> 20
  const bits = (BigInt(high! & 0xfffff) << 32n) + BigInt(low!)
  const size = exponent === 0 ? bits : (bits + (1n << 52n)) << BigInt(exponent - 1)
  return value < 0 ? -size : size
}

/** Numbers of all sizes, among them 0, powers of 2, and those whose products underflow. */
function draw(random: Random): number {
  const kind = random.integer(8)
  const sign = random.integer(2) ? 1 : -1
  if (kind === 0) return 0
  if (kind === 1) return sign * 2 ** (random.integer(40) - 20)
  if (kind === 2) return sign * 2 ** (-440 - random.integer(200)) * random.uniform()
  if (kind === 3) return sign * 1e100 * random.uniform()
  return random.normal() * 10 ** (random.integer(9) - 4)
}

function add(sum: MeasuredSum, a: number, b: number): void {
  const [wanted, other] = [Float64Array.of(b), Float64Array.of(NaN)]
  const rows = { start: Int32Array.of(0, 1), source: Int32Array.of(0), weight: Float64Array.of(a) }
  if (a > 0) sum.addRow(rows, 0, wanted, other)
  else sum.addRow(rows, 0, other, wanted)
}

test('the exact sum lies between the ends', () => {
  const random = new Random(1, 'measured')
  const sum = new MeasuredSum(0)
  let rounded = 0
  for (let i = 0; i < 20_000; i++) {
    const few = random.integer(3) === 0
    const number = () => (few ? random.integer(64) - 32 : draw(random))
    const start = number()
    sum.start(start)
    let exact = units(start) << 1074n
    for (let terms = random.integer(12); terms > 0; terms--) {
      const [a, b] = [number(), number()]
      add(sum, a, b)
      exact += units(a) * units(b)
    }
    const { below, above } = sum
    if (units(below) << 1074n > exact || units(above) << 1074n < exact) expect.fail(`${below} to ${above}`)
    if (few) expect([below, above]).toEqual([above, Number(exact >> 2148n)])
    rounded += Number(below < above)
  }
  expect(rounded).toBeGreaterThan(5000)
})

test('cancellation shows in the ends', () => {
  const sum = new MeasuredSum(0)
  sum.start(1)
  add(sum, 1e17, 1)
  add(sum, -1e17, 1)
  expect(sum.below).toBeLessThanOrEqual(1)
  expect(sum.above).toBeGreaterThanOrEqual(1)
  expect(sum.above - sum.below).toBeLessThan(256)
})

test('what overflows says nothing', () => {
  const sum = new MeasuredSum(0)
  sum.start(0)
  add(sum, 1e200, 1e200)
  expect([sum.below > 0, sum.above < 0]).toEqual([false, false])
  sum.start(1e308)
  add(sum, 1e308, 1)
  expect([sum.below > 0, sum.above < 0]).toEqual([false, false])
})

test('weights that are no 32-bit floats may be off by their share, and no others', () => {
  const sum = new MeasuredSum(ROUNDED)
  const ends = (start: number, a: number, b: number) => {
    sum.start(start)
    add(sum, a, b)
    return [sum.below, sum.above] as const
  }
  expect(ends(0.5, 0.25, 3)).toEqual([1.25, 1.25])
  for (const [start, a, b] of [
    [0.1, 0.25, 0],
    [0.25, -0.1, 1],
  ] as const) {
    const [below, above] = ends(start, a, b)
    expect(above - below).toBeGreaterThan(0.1 * ROUNDED)
    expect(above - below).toBeLessThan(4 * ROUNDED)
  }
})
