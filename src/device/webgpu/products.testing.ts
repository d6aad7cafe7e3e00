/** Products with weights in float64, weight by weight: what the tests hold the kernels against. */
import { expect } from 'vitest'
import type { Random } from '../../base/random.ts'
import { type Extents, groupOf, inputsOf, outputsOf, weightsOf } from './extents.ts'

/** A layer of assorted sizes. */
export function randomExtents(random: Random): Extents {
  const pick = (...choices: number[]) => choices[random.integer(choices.length)]
  const [kernel, stride, groups] = [1 + random.integer(5), 1 + random.integer(3), pick(1, 1, 2, 3)]
  const padding = random.integer(Math.min(3, kernel + 1))
  const out = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1
  const [inHeight, inWidth] = [kernel + random.integer(5), kernel + random.integer(5)]
  return {
    ...{ kernel, stride, padding, groups, inHeight, inWidth },
    inChannels: groups * pick(1, 2, 3, 5),
    outChannels: groups * pick(1, 3, 4, 6),
    ...{ outHeight: out(inHeight), outWidth: out(inWidth) },
  }
}

export const randomFloats = (random: Random, length: number): Float32Array =>
  Float32Array.from({ length }, () => random.normal())

/** Packed weights: zeros in the padding. */
export function randomWeights(random: Random, extents: Extents): Float32Array {
  const weights = new Float32Array(weightsOf(extents))
  eachWeight(extents, (_, __, w) => (weights[w] ||= random.normal()))
  return weights
}

/** All triples of an output, an input, and the packed weight between them. */
export function eachWeight(extents: Extents, visit: (output: number, input: number, weight: number) => void): void {
  const { kernel, stride, padding, groups, inHeight, inWidth, outChannels, outHeight, outWidth } = extents
  const { inputs, outputs } = groupOf(extents)
  for (let o = 0; o < outChannels; o++) {
    const group = Math.floor((o * groups) / outChannels)
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let tap = 0; tap < kernel ** 2; tap++) {
          const y = oy * stride + Math.floor(tap / kernel) - padding
          const x = ox * stride + (tap % kernel) - padding
          if (y < 0 || y >= inHeight || x < 0 || x >= inWidth) continue
          for (let i = 0; i < inputs; i++) {
            const weight = ((group * kernel ** 2 + tap) * inputs + i) * outputs + (o % (outChannels / groups))
            visit((o * outHeight + oy) * outWidth + ox, ((group * inputs + i) * inHeight + y) * inWidth + x, weight)
          }
        }
      }
    }
  }
}

/** Sums in float64, and of what size their terms are. */
export class Sums {
  readonly values: Float64Array
  readonly sizes: Float64Array

  constructor(length: number) {
    this.values = new Float64Array(length)
    this.sizes = new Float64Array(length)
  }

  add(i: number, term: number): void {
    this.values[i] += term
    this.sizes[i] += Math.abs(term)
  }

  /** max(x, 0). */
  relu(): this {
    this.values.forEach((value, i) => (this.values[i] = Math.max(value, 0)))
    return this
  }

  /** What a GPU found is these sums, but for rounding. */
  expect(found: Float32Array, tolerance = 1e-5): void {
    expect(found.length).toBe(this.values.length)
    found.forEach((value, i) => {
      const error = Math.abs(value - this.values[i])
      if (!(error <= tolerance * (this.sizes[i] + 1e-3))) {
        expect.fail(`element ${i} is ${value}, not ${this.values[i]}`)
      }
    })
  }
}

interface Factors {
  readonly extents: Extents
  readonly weights: Float32Array
  readonly rows: number
}

/** y += W·x. */
export function addForward({ extents, weights, rows }: Factors, x: ArrayLike<number>, y: Sums): Sums {
  eachWeight(extents, (o, i, w) => {
    for (let r = 0; r < rows; r++) y.add(o * rows + r, weights[w] * x[i * rows + r])
  })
  return y
}

/** x += Wᵀ·y. */
export function addTransposed({ extents, weights, rows }: Factors, y: ArrayLike<number>, x: Sums): Sums {
  eachWeight(extents, (o, i, w) => {
    for (let r = 0; r < rows; r++) x.add(i * rows + r, weights[w] * y[o * rows + r])
  })
  return x
}

/** dW += dy·xᵀ. */
export function addWeights(
  { extents, rows }: Omit<Factors, 'weights'>,
  { y, x }: { readonly y: ArrayLike<number>; readonly x: ArrayLike<number> },
  weights: Sums,
): Sums {
  eachWeight(extents, (o, i, w) => {
    for (let r = 0; r < rows; r++) weights.add(w, y[o * rows + r] * x[i * rows + r])
  })
  return weights
}

export const sizes = (extents: Extents) => ({
  inputs: inputsOf(extents),
  outputs: outputsOf(extents),
  weights: weightsOf(extents),
})
