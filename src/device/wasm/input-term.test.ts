import { describe } from 'vitest'
import { testCases } from './cases.testing.ts'
import { sizeOf } from '../../model/layers.ts'
import { allNeurons } from './geometry.ts'
import { Sums, blockValues, normals, pick, randomLayer, randomWindows, readBlocks, variants } from './oracle.testing.ts'
import { type Floats, at } from './pointers.ts'

for (const variant of variants) {
  describe(`a dual pass, ${variant}`, () => {
    testCases(
      variant,
      'reaches the input, and goes back',
      (engine, random) => {
        const { input: extent } = randomLayer(random)
        const area = extent.height * extent.width
        const all = { isActive: new Uint8Array(sizeOf(extent)).fill(1), list: allNeurons(engine, extent) }
        const blocks = randomWindows(engine, random, extent)
        const inside = readBlocks(engine, blocks)
        const value = blockValues(random, inside, blocks.length, all)
        const stride = pick(random, [1, 4, 8])
        const example = random.integer(stride)
        const [centre, radius] = [
          normals(random, stride * sizeOf(extent)),
          normals(random, stride * sizeOf(extent)).map(Math.abs),
        ]
        const start = engine.floatsFrom(value)
        const results = [0, 1].map(() => engine.floatsFrom(new Float32Array(blocks.rows).fill(NaN))) as [Floats, Floats]
        const place = [
          at(engine.floatsFrom(centre), example),
          at(engine.floatsFrom(radius), example),
          4 * stride,
        ] as const
        const image = [extent.channels, extent.width, area, blocks.count, blocks.pointer] as const
        engine.kernels.inputTerm(...image, start, ...place, ...results)
        const [toCentre, toRadius] = [normals(random, blocks.rows), normals(random, blocks.rows)]
        const gradient = engine.floatsFrom(new Float32Array(blocks.length).fill(NaN))
        engine.kernels.inputTermAdjoint(
          ...image,
          start,
          gradient,
          ...place,
          engine.floatsFrom(toCentre),
          engine.floatsFrom(toRadius),
        )

        const expected = [new Sums(blocks.rows), new Sums(blocks.rows)] as const
        const back = new Sums(blocks.length)
        for (const { rows, firstRow, place: where, neurons } of inside) {
          for (const j of neurons) {
            const [x, e] = [centre[j * stride + example], radius[j * stride + example]]
            for (let r = 0; r < rows; r++) {
              const v = value[where(j) + r]
              expected[0].add(firstRow + r, x * v)
              expected[1].add(firstRow + r, e * Math.abs(v))
              back.add(where(j) + r, x * toCentre[firstRow + r])
              back.add(where(j) + r, e * Math.sign(v) * toRadius[firstRow + r])
            }
          }
        }
        return [
          ...expected[0].compare('centre', engine.read(results[0], blocks.rows)),
          ...expected[1].compare('radius', engine.read(results[1], blocks.rows)),
          ...back.compare('dν̂', engine.read(gradient, blocks.length)),
        ]
      },
      150,
    )
  })
}
