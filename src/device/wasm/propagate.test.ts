/** The kernels of dual rows, on windows and sparse lists of active neurons. */
import { describe, expect, it } from 'vitest'
import { ACCUMULATE, OVERWRITE, WEIGHT_GRADIENT } from './affine.ts'
import { Engine } from './engine.ts'
import { type Blocks, lengthOf, coveringBlocks, receptiveBlocks, reshapeBlocks, wholeBlock } from './layout.ts'
import {
  type ActiveCase,
  type Block,
  type LayerCase,
  Sums,
  blockValues,
  collect,
  forEachTap,
  loadLayer,
  normals,
  pick,
  randomActive,
  randomLayer,
  randomPositions,
  randomWindows,
  readBlocks,
  variants,
  weightCount,
} from './oracle.testing.ts'
import { type Floats, at, none } from './pointers.ts'
import { Random } from '../../base/random.ts'

/** The taps of a layer that lie in both windows of a block and join active neurons. */
function forEachActiveTap(
  layer: LayerCase,
  out: Block,
  outActive: ActiveCase,
  inside: Block,
  inActive: ActiveCase,
  visit: (outAt: number, inAt: number, weight: number) => void,
): void {
  forEachTap(layer, (o, i, k) => {
    if (!outActive.isActive[o] || !inActive.isActive[i]) return
    const [outAt, inAt] = [out.place(o), inside.place(i)]
    if (outAt >= 0 && inAt >= 0) visit(outAt, inAt, k)
  })
}

/** Where active neurons of windows lie; everything else must stay as it was. */
const activePlaces = (blocks: readonly Block[], { isActive }: ActiveCase) =>
  blocks.flatMap(({ rows, place, neurons }) =>
    neurons.filter((j) => isActive[j]).flatMap((j) => Array.from({ length: rows }, (_, r) => place(j) + r)),
  )

