/** What rows of a dual pass meet: on windows and sparse lists of active neurons. */
import { describe } from 'vitest'
import { testCases } from './cases.testing.ts'
import { sizeOf } from '../../model/layers.ts'
import {
  Sums,
  blockValues,
  normals,
  randomActive,
  randomLayer,
  randomWindows,
  readBlocks,
  variants,
} from './oracle.testing.ts'
import { type Floats, none } from './pointers.ts'

for (const variant of variants) {
  describe(`rows of a dual pass, ${variant}`, () => {
    testCases(
      variant,
      'meets the neurons of a ReLU layer, and goes back',
      (engine, random) => {
        const { output: extent } = randomLayer(random)
        const area = extent.height * extent.width
        const neurons = sizeOf(extent)
        const blocks = randomWindows(engine, random, extent)
        const inside = readBlocks(engine, blocks)
        const active = randomActive(engine, random, extent)
        // unstable neurons have a gap; of the active ones the others have slope 1
        const unstable = Array.from({ length: neurons }, () => random.integer(2) === 1)
        const slope = Float32Array.from(unstable, (is, j) =>
          active.isActive[j] ? (is ? random.between(0.01, 1) : 1) : 0,
        )
        const gap = Float32Array.from(unstable, (is, j) => (active.isActive[j] && is ? -random.between(0.01, 3) : 0))
        const [bias, magnitude] = [normals(random, extent.channels), normals(random, neurons).map(Math.abs)]
        const rounding = random.integer(2) === 1
        const before = blockValues(random, inside, blocks.length, active)
        const sums = [0, 1, 2, 3].map(() => normals(random, blocks.rows))
        const pointers = sums.map((values) => engine.floatsFrom(values)) as [Floats, Floats, Floats, Floats]
        const value = engine.floatsFrom(before)
        const [slopeAt, gapAt, biasAt] = [engine.floatsFrom(slope), engine.floatsFrom(gap), engine.floatsFrom(bias)]
        const image = [extent.channels, extent.width, area, blocks.count, blocks.pointer] as const
        engine.kernels.reluRows(
          ...image,
          value,
          active.list.pointer,
          slopeAt,
          gapAt,
          biasAt,
          rounding ? engine.floatsFrom(magnitude) : none,
          ...pointers,
        )
        const after = engine.read(value, blocks.length)

        const fromAbove = blockValues(random, inside, blocks.length, active)
        const gradient = engine.floatsFrom(fromAbove)
        const [toConstant, toLower, toUpper] = [0, 1, 2].map(() => normals(random, blocks.rows)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ]
        const starts = [neurons, neurons, extent.channels].map((n) => normals(random, n)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ]
        const gradients = starts.map((values) => engine.floatsFrom(values)) as [Floats, Floats, Floats]
        engine.kernels.reluRowsAdjoint(
          ...image,
          value,
          gradient,
          active.list.pointer,
          slopeAt,
          gapAt,
          biasAt,
          ...gradients,
          engine.floatsFrom(toConstant),
          engine.floatsFrom(toLower),
          engine.floatsFrom(toUpper),
        )

        const scaled = new Sums(blocks.length, new Float64Array(blocks.length).fill(NaN))
        const back = new Sums(blocks.length, new Float64Array(blocks.length).fill(NaN))
        const expected = sums.map((values) => new Sums(blocks.rows, values)) as [Sums, Sums, Sums, Sums]
        const [ds, dg, db] = [
          new Sums(neurons, starts[0]),
          new Sums(neurons, starts[1]),
          new Sums(extent.channels, starts[2]),
        ]
        for (const { rows, firstRow, place, neurons: window } of inside) {
          for (const j of window) {
            if (!active.isActive[j]) continue
            const channel = Math.floor(j / area)
            for (let r = 0; r < rows; r++) {
              const at = place(j) + r
              const row = firstRow + r
              // ν = s ν̂; constant += b ν, lower += l [−ν]₊, upper −= l [ν]₊, error += m |ν|
              const v = slope[j] * before[at]
              scaled.value[at] = v
              scaled.size[at] = Math.abs(v)
              expected[0].add(row, bias[channel] * v)
              expected[1].add(row, gap[j] * Math.max(-v, 0))
              expected[2].add(row, -gap[j] * Math.max(v, 0))
              if (rounding) expected[3].add(row, magnitude[j] * Math.abs(v))
              const terms = [
                fromAbove[at],
                toConstant[row] * bias[channel],
                v < 0 ? -gap[j] * toLower[row] : v > 0 ? -gap[j] * toUpper[row] : 0,
              ]
              const dv = terms.reduce((a, b) => a + b, 0)
              back.value[at] = slope[j] * dv
              back.size[at] = slope[j] * terms.reduce((a, b) => a + Math.abs(b), 0)
              db.add(channel, toConstant[row] * v)
              if (!unstable[j]) continue
              for (const term of terms) ds.add(j, term * before[at])
              dg.add(j, v < 0 ? -v * toLower[row] : -v * toUpper[row])
            }
          }
        }
        return [
          ...scaled.compare('ν', after),
          ...expected.flatMap((sum, i) =>
            sum.compare(['constant', 'lower', 'upper', 'error'][i], engine.read(pointers[i], blocks.rows)),
          ),
          ...back.compare('dν̂', engine.read(gradient, blocks.length)),
          ...ds.compare('dslope', engine.read(gradients[0], neurons)),
          ...dg.compare('dgap', engine.read(gradients[1], neurons)),
          ...db.compare('dbias', engine.read(gradients[2], extent.channels)),
        ]
      },
      150,
    )
  })
}
