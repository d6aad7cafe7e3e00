import { describe, expect, it } from 'vitest'
import { type AffinePart, affine } from './affine.ts'
import { Engine } from './engine.ts'
import { lengthOf } from './layout.ts'
import {
  Sums,
  collect,
  forEachTap,
  loadLayer,
  normals,
  pick,
  randomLayer,
  variants,
  weightCount,
} from './oracle.testing.ts'
import { Random } from './random.ts'
import { Tape, Tensor } from './tape.ts'

const parts: readonly AffinePart[] = ['signed', 'absolute', 'absolute with bias']

for (const variant of variants) {
  describe(`an affine layer, ${variant}`, () => {
    it('equals float64 loops, and so do its gradients', async () => {
      const engine = await Engine.create({ variant })
      const found = collect(
        engine,
        150,
        'layer',
        (seed) => new Random(seed, 'affine'),
        (random) => {
          const layer = randomLayer(random)
          const columns = 4 * (1 + random.integer(4))
          const part = pick(random, parts)
          const wanted = { input: random.integer(4) > 0, weights: random.integer(4) > 0 }
          const [ins, outs, weights] = [lengthOf(layer.input), lengthOf(layer.output), weightCount(layer)]
          const area = layer.output.height * layer.output.width
          const [w, b] = [normals(random, weights), normals(random, layer.output.channels)]
          const loaded = loadLayer(engine, layer, w, b)
          const [x, dy] = [normals(random, ins * columns), normals(random, outs * columns)]
          // gradients that are there already are added to
          const [dx0, dw0, db0] = [normals(random, x.length), normals(random, weights), normals(random, b.length)]
          const gradientOfWeights = part === 'signed' ? loaded.weightGradient : loaded.absoluteWeightGradient
          engine.f32.set(dw0, gradientOfWeights >> 2)
          engine.f32.set(db0, loaded.biasGradient >> 2)

          const tape = new Tape()
          const input = new Tensor(engine.floatsFrom(x), x.length)
          const y = affine(engine, tape, loaded, input, columns, part, wanted)
          engine.f32.set(dx0, input.gradient(engine) >> 2)
          engine.f32.set(dy, y.gradient(engine) >> 2)
          tape.backward()

          const of = part === 'signed' ? (v: number) => v : Math.abs
          const expected = new Sums(
            outs * columns,
            Float64Array.from({ length: outs * columns }, (_, i) =>
              part === 'absolute' ? 0 : of(b[Math.floor(i / columns / area)]!),
            ),
          )
          const [dx, dw, db] = [new Sums(x.length, dx0), new Sums(weights, dw0), new Sums(b.length, db0)]
          forEachTap(layer, (o, i, k) => {
            for (let e = 0; e < columns; e++) {
              expected.add(o * columns + e, of(w[k]!) * x[i * columns + e]!)
              if (wanted.input) dx.add(i * columns + e, of(w[k]!) * dy[o * columns + e]!)
              if (wanted.weights) dw.add(k, x[i * columns + e]! * dy[o * columns + e]!)
            }
          })
          if (wanted.weights && part === 'signed') dy.forEach((g, i) => db.add(Math.floor(i / columns / area), g))
          return [
            ...expected.compare('y', engine.read(y.pointer, y.length)),
            ...dx.compare('dx', engine.read(input.gradient(engine), x.length)),
            ...dw.compare('dW', engine.read(gradientOfWeights, weights)),
            ...db.compare('db', engine.read(loaded.biasGradient, b.length)),
          ]
        },
      )
      expect(found).toEqual([])
    })

    it('keeps no gradient where there is no tape, and carries none where none came', async () => {
      const engine = await Engine.create({ variant })
      const random = new Random(1)
      const layer = randomLayer(random, { channels: 2, height: 5, width: 5 })
      const loaded = loadLayer(
        engine,
        layer,
        normals(random, weightCount(layer)),
        normals(random, layer.output.channels),
      )
      const input = new Tensor(engine.floatsFrom(normals(random, 200)), 200)
      const tape = new Tape()
      affine(engine, undefined, loaded, input, 4, 'signed')
      affine(engine, tape, loaded, input, 4, 'signed')
      tape.backward()
      expect(engine.read(loaded.weightGradient, weightCount(layer)).every((v) => v === 0)).toBe(true)
      expect(engine.read(input.gradient(engine), 200).every((v) => v === 0)).toBe(true)
    })
  })
}
