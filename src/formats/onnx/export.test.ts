import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { architectureNamed } from '../../model/architectures.ts'
import { evaluate } from '../../model/evaluate.ts'
import { evaluateGraph, graphOf } from '../../model/graph.ts'
import { initialise } from '../../model/initialise.ts'
import { type Layer, type Shape, sizeOf } from '../../model/layers.ts'
import { type Network, countParameters } from '../../model/network.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { loadAnyNetwork, saveAnyNetwork } from '../../node/any-network.ts'
import { encodeNetwork } from './export.ts'
import { parseNetwork } from './import.ts'
import { drawnInputs, relativeError, runOracle } from './model.testing.ts'
import { temporaryFolder } from '../../node/temporary.testing.ts'

const folder = temporaryFolder()

function networkOf(input: Shape, layers: readonly Layer[]): Network {
  const architecture = { name: 'test', input, layers }
  const random = new Random(1, 'test')
  const parameters = new Float32Array(countParameters(architecture)).map(() => random.normal())
  return { architecture, parameters }
}

const vector = { channels: 5, height: 1, width: 1 }
const convolution = { kind: 'convolution', outChannels: 2, kernel: 1, stride: 1, padding: 0 } as const
const networks: [string, Network][] = [
  ...Array.from({ length: 40 }, (_, i): [string, Network] => [`random ${i}`, randomNetwork(new Random(i, 'export'))]),
  ...Array.from({ length: 100 }, (_, i): [string, Network] => [
    `every kind ${i}`,
    randomNetwork(new Random(i, 'export'), { everyKind: true }),
  ]),
  ['mnist-small', initialise(architectureNamed('mnist-small'), 1)],
  ['cifar10-small', initialise(architectureNamed('cifar10-small'), 1)],
  ['cifar10-resnet', initialise(architectureNamed('cifar10-resnet'), 1)],
  [
    'a sum of a vector and an image of one pixel, either way round',
    networkOf(vector, [
      { kind: 'linear', outFeatures: 2 },
      { ...convolution, from: -1 },
      { kind: 'add', other: 0 },
      { kind: 'relu' },
      convolution,
      { ...convolution, from: 3 },
      { kind: 'add', other: 4 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 3 },
    ]),
  ],
  [
    'a convolution of a vector',
    networkOf(vector, [
      { kind: 'linear', outFeatures: 3 },
      { kind: 'relu' },
      convolution,
      { kind: 'relu' },
      convolution,
    ]),
  ],
  [
    'a linear layer behind a convolution of one pixel',
    networkOf(vector, [convolution, { kind: 'relu' }, { kind: 'linear', outFeatures: 3 }]),
  ],
  [
    'a normalised vector, flattened for nothing',
    networkOf(vector, [
      { kind: 'normalise', mean: [0, 1, 2, 3, 4], deviation: [1, 2, 0.5, 3, 0.1] },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 3 },
    ]),
  ],
]

const pool = (kernel: number, stride: number, padding: number): Layer => ({
  ...{ kind: 'averagePool', kernel, stride, padding },
})

const bits = ({ parameters }: Network) => Buffer.from(parameters.buffer, parameters.byteOffset, parameters.byteLength)

test.each(networks)('%s: as ONNX Runtime runs it, and read again bit by bit', async (_, network) => {
  const bytes = encodeNetwork(network, {}, 'test.onnx')
  const { graph, network: again, misfit } = parseNetwork(bytes, 'test.onnx')
  expect(misfit).toBeUndefined()
  expect(Buffer.compare(bits(again!), bits(network))).toBe(0)
  const { input, layers, name } = network.architecture
  expect(again!.architecture).toMatchObject({ name, input })
  const kinds = (list: readonly Layer[]) => list.map(({ kind }) => kind).filter((kind) => kind !== 'flatten')
  expect(kinds(again!.architecture.layers)).toEqual(kinds(layers))

  const inputs = drawnInputs(sizeOf(input), network.parameters.length > 1e6 ? 1 : 3)
  const expected = await runOracle(bytes, [1, ...graph.inputShape], inputs)
  inputs.forEach((x, i) => {
    expect(relativeError(evaluate(network, x), expected[i])).toBeLessThan(1e-5)
    expect(relativeError(evaluate(again!, x), evaluate(network, x))).toBeLessThan(1e-6)
    expect(relativeError(evaluateGraph(graph, x).at(-1)!, evaluate(again!, x))).toBeLessThan(1e-12)
  })
})

