import { expect, test } from 'vitest'
import type { Random } from '../base/random.ts'
import { denseMap, selectionMap, sparseMap } from './linear-map.ts'
import { drawn, expectMatrix, property } from './linear-map.testing.ts'

const matrixOf = (random: Random, outputs: number, inputs: number) =>
  Array.from({ length: outputs }, () => [...drawn(random, inputs)])

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

test('refuses weights that do not fill a matrix', () =>
  expect(() => denseMap(new Float32Array(5), 2, 3)).toThrow(RangeError))
