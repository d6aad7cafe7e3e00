import { describe, expect, it } from 'vitest'
import { methods } from '../losses/list.ts'
import { chunkStarts, normalisedStarts, parameterRanges } from './cut.ts'

describe('the cut of a batch', () => {
  it.each([
    ['lp-dual', 4],
    ['interval', 32],
  ] as const)('of %s covers it once in chunks of 1 to %d, and never grows', (method, largest) => {
    for (let i = 2; i <= 600; i++) {
      const [batch, parameters] = [i >> 1, i & 1 ? 1e5 : 2e6]
      const starts = chunkStarts(batch, method, parameters)
      const sizes = starts.slice(1).map((start, i) => start - starts[i])
      expect([starts[0], starts.at(-1), Math.min(...sizes) >= 1, Math.max(...sizes) <= largest]).toEqual([
        0,
        batch,
        true,
        true,
      ])
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    }
  })

  it('of a warm-up has no more chunks than that of any method after it', () => {
    for (let i = 2; i <= 600; i++) {
      const [batch, parameters] = [i >> 1, i & 1 ? 1e5 : 2e6]
      for (const method of methods) {
        expect(chunkStarts(batch, 'interval', parameters).length).toBeLessThanOrEqual(
          chunkStarts(batch, method, parameters).length,
        )
        expect(chunkStarts(batch, 'natural', parameters)).toEqual(chunkStarts(batch, 'interval', parameters))
      }
    }
  })

  it('for normalised layers is into chunks of 32 images at most, as equal as can be', () => {
    for (let batch = 1; batch <= 600; batch++) {
      const starts = normalisedStarts(batch)
      const sizes = starts.slice(1).map((start, i) => start - starts[i])
      expect([starts[0], starts.at(-1), sizes.length]).toEqual([0, batch, Math.ceil(batch / 32)])
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  })

  it('of parameters covers them once', () => {
    for (const length of [1, 5, 16, 17, 166_406]) {
      const ranges = parameterRanges(length)
      expect([ranges.length, ranges[0], ranges.at(-1)]).toEqual([17, 0, length])
      expect(ranges).toEqual(ranges.toSorted((a, b) => a - b))
    }
  })
})