test('architectures of ours, normalised, are read again layer by layer; constants become 32-bit floats', () => {
  const path = join(folder, 'a.onnx')
  const { architecture } = initialise(architectureNamed('mnist-small'), 1)
  const layers: Layer[] = [{ kind: 'normalise', mean: [0.1307], deviation: [0.3081] }, ...architecture.layers]
  const network = networkOf(architecture.input, layers)
  saveAnyNetwork(path, network, { epsilon: '0.1', note: 'größer' })
  const loaded = loadAnyNetwork(path)
  expect(loaded.metadata).toEqual({ epsilon: '0.1', note: 'größer' })
  const [first, ...rest] = loaded.network!.architecture.layers
  expect(first).toEqual({ kind: 'normalise', mean: [Math.fround(0.1307)], deviation: [Math.fround(0.3081)] })
  expect(rest).toEqual(architecture.layers)
  saveAnyNetwork(path, loaded.network!)
  expect(loadAnyNetwork(path).network!.architecture).toEqual(loaded.network!.architecture)
})

test('a residual network is read again layer by layer, as all of it was', () => {
  const network = initialise(architectureNamed('cifar10-resnet'), 1)
  const { layers } = network.architecture
  const again = parseNetwork(encodeNetwork(network, {}, 'test.onnx'), 'test.onnx').network!
  expect(again.architecture.layers.slice(1)).toEqual(layers.slice(1))
  expect(again.architecture.layers[0].kind).toBe('normalise')
  expect(Buffer.compare(bits(again), bits(network))).toBe(0)
})

/** That ONNX Runtime, the graph that is read again and the graph of the layers compute what the network does. */
async function expectSameLogits(network: Network): Promise<ReturnType<typeof parseNetwork>> {
  const bytes = encodeNetwork(network, {}, 'test.onnx')
  const parsed = parseNetwork(bytes, 'test.onnx')
  const inputs = drawnInputs(sizeOf(network.architecture.input), 3)
  const expected = await runOracle(bytes, [1, ...parsed.graph.inputShape], inputs)
  inputs.forEach((x, i) => {
    expect(relativeError(evaluate(network, x), expected[i])).toBeLessThan(1e-5)
    expect(relativeError(evaluateGraph(graphOf(network), x).at(-1)!, evaluate(network, x))).toBeLessThan(1e-12)
    // the file has its means and deviations as 32-bit floats
    expect(relativeError(evaluateGraph(parsed.graph, x).at(-1)!, evaluate(network, x))).toBeLessThan(1e-6)
  })
  return parsed
}

test('a convolution that comes last is run alike, and read as a graph: the engine takes none', async () => {
  const network = networkOf({ channels: 1, height: 3, width: 3 }, [{ ...convolution, kernel: 3 }])
  const { network: again, misfit } = await expectSameLogits(network)
  expect([again, misfit]).toEqual([undefined, "Conv '0': the last layer must be linear, not a convolution of an image"])
})

const windowed = { kernel: 3, stride: 1, padding: 1 }
const grouped = (outChannels: number, groups: number): Layer => ({
  ...{ kind: 'convolution', outChannels, groups },
  ...windowed,
})
test.each<[string, readonly Layer[]]>([
  ['two groups, then one per channel', [grouped(6, 2), { kind: 'relu' }, grouped(12, 6)]],
  ['average pools of the image, and behind a ReLU', [pool(2, 1, 1), grouped(4, 4), { kind: 'relu' }, pool(3, 2, 1)]],
  ['a sum with a ReLU’s output', [grouped(4, 1), { kind: 'relu' }, grouped(4, 2), { kind: 'add', other: 1 }]],
  ['sums with the image and itself', [pool(3, 1, 1), { kind: 'add', other: -1 }, { kind: 'add', other: 1 }]],
])('%s: run alike', async (_, layers) => {
  const tail: Layer[] = [{ kind: 'relu' }, { kind: 'flatten' }, { kind: 'linear', outFeatures: 3 }]
  await expectSameLogits(networkOf({ channels: 4, height: 5, width: 4 }, [...layers, ...tail]))
})

test('a pixel of a vector is pooled', async () => {
  const layers: Layer[] = [pool(2, 1, 1), { kind: 'flatten' }, { kind: 'linear', outFeatures: 2 }]
  await expectSameLogits(networkOf(vector, layers))
})

test('NaN is refused, and the old file is left', () => {
  const path = join(folder, 'b.onnx')
  const network = networkOf(vector, [{ kind: 'linear', outFeatures: 1 }])
  saveAnyNetwork(path, network)
  const { size } = statSync(path)
  network.parameters[3] = Number.NaN
  const exported = () => saveAnyNetwork(path, network)
  expect(exported).toThrow(new UserError(`${path} was not written: tensor '0.weight' holds NaN at element 3`))
  expect(() => saveAnyNetwork(path, { ...network, parameters: new Float32Array(2) })).toThrow(UserError)
  expect(statSync(path).size).toBe(size)
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})
