import { expect, test } from 'vitest'
import { oneLine } from '../base/one-line.testing.ts'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { evaluateGraph, graphOf } from '../model/graph.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Network } from '../model/network.ts'
import { type Given, recognise } from './recognise.ts'
import type { Tensor } from './tensors.ts'

/** Random tensors of these shapes; variances are positive. */
function stateOf(shapes: Readonly<Record<string, readonly number[]>>, inOrder = true) {
  const random = new Random(1, 'recognise')
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of Object.entries(shapes)) {
    const value = () => (name.endsWith('var') ? random.uniform() + 0.1 : random.normal())
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value)
    tensors.set(name, { shape, data })
  }
  return { metadata: {}, tensors, ...(inOrder && { inOrder: true as const }) }
}
const read = (shapes: Readonly<Record<string, readonly number[]>>, given: Given = {}) =>
  recognise('net.pt', stateOf(shapes), given)
const image = { channels: 2, height: 4, width: 4 }

test('linear layers that form a chain are a network with ReLUs between them', () => {
  const network = read({ 'fc1.weight': [3, 4], 'fc1.bias': [3], 'out.weight': [2, 3] }) as Network
  expect(network.architecture.layers).toEqual([
    { kind: 'linear', outFeatures: 3 },
    { kind: 'relu' },
    { kind: 'linear', outFeatures: 2 },
  ])
  const { tensors } = stateOf({ 'fc1.weight': [3, 4], 'fc1.bias': [3], 'out.weight': [2, 3] })
  const [w, b, v] = [...tensors.values()].map(({ data }) => data) as [Float32Array, Float32Array, Float32Array]
  const x = [0.25, -1, 2, 0.5]
  const hidden = [0, 1, 2].map((o) =>
    Math.max(
      0,
      x.reduce((sum, value, i) => sum + w[4 * o + i] * value, b[o]),
    ),
  )
  const expected = [0, 1].map((o) => hidden.reduce((sum, value, i) => sum + v[3 * o + i] * value, 0))
  evaluate(network, x).forEach((value, o) => expect(value).toBeCloseTo(expected[o], 12))
})

const normalised = {
  ...{ 'features.weight': [4, 2, 3, 3], 'features.bias': [4] },
  ...{ 'bn.weight': [4], 'bn.bias': [4], 'bn.running_mean': [4], 'bn.running_var': [4] },
  ...{ 'head.weight': [5, 64], 'bn0.running_mean': [5], 'bn0.running_var': [5], 'classifier.weight': [3, 5] },
}
const architecture = 'conv 4 3 1 1, batch norm, relu, linear 5, batch norm, relu, linear'

test('batch normalisation is folded into the layer before it: as it is computed unfolded, in float64', () => {
  const network = read(normalised, { architecture, input: image })
  expect(network.parameters).toBeInstanceOf(Float64Array)
  const of = Object.fromEntries([...stateOf(normalised).tensors].map(([name, { data }]) => [name, data]))
  const x = Array.from({ length: 32 }, (_, i) => Math.sin(i))
  const normalise = (z: number, c: number, name: string) =>
    ((z - of[`${name}.running_mean`][c]) / Math.sqrt(of[`${name}.running_var`][c] + 1e-5)) *
      (of[`${name}.weight`]?.[c] ?? 1) +
    (of[`${name}.bias`]?.[c] ?? 0)
  const hidden = Array.from({ length: 64 }, (_, at) => {
    const [o, top, left] = [Math.floor(at / 16), Math.floor((at % 16) / 4) - 1, (at % 4) - 1]
    let sum = of['features.bias'][o]
    for (let k = 0; k < 18; k++) {
      const [c, y, xx] = [Math.floor(k / 9), top + Math.floor((k % 9) / 3), left + (k % 3)]
      if (y >= 0 && y < 4 && xx >= 0 && xx < 4) sum += of['features.weight'][o * 18 + k] * x[c * 16 + y * 4 + xx]
    }
    return Math.max(0, normalise(sum, o, 'bn'))
  })
  const second = Array.from({ length: 5 }, (_, o) =>
    Math.max(
      0,
      normalise(
        hidden.reduce((sum, value, i) => sum + of['head.weight'][64 * o + i] * value, 0),
        o,
        'bn0',
      ),
    ),
  )
  const expected = [0, 1, 2].map((o) => second.reduce((sum, v, i) => sum + of['classifier.weight'][5 * o + i] * v, 0))
  evaluateGraph(graphOf(network), x)
    .at(-1)!
    .forEach((value, o) => expect(value).toBeCloseTo(expected[o], 12))
})

test('a network that has been folded already is taken as it is', () => {
  const { 'features.weight': weight, 'features.bias': bias } = normalised
  const network = read({ w1: weight, b1: bias, w2: [5, 64], w3: [3, 5] }, { architecture, input: image })
  expect(network.parameters).toBeInstanceOf(Float32Array)
})

