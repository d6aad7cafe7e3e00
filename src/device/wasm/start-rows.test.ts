/** Where rows of a dual pass start: on windows and sparse lists of active neurons. */
import { describe } from 'vitest'
import { testCases } from './cases.testing.ts'
import {
  Sums,
  activePlaces,
  blockValues,
  forEachTap,
  loadLayer,
  normals,
  randomActive,
  randomLayer,
  randomPositions,
  readBlocks,
  variants,
  weightCount,
} from './oracle.testing.ts'

for (const variant of variants) {
  describe(`rows of a dual pass, ${variant}`, () => {
    testCases(
      variant,
      'begins at a specification, W[plus] − W[minus], and goes back',
      (engine, random) => {
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
      150,
    )
  })
}
