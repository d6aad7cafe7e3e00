import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import {
  type ConvolutionShape,
  type LinearMap,
  convolutionMap,
  convolutionSize,
  denseMap,
  selectionMap,
  sparseMap,
} from './linear-map.ts'

/** Whole numbers, some zero: sums of them are exact, so that maps must agree to the last bit. */
const drawn = (random: Random, length: number) => Float64Array.from({ length }, () => random.integer(7) - 3)

/** The map does what the matrix does, and adds to what is there. */
function expectMatrix(map: LinearMap, matrix: readonly (readonly number[])[], random: Random): void {
  expect(map.outputs).toBe(matrix.length)
  const x = drawn(random, map.inputs)
  const y = drawn(random, map.outputs)
  const product = (f: (w: number) => number) =>
    Float64Array.from(y, (start, o) => matrix[o].reduce((sum, w, i) => sum + f(w) * x[i], start))
  const into = (run: (target: Float64Array) => void, target: Float64Array) => {
    run(target)
    return target
  }
  expect(into((target) => map.forward(x, target), y.slice())).toEqual(product((w) => w))
  expect(into((target) => map.absolute(x, target), y.slice())).toEqual(product(Math.abs))
  const transposed = Float64Array.from(x, (start, i) => matrix.reduce((sum, row, o) => sum + row[i] * y[o], start))
  expect(into((target) => map.transposed(y, target), x.slice())).toEqual(transposed)
  const nonZero = (values: readonly number[]) => values.filter((w) => w !== 0).length
  const most = Math.max(0, ...matrix.map(nonZero), ...Array.from(x, (_, i) => nonZero(matrix.map((row) => row[i]))))
  expect(map.terms).toBeGreaterThanOrEqual(most)
}

const matrixOf = (random: Random, outputs: number, inputs: number) =>
  Array.from({ length: outputs }, () => [...drawn(random, inputs)])

const property = (name: string, run: (random: Random) => void) =>
  test(name, () => fc.assert(fc.property(fc.nat(), (seed) => run(new Random(seed, name)))))

property('dense maps', (random) => {
  const [outputs, inputs] = [random.integer(6), random.integer(6)]
  const matrix = matrixOf(random, outputs, inputs)
  const weights = (random.integer(2) === 0 ? Float32Array : Float64Array).from(matrix.flat())
  expectMatrix(denseMap(weights, outputs, inputs), matrix, random)
})

property('sparse maps, with rows that are empty and sources that come twice', (random) => {
  const [outputs, inputs] = [random.integer(6), 1 + random.integer(6)]
  const matrix = Array.from({ length: outputs }, () => Array.from({ length: inputs }, () => 0))
  const start = [0]
  const source: number[] = []
  const weight: number[] = []
  for (let o = 0; o < outputs; o++) {
    for (let left = random.integer(5); left > 0; left--) {
      const i = random.integer(inputs)
      const w = 1 + random.integer(5)
      source.push(i)
      weight.push(w)
      matrix[o][i] += w
    }
    start.push(source.length)
  }
  const rows = {
    inputs,
    start: Int32Array.from(start),
    source: Int32Array.from(source),
    weight: Float64Array.from(weight),
  }
  expectMatrix(sparseMap(rows), matrix, random)
})

property('selections', (random) => {
  const [outputs, inputs] = [random.integer(6), 1 + random.integer(6)]
  const source = Array.from({ length: outputs }, () => random.integer(inputs))
  const factor = drawn(random, outputs)
  const matrix = source.map((from, o) => Array.from({ length: inputs }, (_, i) => (i === from ? factor[o] : 0)))
  const map = selectionMap(
    inputs,
    outputs,
    (o) => source[o],
    (o) => factor[o],
  )
  expectMatrix(map, matrix, random)
})

/** The matrix of a convolution, by its definition: every output, every tap. */
function convolutionMatrix(weights: Float64Array, shape: ConvolutionShape): number[][] {
  const { input, outChannels, kernel, stride, dilation, padding, groups } = shape
  const [channels, height, width] = input
  const [outHeight, outWidth] = convolutionSize(shape)
  const perGroup = channels / groups
  const matrix: number[][] = []
  for (let o = 0; o < outChannels; o++) {
    const group = Math.floor((o * groups) / outChannels)
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const row = Array.from({ length: channels * height * width }, () => 0)
        for (let c = 0; c < perGroup; c++) {
          for (let ky = 0; ky < kernel[0]; ky++) {
            for (let kx = 0; kx < kernel[1]; kx++) {
              const y = oy * stride[0] + ky * dilation[0] - padding[0]
              const x = ox * stride[1] + kx * dilation[1] - padding[1]
              if (y < 0 || y >= height || x < 0 || x >= width) continue
              const weight = weights[((o * perGroup + c) * kernel[0] + ky) * kernel[1] + kx]
              row[((group * perGroup + c) * height + y) * width + x] += weight
            }
          }
        }
        matrix.push(row)
      }
    }
  }
  return matrix
}

property('convolutions: rectangular, strided, dilated, grouped, padded unevenly', (random) => {
  const size = (most: number) => 1 + random.integer(most)
  const groups = size(3)
  const shape: ConvolutionShape = {
    input: [groups * size(2), size(6), size(6)],
    outChannels: groups * size(2),
    kernel: [size(3), size(3)],
    stride: [size(3), size(3)],
    dilation: [size(2), size(2)],
    padding: [random.integer(3), random.integer(3), random.integer(3), random.integer(3)],
    groups,
  }
  if (convolutionSize(shape).some((n) => n < 1)) return
  const perGroup = shape.input[0] / groups
  const weights = drawn(random, shape.outChannels * perGroup * shape.kernel[0] * shape.kernel[1])
  const matrix = convolutionMatrix(weights, shape)
  expect(matrix).toHaveLength(shape.outChannels * convolutionSize(shape).reduce((a, b) => a * b))
  expectMatrix(convolutionMap(weights, shape), matrix, random)
})

describe('refuses weights that do not fill', () => {
  test('a matrix', () => expect(() => denseMap(new Float32Array(5), 2, 3)).toThrow(RangeError))
  test('a convolution', () => {
    const shape: ConvolutionShape = {
      ...{ input: [2, 4, 4], outChannels: 2, kernel: [2, 2], stride: [1, 1], dilation: [1, 1] },
      ...{ padding: [0, 0, 0, 0], groups: 2 },
    }
    expect(() => convolutionMap(new Float32Array(16), shape)).toThrow(RangeError)
    expect(convolutionMap(new Float32Array(8), shape).outputs).toBe(18)
  })
})