for (const variant of variants) {
  describe(`rows through a layer, ${variant}`, () => {
    const check = (random: Random, engine: Engine, whole: boolean): string[] => {
      const layer = randomLayer(random)
      const loaded = loadLayer(
        engine,
        layer,
        normals(random, weightCount(layer)),
        normals(random, layer.output.channels),
      )
      const weights = engine.read(loaded.weight, weightCount(layer))
      const outBlocks: Blocks = whole
        ? wholeBlock(engine, layer.output, 4 * (1 + random.integer(5)))
        : randomWindows(engine, random, layer.output)
      const inBlocks = receptiveBlocks(engine, outBlocks, loaded.geometry)
      const [outs, ins] = [readBlocks(engine, outBlocks), readBlocks(engine, inBlocks)]
      const [outActive, inActive] = [
        randomActive(engine, random, layer.output),
        randomActive(engine, random, layer.input),
      ]
      const outValue = blockValues(random, outs, outBlocks.length, outActive)
      const inValue = blockValues(random, ins, inBlocks.length, inActive)
      const found: string[] = []
      for (const transposed of [false, true]) {
        for (const operation of [OVERWRITE, ACCUMULATE, WEIGHT_GRADIENT]) {
          const [outBase, inBase] = [engine.floatsFrom(outValue), engine.floatsFrom(inValue)]
          const gradient = normals(random, weights.length)
          const weightBase = operation === WEIGHT_GRADIENT ? engine.floatsFrom(gradient) : loaded.weight
          // room for the lists ends where the next piece begins: it must suffice
          const guard = engine.floatsFrom(new Float32Array(64).fill(7))
          engine.kernels.propagate(
            operation,
            transposed,
            loaded.geometry.pointer,
            outBlocks.count,
            outBlocks.pointer,
            outBase,
            outActive.pointer,
            inBlocks.pointer,
            inBase,
            inActive.pointer,
            weightBase,
            loaded.geometry.scratch,
          )
          const [target, source] = transposed ? [inValue, outValue] : [outValue, inValue]
          const expected = new Sums(
            target.length,
            operation === WEIGHT_GRADIENT || operation === ACCUMULATE ? target : target,
          )
          if (operation === OVERWRITE) {
            for (const i of activePlaces(transposed ? ins : outs, transposed ? inActive : outActive)) {
              expected.value[i] = expected.size[i] = 0
            }
          }
          const dw = new Sums(weights.length, gradient)
          outs.forEach((out, b) =>
            forEachActiveTap(layer, out, outActive, ins[b], inActive, (outAt, inAt, k) => {
              for (let r = 0; r < out.rows; r++) {
                if (operation === WEIGHT_GRADIENT) dw.add(k, outValue[outAt + r] * inValue[inAt + r])
                else expected.add((transposed ? inAt : outAt) + r, weights[k] * source[(transposed ? outAt : inAt) + r])
              }
            }),
          )
          const name = `${transposed ? 'transposed' : 'forwards'} ${operation}`
          const same = new Sums(source.length, source)
          found.push(
            ...expected.compare(`${name} target`, engine.read(transposed ? inBase : outBase, target.length)),
            ...same.compare(`${name} source`, engine.read(transposed ? outBase : inBase, source.length), 0),
            ...(operation === WEIGHT_GRADIENT ? dw.compare(`${name} dW`, engine.read(weightBase, weights.length)) : []),
            ...(engine.read(guard, 64).every((v) => v === 7) ? [] : [`${name} wrote past its memory`]),
          )
        }
      }
      return found
    }

    it('equals float64 loops on windows, with gradients, and touches active neurons only', async () => {
      const engine = await Engine.create({ variant })
      expect(
        collect(
          engine,
          150,
          'windows',
          (seed) => new Random(seed, 'windows'),
          (random) => check(random, engine, false),
        ),
      ).toEqual([])
    })

    it('equals float64 loops on whole images, with gradients, and touches active neurons only', async () => {
      const engine = await Engine.create({ variant })
      expect(
        collect(
          engine,
          80,
          'whole',
          (seed) => new Random(seed, 'whole'),
          (random) => check(random, engine, true),
        ),
      ).toEqual([])
    })

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
          const seen = receptiveBlocks(engine, above, loaded.geometry)
          // where another term reads more, windows are wider than what these rows see
          const others = randomPositions(engine, random, layer.output, above)
          const blocks = random.integer(2)
            ? coveringBlocks(engine, seen, receptiveBlocks(engine, others, loaded.geometry))
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
            active.pointer,
            ...pointers,
            loaded.weight,
            loaded.bias,
            constant,
          )

          const gradient = blockValues(random, inside, blocks.length, active)
          const toConstant = normals(random, above.rows)
          const [dw0, db0] = [normals(random, weights.length), normals(random, bias.length)]
          engine.f32.set(dw0, loaded.weightGradient >> 2)
          engine.f32.set(db0, loaded.biasGradient >> 2)
          engine.kernels.startRowsAdjoint(
            ...start,
            engine.floatsFrom(gradient),
            active.pointer,
            ...pointers,
            loaded.weightGradient,
            loaded.biasGradient,
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
            ...dw.compare('dW', engine.read(loaded.weightGradient, weights.length)),
            ...db.compare('db', engine.read(loaded.biasGradient, bias.length)),
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
          const neurons = lengthOf(extent)
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
            active.pointer,
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
            active.pointer,
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

    it('reaches the input, and goes back', async () => {
      const engine = await Engine.create({ variant })
      const found = collect(
        engine,
        150,
        'input',
        (seed) => new Random(seed, 'input'),
        (random) => {
          const { input: extent } = randomLayer(random)
          const area = extent.height * extent.width
          const all = { isActive: new Uint8Array(lengthOf(extent)).fill(1), pointer: none }
          const blocks = randomWindows(engine, random, extent)
          const inside = readBlocks(engine, blocks)
          const value = blockValues(random, inside, blocks.length, all)
          const stride = pick(random, [1, 4, 8])
          const example = random.integer(stride)
          const [centre, radius] = [
            normals(random, stride * lengthOf(extent)),
            normals(random, stride * lengthOf(extent)).map(Math.abs),
          ]
          const start = engine.floatsFrom(value)
          const results = [0, 1].map(() => engine.floatsFrom(new Float32Array(blocks.rows).fill(NaN))) as [
            Floats,
            Floats,
          ]
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
      )
      expect(found).toEqual([])
    })
  })
}

describe('windows', () => {
  it('are receptive fields: no larger and no smaller, but cut to the image', async () => {
    const engine = await Engine.create()
    const found = collect(
      engine,
      200,
      'window',
      (seed) => new Random(seed, 'fields'),
      (random) => {
        const layer = randomLayer(random)
        const loaded = loadLayer(
          engine,
          layer,
          new Float32Array(weightCount(layer)),
          new Float32Array(layer.output.channels),
        )
        const above = randomWindows(engine, random, layer.output)
        const below = receptiveBlocks(engine, above, loaded.geometry)
        const [outs, ins] = [readBlocks(engine, above), readBlocks(engine, below)]
        const problems: string[] = []
        let length = 0
        outs.forEach((out, b) => {
          const inside = ins[b]
          const seen = new Set<number>()
          forEachTap(layer, (o, i) => {
            if (out.place(o) >= 0) seen.add(i)
          })
          for (const i of seen) if (inside.place(i) < 0) problems.push(`block ${b} misses neuron ${i}`)
          // every border line of the window is seen by someone, unless the stride leaps over it
          const { kernel, stride } = layer.options
          if (kernel >= stride && inside.neurons.length > seen.size)
            problems.push(`block ${b}: ${inside.neurons.length} for ${seen.size}`)
          if (inside.rows !== out.rows || inside.firstRow !== out.firstRow) problems.push(`block ${b} has other rows`)
          const places = inside.neurons.map((j) => inside.place(j))
          if (inside.rows > 0 && places.some((p, i) => p !== length + i * inside.rows))
            problems.push(`block ${b} lies elsewhere`)
          length += inside.neurons.length * inside.rows
        })
        if (length !== below.length) problems.push(`${below.length} floats instead of ${length}`)
        return problems
      },
    )
    expect(found).toEqual([])
  })

  it('of vectors are whole images of the layer below, where they lie', async () => {
    const engine = await Engine.create()
    const image = { channels: 3, height: 2, width: 4 }
    const vector = { channels: 24, height: 1, width: 1 }
    const blocks = wholeBlock(engine, vector, 8)
    const reshaped = reshapeBlocks(engine, blocks, image)
    const [asVector, asImage] = [readBlocks(engine, blocks)[0], readBlocks(engine, reshaped)[0]]
    expect(asImage.neurons.map(asImage.place)).toEqual(asVector.neurons.map(asVector.place))
    expect(reshaped.length).toBe(blocks.length)
    expect(reshapeBlocks(engine, blocks, vector)).toBe(blocks)
  })
})
