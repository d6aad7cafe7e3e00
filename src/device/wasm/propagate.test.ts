/** Rows through a layer, on windows and sparse lists of active neurons. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from './engine.ts'
import type { ArenaBlocks } from './handles.ts'
import {
  type ActiveCase,
  type Block,
  type LayerCase,
  Sums,
  activePlaces,
  blockValues,
  collect,
  forEachTap,
  loadLayer,
  normals,
  randomActive,
  randomLayer,
  randomWindows,
  readBlocks,
  variants,
  weightCount,
} from './oracle.testing.ts'
import { ACCUMULATE, OVERWRITE, WEIGHT_GRADIENT } from './propagate.ts'

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
      const weights = loaded.weight.read()
      const outBlocks: ArenaBlocks = whole
        ? engine.windows.whole(layer.output, 4 * (1 + random.integer(5)))
        : randomWindows(engine, random, layer.output)
      const inBlocks = engine.windows.receptive(outBlocks, loaded.geometry)
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
          const weightBase = operation === WEIGHT_GRADIENT ? engine.floatsFrom(gradient) : loaded.weight.pointer
          // room for the lists ends where the next piece begins: it must suffice
          const guard = engine.floatsFrom(new Float32Array(64).fill(7))
          engine.kernels.propagate(
            operation,
            transposed,
            loaded.geometry.pointer,
            outBlocks.count,
            outBlocks.pointer,
            outBase,
            outActive.list.pointer,
            inBlocks.pointer,
            inBase,
            inActive.list.pointer,
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
  })
}
