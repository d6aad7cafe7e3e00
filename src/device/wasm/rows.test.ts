/** Where rows of a dual pass start, and what they meet: on windows and sparse lists of active neurons. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { sizeOf } from '../../model/layers.ts'
import { Engine } from './engine.ts'
import {
  Sums,
  activePlaces,
  blockValues,
  collect,
  forEachTap,
  loadLayer,
  normals,
  randomActive,
  randomLayer,
  randomPositions,
  randomWindows,
  readBlocks,
  variants,
  weightCount,
} from './oracle.testing.ts'
import { type Floats, none } from './pointers.ts'

for (const variant of variants) {
  describe(`rows of a dual pass, ${variant}`, () => {
    it('begins at a specification, W[plus] − W[minus], and goes back', async () => {
      const engine = await Engine.create({ variant })
      const found = collect(
        engine,
        150,
        'start',
        (seed) => new Random(seed, 'start'),
        (random) => {
          const layer = randomLayer(random)
          const weights = normals(random, weightCount(layer))
          const bias = normals(random, layer.output.channels)
          const loaded = loadLayer(engine, layer, weights, bias)
          const above = randomPositions(engine, random, layer.output)
          const seen = engine.windows.receptive(above, loaded.geometry)
          // where another term reads more, windows are wider than what these rows see
          const others = randomPositions(engine, random, layer.output, above)
          const blocks = random.integer(2)
            ? engine.windows.covering(seen, engine.windows.receptive(others, loaded.geometry))
            : seen
          const accumulate = random.integer(2) === 1
          const inside = readBlocks(engine, blocks)
          const active = randomActive(engine, random, layer.input)
          // a block's rows are single neurons or differences (its first row tells which); padding rows have neither
          const plus = new Int32Array(above.rows)
          const minus = new Int32Array(above.rows)
          for (const { rows, firstRow } of inside) {
            const kind = random.integer(3)
            const full = rows - random.integer(4)
            for (let r = 0; r < rows; r++) {
              plus[firstRow + r] = r < full ? random.integer(layer.output.channels) : -1
              minus[firstRow + r] =
                r < full && (kind === 1 || (kind === 2 && (r === 0 || random.integer(2))))
                  ? random.integer(layer.output.channels)
                  : -1
              if (kind === 2 && random.integer(9) === 0 && minus[firstRow] >= 0) plus[firstRow + r] = -1
            }
          }
          const pointers = [engine.integersFrom(plus), engine.integersFrom(minus)] as const
          const positions = engine.integersFrom(above.positions)
          const before = accumulate ? normals(random, blocks.length) : new Float32Array(blocks.length).fill(NaN)
          const value = engine.floatsFrom(before)
          const constantBefore = normals(random, above.rows)
          const constant = engine.floatsFrom(constantBefore)
          const start = [loaded.geometry.pointer, blocks.count, positions, blocks.pointer] as const
          engine.kernels.startRows(
            accumulate,
            ...start,
            value,
            active.list.pointer,
            ...pointers,
            loaded.weight.pointer,
            loaded.bias.pointer,
            constant,
          )

          const gradient = blockValues(random, inside, blocks.length, active)
          const toConstant = normals(random, above.rows)
          const [dw0, db0] = [normals(random, weights.length), normals(random, bias.length)]
          loaded.weight.gradient.view().set(dw0)
          loaded.bias.gradient.view().set(db0)
          engine.kernels.startRowsAdjoint(
            ...start,
            engine.floatsFrom(gradient),
            active.list.pointer,
            ...pointers,
            loaded.weight.gradient.pointer,
            loaded.bias.gradient.pointer,
            engine.floatsFrom(toConstant),
          )

          const expected = new Sums(blocks.length, before)
          if (!accumulate) for (const i of activePlaces(inside, active)) expected.value[i] = expected.size[i] = 0
          const expectedConstant = new Sums(above.rows, constantBefore)
          const [dw, db] = [new Sums(weights.length, dw0), new Sums(bias.length, db0)]
          inside.forEach(({ rows, firstRow, place }, b) => {
            const signed = (r: number, visit: (channel: number, sign: number) => void) => {
              if (plus[firstRow + r] >= 0) visit(plus[firstRow + r], 1)
              if (minus[firstRow + r] >= 0) visit(minus[firstRow + r], -1)
            }
            for (let r = 0; r < rows; r++) {
              signed(r, (channel, sign) => {
                expectedConstant.add(firstRow + r, sign * bias[channel])
                db.add(channel, sign * toConstant[firstRow + r])
              })
            }
            const area = layer.output.height * layer.output.width
            forEachTap(layer, (o, i, k) => {
              if (o % area !== above.positions[b] || !active.isActive[i]) return
              const channel = Math.floor(o / area)
              for (let r = 0; r < rows; r++) {
                signed(r, (of, sign) => {
                  if (of !== channel) return
                  expected.add(place(i) + r, sign * weights[k])
                  dw.add(k, sign * gradient[place(i) + r])
                })
              }
            })
          })
          return [
            ...expected.compare('value', engine.read(value, blocks.length)),
            ...expectedConstant.compare('constant', engine.read(constant, above.rows)),
            ...dw.compare('dW', loaded.weight.gradient.read()),
            ...db.compare('db', loaded.bias.gradient.read()),
          ]
        },
      )
      expect(found).toEqual([])
    })

    it('meets the neurons of a ReLU layer, and goes back', async () => {
      const engine = await Engine.create({ variant })
      const found = collect(
        engine,
        150,
        'relu',
        (seed) => new Random(seed, 'relu'),
        (random) => {
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
      )
      expect(found).toEqual([])
    })
  })
}