test('the order is that of the definition, or of the names where a file does not keep it', () => {
  const shapes = { 'z.weight': [3, 4], 'a10.weight': [2, 5], 'a9.weight': [5, 3] }
  expect(() => read(shapes)).toThrow(UserError)
  const byName = { 'l10.weight': [2, 5], 'l9.weight': [5, 3], 'l1.weight': [3, 4] }
  const { architecture } = recognise('net.npz', stateOf(byName, false))
  expect(architecture.layers).toHaveLength(5)
})

test.each<[string, Readonly<Record<string, readonly number[]>>, Given, RegExp]>([
  ['a convolution without architecture', { 'c.weight': [4, 2, 3, 3] }, {}, /c \[4,2,3,3\].*fit none.*give its archit/],
  ['no tensors', {}, {}, /its layers \(none\) fit none/],
  ['linear layers that are no chain', { 'a.weight': [3, 4], 'b.weight': [3, 4] }, {}, /a \[3,4\], b \[3,4\]/],
  [
    'another kernel',
    { ...normalised, 'features.weight': [4, 2, 5, 5] },
    { architecture, input: image },
    /has 'features' of shape \[4,2,5,5\], where layer 0 of the architecture wants \[4,2,3,3\]/,
  ],
  [
    'a layer too few',
    { 'c.weight': [4, 2, 3, 3] },
    { architecture, input: image },
    /1 layer with weights, and nothing for layer 3 of the/,
  ],
  [
    'a layer too many',
    { 'a.weight': [3, 4], 'b.weight': [3, 3] },
    { architecture: 'linear' },
    /'b' \[3,3\], which the architecture has no/,
  ],
  [
    'normalisation that the architecture lacks',
    normalised,
    { architecture: 'conv 4 3 1 1, relu, linear 5, batch norm, relu, linear', input: image },
    /has 2 batch normalisations \('bn', …\), but the architecture has 1: it must say/,
  ],
  [
    'normalisation of other channels',
    { ...normalised, 'bn0.running_mean': [4], 'bn0.running_var': [4] },
    { architecture, input: image },
    /has 'bn0' for 4 channels, where layer 3 of the architecture has 5/,
  ],
  ['unknown images', { 'c.weight': [4, 2, 3, 3] }, { architecture }, /takes its input from the data/],
  ['layers that are no layers', { 'c.weight': [4, 2, 3, 3] }, { architecture: 'conf 3', input: image }, /conf 3/],
  ['LayerNorm', { 'a.weight': [3, 4], 'n.weight': [3], 'n.bias': [3] }, {}, /'n' has a weight \[3\]: LayerNorm/],
  ['Conv1d', { 'a.weight': [3, 4, 5] }, {}, /only linear layers and convolutions/],
  ['a bias alone', { 'a.bias': [3] }, {}, /'a' has a bias \[3\] and no weight/],
  ['a bias that is too long', { 'a.weight': [3, 4], 'a.bias': [4] }, {}, /bias \[4\] for a weight \[3,4\]/],
  ['a mean alone', { 'a.running_mean': [4] }, {}, /without a mean or without a variance/],
  [
    'a normalisation of two lengths',
    { 'a.running_mean': [4], 'a.running_var': [4], 'a.bias': [3] },
    {},
    /mean \[4\] and another tensor \[3\]/,
  ],
])('%s: refused in one line', (_, shapes, given, pattern) => {
  expect(() => read(shapes, given)).toThrow(UserError)
  expect(() => read(shapes, given)).toThrow(oneLine(pattern))
})

test('means and deviations of images are those of the architecture, or refused', () => {
  const shapes = { 'norm.mean': [1, 2, 1, 1], 'norm.std': [1, 2, 1, 1], 'c.weight': [4, 2, 4, 4] }
  const read = (architecture: string) => {
    const state = stateOf(shapes)
    state.tensors.get('norm.mean')!.data.set([0.1, 0.2])
    state.tensors.get('norm.std')!.data.set([0.5, 0.25])
    return recognise('net.pt', state, { architecture, input: image })
  }
  expect(read('normalise 0.1 0.2 / 0.5 0.25, conv 4 4').architecture.layers[0]).toMatchObject({ mean: [0.1, 0.2] })
  expect(() => read('conv 4 4')).toThrow(oneLine(/'norm.mean' \[1,2,1,1\], which is no weight.*same numbers/))
  expect(() => read('normalise 0.1 0.2 / 0.5 0.3, conv 4 4')).toThrow(/'norm.std' \[1,2,1,1\], which is no weight/)
})

test('a negative variance is refused', () => {
  const state = stateOf({ 'a.running_mean': [1], 'a.running_var': [1] })
  state.tensors.get('a.running_var')!.data[0] = -1
  expect(() => recognise('net.pt', state)).toThrow("'a' has a negative variance")
})
