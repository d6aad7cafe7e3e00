import { describe, expect, it } from 'vitest'
import { Random } from './random.ts'

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.bits())

describe('random streams', () => {
  it('are the same for the same seed and path, and other for any other', () => {
    const paths = [
      [1],
      [2],
      [-1],
      [2 ** 31],
      [1, 'shuffle'],
      [1, 'shuffle', 0],
      [1, 'shuffle', 1],
      [1, 'shuffle', 10],
      [1, 'attack', 1, 0],
      [1, 'attack', 0, 1],
      [11, 'attack', 1, 0],
      [1, 'attack', 10],
      [0, 'shuffle'],
    ] as [number, ...(string | number)[]][]
    const first = paths.map(([seed, ...path]) => draw(new Random(seed, ...path), 8))
    const again = paths.map(([seed, ...path]) => draw(new Random(seed, ...path), 8))
    expect(again).toEqual(first)
    // no two streams share a number, at any offset
    expect(new Set(first.flat()).size).toBe(8 * paths.length)
  })

  it('do not follow each other: neighbouring seeds are uncorrelated', () => {
    const count = 4000
    const [a, b] = [0, 1].map((epoch) => new Random(7, 'shuffle', epoch)) as [Random, Random]
    let product = 0
    for (let i = 0; i < count; i++) product += (a.uniform() - 0.5) * (b.uniform() - 0.5)
    // standard deviation of the mean is 1 / (12 √count)
    expect(Math.abs((12 * product) / Math.sqrt(count))).toBeLessThan(4)
    const firsts = Array.from({ length: count }, (_, seed) => new Random(seed).uniform())
    const mean = firsts.reduce((x, y) => x + y) / count
    expect(Math.abs(mean - 0.5) * Math.sqrt(12 * count)).toBeLessThan(4)
    let serial = 0
    for (let i = 1; i < count; i++) serial += (firsts[i] - 0.5) * (firsts[i - 1] - 0.5)
    expect(Math.abs((12 * serial) / Math.sqrt(count))).toBeLessThan(4)
  })

  it('are not changed by what other streams draw', () => {
    const alone = draw(new Random(3, 'a'), 20)
    const [a, b] = [new Random(3, 'a'), new Random(3, 'b')]
    const together = alone.map(() => {
      b.normal()
      return a.bits()
    })
    expect(together).toEqual(alone)
  })
})

describe('numbers', () => {
  const count = 20_000
  const chiSquare = (counts: number[]) => {
    const expected = counts.reduce((x, y) => x + y) / counts.length
    return counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
  }

  it('are uniform', () => {
    const random = new Random(11, 'uniform')
    const bins = new Array<number>(50).fill(0)
    const values = Array.from({ length: count }, () => random.uniform())
    for (const value of values) bins[Math.floor(value * 50)]++
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    // 49 degrees of freedom: 99.99 % lie below 94
    expect(chiSquare(bins)).toBeLessThan(94)
    expect(chiSquare(bins)).toBeGreaterThan(18)
    const ones = Array.from({ length: 32 }, () => 0)
    for (let i = 0; i < 5000; i++) {
      const bits = random.bits()
      for (let k = 0; k < 32; k++) ones[k] += (bits >>> k) & 1
    }
    expect(ones.filter((n) => Math.abs(n - 2500) > 5 * Math.sqrt(1250))).toEqual([])
  })

  it('lie where they are asked to', () => {
    const random = new Random(12)
    const between = Array.from({ length: 2000 }, () => random.between(-3, 5))
    expect(Math.min(...between)).toBeGreaterThanOrEqual(-3)
    expect(Math.max(...between)).toBeLessThan(5)
    expect(Math.min(...between)).toBeLessThan(-2.9)
    expect(Math.max(...between)).toBeGreaterThan(4.9)
    const integers = Array.from({ length: 7000 }, () => random.integer(7))
    expect([...new Set(integers)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(chiSquare([0, 1, 2, 3, 4, 5, 6].map((k) => integers.filter((n) => n === k).length))).toBeLessThan(28)
  })

  it('are normal', () => {
    const random = new Random(13)
    const values = Array.from({ length: count }, () => random.normal())
    const moment = (k: number) => values.reduce((sum, v) => sum + v ** k, 0) / count
    expect(values.every(Number.isFinite)).toBe(true)
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count))
    expect(Math.abs(values.filter((v) => Math.abs(v) < 1).length / count - 0.6827)).toBeLessThan(0.014)
  })
})

describe('a permutation', () => {
  it('has every number once', () => {
    for (const n of [0, 1, 2, 3, 10, 1000]) {
      const order = new Random(5, 'permutation', n).permutation(n)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }
  })

  it('puts every number everywhere equally often', () => {
    const random = new Random(6)
    const counts = new Array<number>(16).fill(0)
    const whole = new Map<string, number>()
    for (let i = 0; i < 4800; i++) {
      const order = random.permutation(4)
      order.forEach((value, place) => counts[value * 4 + place]++)
      whole.set(order.join(), (whole.get(order.join()) ?? 0) + 1)
    }
    expect(counts.filter((c) => Math.abs(c - 1200) > 5 * Math.sqrt(900))).toEqual([])
    expect(whole.size).toBe(24)
    expect([...whole.values()].filter((c) => Math.abs(c - 200) > 5 * Math.sqrt(192))).toEqual([])
  })
})
