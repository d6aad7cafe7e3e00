import { describe, expect, it } from 'vitest'
import { trainingOptions } from './options.ts'
import { empiricalShareAt, epsilonAt, learningRateAt, lossExponentAt, methodAt, regularisationAt } from './schedule.ts'

const paper = trainingOptions({}, 'paper-mnist-0.1')
const interval = { method: 'interval', empiricalShare: 0.5 } as const

describe('schedules of the paper', () => {
  it('ε grows linearly from 0.01 to its target over 20 epochs, step by step', () => {
    const at = (epoch: number, step: number) => epsilonAt(paper, epoch, step, 100)
    expect(at(0, 0)).toBeCloseTo(0.01, 12)
    expect(at(10, 0)).toBeCloseTo(0.055, 12)
    expect(at(10, 50)).toBeCloseTo(0.01 + 0.09 * (10.5 / 20), 12)
    expect(at(19, 100)).toBeCloseTo(0.1, 12)
    expect(at(20, 0)).toBe(0.1)
    expect(at(99, 99)).toBe(0.1)
  })

  it('the learning rate is constant for 20 epochs, then halved every 10', () => {
    expect([0, 19, 20, 29, 30, 40, 99].map((epoch) => learningRateAt(paper, epoch) * 1000)).toEqual([
      1,
      1,
      0.5,
      0.5,
      0.25,
      0.125,
      0.5 ** 8,
    ])
  })

  it('take zeros for "not at all"', () => {
    const flat = { ...paper, rampEpochs: 0, halveEvery: 0 }
    expect(epsilonAt(flat, 0, 0, 10)).toBe(0.1)
    expect([0, 50].map((epoch) => learningRateAt(flat, epoch))).toEqual([0.001, 0.001])
    expect(empiricalShareAt({ ...flat, ...interval }, 0, 0, 10)).toBe(0.5)
    expect(epsilonAt({ ...paper, epsilon: 0 }, 3, 0, 10)).toBe(0)
    expect(epsilonAt({ ...paper, epsilon: 0.005 }, 0, 0, 10)).toBe(0.005)
  })

  it('the empirical share falls from 1 to its end in interval training, and is the same all the time with others', () => {
    const at = (options: typeof paper) => [0, 10, 20, 50].map((epoch) => empiricalShareAt(options, epoch, 0, 10))
    expect(at({ ...paper, ...interval })).toEqual([1, 0.75, 0.5, 0.5])
    expect(at({ ...paper, method: 'taps' })).toEqual([1, 0.5, 0, 0])
    expect(at(paper)).toEqual([0, 0, 0, 0])
    expect(at({ ...paper, empiricalShare: 0.2 })).toEqual([0.2, 0.2, 0.2, 0.2])
  })
})

it('the exponent of the loss grows with ε, from cross-entropy, and is that from the first step without a ramp', () => {
  const run = { ...paper, lossExponent: 0.8 }
  expect([0, 10, 20, 50].map((epoch) => lossExponentAt(run, epoch, 0, 10))).toEqual([0, 0.4, 0.8, 0.8])
  expect(lossExponentAt({ ...run, rampEpochs: 0 }, 0, 0, 10)).toBe(0.8)
  const warm = { ...run, warmUp: 'interval', warmUpEpochs: 10 } as const
  expect([0, 9, 10, 20, 30].map((epoch) => lossExponentAt(warm, epoch, 0, 10))).toEqual([0, 0, 0, 0.4, 0.8])
})

describe('schedules with a warm-up', () => {
  const warm = { ...paper, warmUp: 'interval', warmUpEpochs: 10, regularise: 0.5 } as const

  it('minimise its loss first, and then run as they would without it', () => {
    expect([0, 9, 10, 99].map((epoch) => methodAt(warm, epoch))).toEqual([
      'interval',
      'interval',
      'robustra',
      'robustra',
    ])
    expect(methodAt(paper, 0)).toBe('robustra')
    expect(methodAt(paper, 0, 'g')).toBe('robustra')
    // Section 4: the reference is trained naturally
    expect(['f', 'g'].map((name) => methodAt({ ...paper, method: 'orthogonal' }, 0, name))).toEqual([
      'orthogonal',
      'natural',
    ])
    for (const epoch of [0, 3, 19, 20, 30, 31, 80]) {
      expect(epsilonAt(warm, epoch + 10, 3, 100)).toBe(epsilonAt(paper, epoch, 3, 100))
      expect(learningRateAt(warm, epoch + 10)).toBe(learningRateAt(paper, epoch))
      expect(empiricalShareAt(warm, epoch + 10, 3, 100)).toBe(empiricalShareAt(paper, epoch, 3, 100))
    }
  })

  it('let ε grow from 0 to its target within it, at the first learning rate', () => {
    const at = (epoch: number, step: number) => epsilonAt(warm, epoch, step, 100)
    expect([at(0, 0), at(9, 100)]).toEqual([0, 0.1])
    expect(at(5, 50)).toBeCloseTo(0.055, 12)
    expect([0, 9].map((epoch) => learningRateAt(warm, epoch))).toEqual([0.001, 0.001])
    expect([0, 5, 9].map((epoch) => empiricalShareAt(warm, epoch, 0, 10))).toEqual([1, 0.75, 0.55])
  })

  it('regularise interval training alone, less and less as ε grows', () => {
    const at = (epoch: number) => regularisationAt(warm, epoch, 0, 10)
    expect(at(0)).toBe(0.5)
    expect(at(4)).toBeCloseTo(0.3, 12)
    expect(at(10)).toBe(0)
    const interval = { ...paper, method: 'interval', regularise: 0.5 } as const
    expect(regularisationAt(interval, 0, 0, 10)).toBeCloseTo(0.45, 12)
    expect(regularisationAt(interval, 20, 0, 10)).toBe(0)
    expect(regularisationAt({ ...interval, epsilon: 0 }, 0, 0, 10)).toBe(0)
    expect(regularisationAt({ ...interval, regularise: 0 }, 0, 0, 10)).toBe(0)
  })
})
