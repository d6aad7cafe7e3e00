import { describe, expect, it } from 'vitest'
import { takeIntoAverage } from './average.ts'

/** Averages after each of the weights, which are of one number between neighbours that must not move. */
function averages(weights: readonly number[], decay: number): number[] {
  const average = Float32Array.of(7, 100, 7)
  return weights.map((weight, i) => {
    takeIntoAverage(average.subarray(1, 2), Float32Array.of(weight), decay, i + 1)
    expect([average[0], average[2]]).toEqual([7, 7])
    return average[1]
  })
}

describe('an average of weights', () => {
  it('is the plain mean at first, and forgets what was there before', () => {
    expect(averages([2, 4, 9], 0.75)).toEqual([2, 3, 5])
  })

  it('then forgets by the decay', () => {
    // 1, then means of 2, 3 and 4 numbers, from where on the decay is the larger
    expect(averages([1, 1, 1, 5, 2, 6], 0.75)).toEqual([1, 1, 1, 2, 2, 3])
    expect(averages([3, 8, -1], 0)).toEqual([3, 8, -1])
  })
})
