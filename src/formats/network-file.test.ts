import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { architectureNamed, fixedArchitectures } from '../model/architectures.ts'
import { type Architecture, type Network, countParameters, parameterLayout } from '../model/network.ts'
import { ARCHITECTURE_KEY } from './network-file.ts'
import { loadNetwork, saveNetwork } from '../node/network-file.ts'
import { readSafetensors, writeSafetensors } from '../node/safetensors-file.ts'
import type { Tensor } from './tensors.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const path = join(folder, 'net.safetensors')

const tiny: Architecture = {
  name: 'tiny',
  input: { channels: 1, height: 4, width: 4 },
  layers: [
    { kind: 'normalise', mean: [0.5], deviation: [0.25] },
    { kind: 'convolution', outChannels: 2, kernel: 2, stride: 2, padding: 0 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

function networkOf(architecture: Architecture): Network {
  const random = new Random(1, 'test')
  return {
    architecture,
    parameters: Float32Array.from({ length: countParameters(architecture) }, () => random.normal()),
  }
}

/** Vitest's own comparison of large arrays takes a second. */
function expectSame(actual: Network, expected: Network): void {
  expect(actual.architecture).toEqual(expected.architecture)
  expect(Buffer.compare(Buffer.from(actual.parameters.buffer), Buffer.from(expected.parameters.buffer))).toBe(0)
}

const residual: Architecture = {
  name: 'residual',
  input: { channels: 1, height: 4, width: 4 },
  layers: [
    { kind: 'convolution', outChannels: 2, kernel: 3, stride: 1, padding: 1 },
    { kind: 'relu' },
    { kind: 'convolution', outChannels: 3, kernel: 2, stride: 2, padding: 0 },
    { kind: 'convolution', outChannels: 3, kernel: 1, stride: 2, padding: 0, from: -1 },
    { kind: 'add', other: 2 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ],
}
/** The same with something else for some layers. */
const change = (layers: Record<number, object>) =>
  JSON.stringify({ ...residual, layers: residual.layers.map((layer, i) => ({ ...layer, ...layers[i] })) })

const everyKind: Architecture = {
  name: 'every kind',
  input: { channels: 2, height: 4, width: 4 },
  layers: [
    { kind: 'convolution', outChannels: 4, kernel: 3, stride: 1, padding: 1, groups: 2, batchNorm: true },
    { kind: 'relu' },
    { kind: 'averagePool', kernel: 3, stride: 1, padding: 1 },
    { kind: 'add', other: 1 },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3, batchNorm: true },
    { kind: 'relu' },
    { kind: 'linear', outFeatures: 3 },
  ],
}

test.each([tiny, residual, everyKind, ...fixedArchitectures.map(architectureNamed)])(
  '$name is read as it was saved',
  (architecture) => {
    const network = networkOf(architecture)
    saveNetwork(path, network, { epsilon: '0.1' })
    const loaded = loadNetwork(path)
    expectSame(loaded.network, network)
    expect(loaded.metadata).toEqual({ epsilon: '0.1' })
  },
)

test('parameters in shared memory are saved too', () => {
  const parameters = new Float32Array(new SharedArrayBuffer(4 * countParameters(tiny))).fill(2)
  saveNetwork(path, { architecture: tiny, parameters })
  expect(loadNetwork(path).network.parameters.every((value) => value === 2)).toBe(true)
})

test("the caller's mistakes are refused", () => {
  expect(() => saveNetwork(path, { architecture: tiny, parameters: new Float32Array(3) })).toThrow(UserError)
  expect(() => saveNetwork(path, networkOf(tiny), { [ARCHITECTURE_KEY]: '' })).toThrow(UserError)
})

describe('files that are not such networks', () => {
  beforeEach(() => saveNetwork(path, networkOf(tiny)))

  /** Changes the file's tensors or metadata. */
  function edit(how: (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void): void {
    const { tensors, metadata } = readSafetensors(path)
    how(tensors, metadata)
    writeSafetensors(path, tensors, metadata)
  }
  const scalar = { shape: [], data: new Float32Array(1) }

  test('missing, superfluous and misshapen tensors are named', () => {
    edit((tensors) => {
      tensors.delete('1.bias')
      tensors.set('7.weight', scalar)
      tensors.set('4.bias', scalar)
    })
    expect(() => loadNetwork(path)).toThrow(
      new UserError(
        `${path}: the tensors are not those of its architecture 'tiny': ` +
          "'1.bias' is missing, '4.bias' is [], not [3], '7.weight' is not part of it",
      ),
    )
  })

  test.each([
    ['text', 'nonsense', 'it is not JSON'],
    ['a missing field', JSON.stringify({ ...tiny, input: undefined }), 'input: '],
    ['an unknown layer', JSON.stringify({ ...tiny, layers: [{ kind: 'sigmoid' }] }), 'layers.0.kind: '],
    ['a field too many', JSON.stringify({ ...tiny, layers: [{ kind: 'relu', slope: 1 }] }), 'layers.0: '],
    ['an absurd size', JSON.stringify({ ...tiny, input: { channels: 1e9, height: 1, width: 1 } }), 'input.channels: '],
    ['a layer that reads itself', change({ 3: { from: 3 } }), 'layer 3 reads layer 3, which does not come before it'],
    ['a layer that reads a later one', change({ 3: { from: 1e300 } }), 'layers.3.from: '],
    ['a layer that reads one beyond the last', change({ 3: { from: 99 } }), 'layer 3 reads layer 99'],
    ['a layer that reads half of one', change({ 3: { from: 0.5 } }), 'layers.3.from: '],
    ['a layer that reads what is before the image', change({ 3: { from: -2 } }), 'layers.3.from: '],
    ['a layer that reads a text', change({ 3: { from: '1' } }), 'layers.3.from: '],
    ['a linear layer that reads another', change({ 7: { from: 5 } }), 'layers.7: '],
    ['a sum of itself', change({ 4: { other: 4 } }), 'layer 4 reads layer 4'],
    ['a sum of nothing', change({ 4: { other: undefined } }), 'layers.4.other: '],
    ['a sum of half a layer', change({ 4: { other: 1.5 } }), 'layers.4.other: '],
    ['a sum of two shapes', change({ 4: { other: 1 } }), 'layer 4 adds 3×2×2 and 2×4×4'],
    ['a sum with a field too many', change({ 4: { from: 2 } }), 'layers.4: '],
    ['no groups', change({ 3: { groups: 0 } }), 'layers.3.groups: '],
    ['groups that do not divide', change({ 3: { groups: 2 } }), 'the groups must divide both'],
    ['a normalisation that is none', change({ 3: { batchNorm: false } }), 'layers.3.batchNorm: '],
    [
      'layers that do not fit',
      JSON.stringify({ ...tiny, layers: [{ kind: 'linear', outFeatures: 3 }] }),
      'put a flatten',
    ],
  ])('an architecture with %s is refused', (_, json, words) => {
    edit((_tensors, metadata) => (metadata[ARCHITECTURE_KEY] = json))
    expect(() => loadNetwork(path)).toThrow(UserError)
    expect(() => loadNetwork(path)).toThrow(`${path}: the metadata '${ARCHITECTURE_KEY}' is wrong: `)
    expect(() => loadNetwork(path)).toThrow(words)
  })

  test('a foreign file that fits nothing says what it lacks', () => {
    edit((_, metadata) => delete metadata[ARCHITECTURE_KEY])
    expect(() => loadNetwork(path)).toThrow(
      /does not say which network it holds.*1 \[2,1,2,2\], 4 \[3,8\].*fit none .*mnist-small.*give its architecture/,
    )
  })

  test('files that are missing, folders, empty or cut short give one line', () => {
    expect(() => loadNetwork(join(folder, 'none'))).toThrow(/^cannot read .*none: there is no such file$/)
    expect(() => loadNetwork(folder)).toThrow(/^cannot read .*: it is a folder, not a file$/)
    writeFileSync(path, '')
    expect(() => loadNetwork(path)).toThrow(/not a valid safetensors file: it is empty$/)
  })
})

test('a foreign file is recognised by its shapes, in the order of its names', () => {
  const { architecture, parameters } = networkOf(architectureNamed('mnist-small'))
  const names = ['conv2', 'conv10', 'fc1', 'fc2'].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`])
  const entries = parameterLayout(architecture).map(({ shape, offset, length }, i): [string, Tensor] => [
    names[i],
    { shape, data: parameters.subarray(offset, offset + length) },
  ])
  writeSafetensors(path, new Map(entries.toReversed()), { format: 'pt' })
  const loaded = loadNetwork(path)
  expectSame(loaded.network, { architecture, parameters })
  expect(loaded.metadata).toEqual({ format: 'pt' })
})
