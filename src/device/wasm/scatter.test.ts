import { beforeAll, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { Random } from '../../base/random.ts'
import { convolutionMap } from '../../model/convolution-map.ts'
import { convolutionSize } from '../../model/convolution-shape.ts'
import { type LinearMap, denseMap, selectionMap } from '../../model/linear-map.ts'
import { TOGETHER, scatterOf } from './scatter.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** Whole numbers, half of them zero: sums of them are exact. */
const drawn = (random: Random, length: number) =>
  Float64Array.from({ length }, () => (random.integer(2) === 0 ? 0 : random.integer(9) - 4))

/** Each of the sixteen rows is what the map itself makes of it, added to what is there. */
function expectSame(map: LinearMap, random: Random): void {
  const mark = engine.mark()
  const y = drawn(random, map.outputs * TOGETHER)
  const x = drawn(random, map.inputs * TOGETHER)
  // single rows, as where windows are apart, and outputs that no row has
  y.forEach((_, i) => {
    if (i % 3 === 0) y[i] = 0
  })
  y.fill(0, 0, TOGETHER)
  const [yPointer, xPointer] = [engine.doublesFrom(y), engine.doublesFrom(x)]
  scatterOf(engine, map)(yPointer, xPointer)
  const found = engine.f64.slice(xPointer >> 3, (xPointer >> 3) + x.length)
  engine.release(mark)
  const rowOf = (values: Float64Array, r: number) => values.filter((_, i) => i % TOGETHER === r)
  for (let r = 0; r < TOGETHER; r++) {
    const expected = rowOf(x, r)
    map.transposed(rowOf(y, r), expected)
    expect(rowOf(found, r)).toEqual(expected)
  }
}

test('matrices and selections', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, 'scatter')
    const [inputs, outputs] = [1 + random.integer(9), 1 + random.integer(9)]
    expectSame(denseMap(Float32Array.from(drawn(random, inputs * outputs)), outputs, inputs), random)
    const source = () => random.integer(inputs)
    expectSame(
      selectionMap(inputs, outputs, source, () => random.integer(5) - 2),
      random,
    )
  }
})

test('convolutions of all kinds', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(seed, 'scatter convolution')
    const pick = (least: number, most: number) => least + random.integer(most - least + 1)
    const groups = pick(1, 3)
    const shape = {
      input: [groups * pick(1, 2), pick(3, 7), pick(3, 7)],
      outChannels: groups * pick(1, 3),
      kernel: [pick(1, 3), pick(1, 3)],
      stride: [pick(1, 3), pick(1, 3)],
      dilation: [pick(1, 2), pick(1, 2)],
      padding: [pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)],
      groups,
    } as const
    const weights = drawn(random, shape.outChannels * (shape.input[0] / groups) * shape.kernel[0] * shape.kernel[1])
    if (Math.min(...convolutionSize(shape)) >= 1) expectSame(convolutionMap(weights, shape), random)
  }
})
