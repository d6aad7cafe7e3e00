import { describe, expect, it } from 'vitest'
import { affine } from './affine.ts'
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
import { none } from './pointers.ts'
import { Random } from '../../base/random.ts'
import { Tape, Tensor } from '../tape.ts'

const parts = ['signed', 'absolute', 'absolute with bias'] as const

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
          const first = randomLayer(random)
          const { output } = first
          // now and then a sum: a second layer with the same outputs
          const beside = {
            input: { ...output, channels: 1 + random.integer(5) },
            output,
            options: { kernel: 1, stride: 1, padding: 0 },
          }
          const layers = random.integer(2) ? [first, beside] : [first]
          const columns = 4 * (1 + random.integer(4))
          const part = pick(random, parts)
          const weighted = part === 'signed' ? part : 'absolute'
          const of = part === 'signed' ? (v: number) => v : Math.abs
          const area = output.height * output.width
          const outs = lengthOf(output)
          const b = normals(random, output.channels)
          // often nothing comes back to a neuron, whatever the example
          const dy = switchedOff(random, normals(random, outs * columns), columns).values
          const terms = layers.map((layer) => {
            const weights = normals(random, weightCount(layer))
            const loaded = loadLayer(engine, layer, weights, b)
            // behind a ReLU some neurons are off in every example; others may be zero there by chance
            const isCut = random.integer(2) > 0
            const plain = normals(random, lengthOf(layer.input) * columns)
            const { values: support, isOff } = switchedOff(random, plain, columns)
            const x = isCut ? support.map((v) => (random.integer(5) > 0 ? v : 0)) : plain
            const wanted = { input: random.integer(4) > 0, weights: random.integer(4) > 0 }
            // gradients that are there already are added to
            const [dx0, dw0] = [normals(random, x.length), normals(random, weights.length)]
            const weightGradient = part === 'signed' ? loaded.weightGradient : loaded.absoluteWeightGradient
            engine.f32.set(dw0, weightGradient >> 2)
            const input = new Tensor(engine.floatsFrom(x), x.length)
            if (isCut) input.support = new Tensor(engine.floatsFrom(support), x.length)
            const reaches = (i: number) => wanted.input && !(isCut && isOff[i])
            return { layer, weights, loaded, x, wanted, reaches, dx0, dw0, weightGradient, input }
          })
          const [{ loaded }] = terms as [(typeof terms)[number]]
          const db0 = normals(random, b.length)
          engine.f32.set(db0, loaded.biasGradient >> 2)

          const tape = new Tape()
          const bias = {
            signed: { values: loaded.bias, gradient: loaded.biasGradient },
            absolute: undefined,
            'absolute with bias': { values: loaded.absoluteBias, gradient: none },
          }[part]
          const y = affine(
            ...([engine, tape, terms.map((p) => p.loaded), terms.map((p) => p.input)] as const),
            ...([columns, weighted, bias, (i: number) => terms[i].wanted] as const),
          )
          for (const { input, dx0 } of terms) engine.f32.set(dx0, input.gradient(engine) >> 2)
          engine.f32.set(dy, y.gradient(engine) >> 2)
          tape.backward()

          const expected = new Sums(
            outs * columns,
            Float64Array.from({ length: outs * columns }, (_, i) => (bias ? of(b[Math.floor(i / columns / area)]) : 0)),
          )
          const db = new Sums(b.length, db0)
          if (part === 'signed' && terms.some(({ wanted }) => wanted.weights)) {
            dy.forEach((g, i) => db.add(Math.floor(i / columns / area), g))
          }
          return [
            ...terms.flatMap(({ layer, weights, x, wanted, reaches, dx0, dw0, weightGradient, input }, n) => {
              const [dx, dw] = [new Sums(x.length, dx0), new Sums(weights.length, dw0)]
              forEachTap(layer, (o, i, k) => {
                for (let e = 0; e < columns; e++) {
                  expected.add(o * columns + e, of(weights[k]) * x[i * columns + e])
                  if (reaches(i)) dx.add(i * columns + e, of(weights[k]) * dy[o * columns + e])
                  if (wanted.weights) dw.add(k, x[i * columns + e] * dy[o * columns + e])
                }
              })
              return [
                ...dx.compare(`dx ${n}`, engine.read(input.gradient(engine), x.length)),
                ...dw.compare(`dW ${n}`, engine.read(weightGradient, weights.length)),
              ]
            }),
            ...expected.compare('y', engine.read(y.pointer, y.length)),
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
      affine(engine, undefined, [loaded], [input], 4, 'signed', undefined)
      affine(engine, tape, [loaded], [input], 4, 'signed', undefined)
      tape.backward()
      expect(engine.read(loaded.weightGradient, weightCount(layer)).every((v) => v === 0)).toBe(true)
      expect(engine.read(input.gradient(engine), 200).every((v) => v === 0)).toBe(true)
    })
  })
}

/** Values [neuron][column] with zeros in all columns of some neurons, and which neurons have nothing else. */
function switchedOff(random: Random, given: Float32Array, columns: number) {
  const neurons = Array.from({ length: given.length / columns }, (_, j) => j)
  const cleared = neurons.map(() => random.integer(3) === 0)
  const values = given.map((v, i) => (cleared[Math.floor(i / columns)] ? 0 : v))
  return { values, isOff: neurons.map((j) => values.subarray(j * columns, (j + 1) * columns).every((v) => v === 0)) }
}
