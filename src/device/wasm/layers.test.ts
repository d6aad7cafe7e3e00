import { describe, expect, it } from 'vitest'
import { Engine } from './engine.ts'
import { testCases } from './cases.testing.ts'
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
import { Random } from '../../base/random.ts'
import { sizeOf } from '../../model/layers.ts'
import { Tape } from '../tape.ts'

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
            options: { kernel: 1, stride: 1, padding: 0, groups: 1 },
          }
          const layers = random.integer(2) ? [first, beside] : [first]
          const columns = 4 * (1 + random.integer(4))
          const part = pick(random, parts)
          const of = part === 'signed' ? (v: number) => v : Math.abs
          const area = output.height * output.width
          const outs = sizeOf(output)
          const b = normals(random, output.channels)
          // often nothing comes back to a neuron, whatever the example
          const dy = switchedOff(random, normals(random, outs * columns), columns).values
          const terms = layers.map((layer) => {
            const weights = normals(random, weightCount(layer))
            const loaded = loadLayer(engine, layer, weights, b)
            // behind a ReLU some neurons are off in every example; others may be zero there by chance
            const isCut = random.integer(2) > 0
            const plain = normals(random, sizeOf(layer.input) * columns)
            const { values: support, isOff } = switchedOff(random, plain, columns)
            const x = isCut ? support.map((v) => (random.integer(5) > 0 ? v : 0)) : plain
            const wanted = { input: random.integer(4) > 0, weights: random.integer(4) > 0 }
            // gradients that are there already are added to
            const [dx0, dw0] = [normals(random, x.length), normals(random, weights.length)]
            const weight = part === 'signed' ? loaded.weight : loaded.absoluteWeight
            weight.gradient.view().set(dw0)
            const input = engine.tensorFrom(x)
            if (isCut) input.support = engine.tensorFrom(support)
            const reaches = (i: number) => wanted.input && !(isCut && isOff[i])
            return { layer, weights, loaded, x, wanted, reaches, dx0, dw0, weight, input }
          })
          const [{ loaded }] = terms as [(typeof terms)[number]]
          const db0 = normals(random, b.length)
          loaded.bias.gradient.view().set(db0)

          const tape = new Tape()
          const bias = {
            signed: loaded.bias,
            absolute: undefined,
            'absolute with bias': loaded.absoluteBias,
          }[part]
          const products = terms.map(({ loaded: { geometry }, weight, input, wanted }) => ({
            ...{ geometry, weight, input, toInput: wanted.input, toWeight: wanted.weights },
          }))
          const y = engine.layers.affine(tape, products, columns, bias)
          for (const { input, dx0 } of terms) input.gradient.view().set(dx0)
          y.gradient.view().set(dy)
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
            ...terms.flatMap(({ layer, weights, x, wanted, reaches, dx0, dw0, weight, input }, n) => {
              const [dx, dw] = [new Sums(x.length, dx0), new Sums(weights.length, dw0)]
              forEachTap(layer, (o, i, k) => {
                for (let e = 0; e < columns; e++) {
                  expected.add(o * columns + e, of(weights[k]) * x[i * columns + e])
                  if (reaches(i)) dx.add(i * columns + e, of(weights[k]) * dy[o * columns + e])
                  if (wanted.weights) dw.add(k, x[i * columns + e] * dy[o * columns + e])
                }
              })
              return [...dx.compare(`dx ${n}`, input.gradient.read()), ...dw.compare(`dW ${n}`, weight.gradient.read())]
            }),
            ...expected.compare('y', y.read()),
            ...db.compare('db', loaded.bias.gradient.read()),
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
      const input = engine.tensorFrom(normals(random, 200))
      const tape = new Tape()
      const { geometry, weight } = loaded
      const products = [{ geometry, weight, input, toInput: true, toWeight: true }]
      engine.layers.affine(undefined, products, 4)
      engine.layers.affine(tape, products, 4)
      tape.backward()
      expect(weight.gradient.read().every((v) => v === 0)).toBe(true)
      expect(input.gradient.read().every((v) => v === 0)).toBe(true)
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

const sums = (values: ArrayLike<number>) => new Sums(values.length, values)
/** Counts like those of values: multiples of 4. */
const length = (random: Random) => 4 * (1 + random.integer(40))

for (const variant of variants) {
  describe(`weights and ReLUs, ${variant}`, () => {
    testCases(variant, 'relu', (engine, random) => {
      const n = length(random)
      const [x, dy, dx] = [normals(random, n), normals(random, n), normals(random, n)]
      const input = engine.tensorFrom(x)
      const tape = new Tape()
      const y = engine.layers.relu(tape, input)
      input.gradient.view().set(dx)
      y.gradient.view().set(dy)
      tape.backward()
      return [
        ...sums(x.map((v) => Math.max(v, 0))).compare('y', y.read(), 0),
        ...sums(dx.map((g, i) => g + (x[i] > 0 ? dy[i] : 0))).compare('dx', input.gradient.read(), 1e-6),
      ]
    })

    testCases(variant, 'absolute and addTo', (engine, random) => {
      const n = length(random)
      const [x, dy, dx] = [normals(random, n), normals(random, n), normals(random, n)]
      x[0] = -0
      const [at, to, from, back] = [
        engine.floatsFrom(x),
        engine.floats(n),
        engine.floatsFrom(dy),
        engine.floatsFrom(dx),
      ]
      engine.kernels.absolute(n, at, to)
      engine.kernels.absoluteAdjoint(n, at, back, from)
      const total = engine.floatsFrom(dx)
      engine.kernels.addTo(n, at, total)
      return [
        ...sums(x.map(Math.abs)).compare('y', engine.read(to, n), 0),
        ...sums(dx.map((g, i) => g + Math.sign(x[i]) * dy[i])).compare('dx', engine.read(back, n), 1e-6),
        ...sums(dx.map((g, i) => g + x[i])).compare('sum', engine.read(total, n), 1e-6),
      ]
    })
  })
}
