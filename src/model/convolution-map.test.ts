import { expect, test } from 'vitest'
import { convolutionMap } from './convolution-map.ts'
import { type ConvolutionShape, convolutionSize } from './convolution-shape.ts'
import { drawn, expectMatrix, property } from './linear-map.testing.ts'

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

test('refuses weights that do not fill a convolution', () => {
  const shape: ConvolutionShape = {
    ...{ input: [2, 4, 4], outChannels: 2, kernel: [2, 2], stride: [1, 1], dilation: [1, 1] },
    ...{ padding: [0, 0, 0, 0], groups: 2 },
  }
  expect(() => convolutionMap(new Float32Array(16), shape)).toThrow(RangeError)
  expect(convolutionMap(new Float32Array(8), shape).outputs).toBe(18)
})
