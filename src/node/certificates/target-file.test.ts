import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Dataset } from '../../data/dataset.ts'
import { bytesOf, drawn, node } from '../../formats/onnx/model.testing.ts'
import { evaluateGraph, graphOf } from '../../model/graph.ts'
import { dataset, network } from './certificates.testing.ts'
import { isGraph } from '../../ladder/plan.ts'
import { type NetworkFile, readNetworkFile, targetOfFile } from './target-file.ts'
import { temporaryFolder } from '../temporary.testing.ts'

const folder = temporaryFolder()
const path = join(folder, 'network.onnx')
/** A file that is not of a sequential network, though this one could be. */
const graphFile = (inputShape?: readonly number[], sha256 = 'digits'): NetworkFile => {
  const graph = graphOf(network)
  return { path, sha256, metadata: {}, graph: { ...graph, ...(inputShape && { inputShape }) }, network: undefined }
}
const grey = { mean: [0.5], deviation: [0.25] }

test('a sequential network is taken as it is, or behind a normalisation', () => {
  const layers = network.architecture.layers.slice(1)
  const bare = { architecture: { ...network.architecture, layers }, parameters: network.parameters }
  const file = { path, sha256: '', metadata: {}, graph: graphOf(bare), network: bare }
  expect(targetOfFile(file, dataset).network).toEqual(bare)
  const normalised = targetOfFile(file, dataset, grey)
  expect(normalised.network).toMatchObject({ architecture: { layers: [{ kind: 'normalise', ...grey }, ...layers] } })
  expect(normalised.identity).not.toEqual(targetOfFile(file, dataset).identity)
  expect(() => targetOfFile({ ...file, graph: graphOf(network), network }, dataset, grey)).toThrow(
    /leave out the mean and the deviation/,
  )
})

test('another network is a graph, named by what is in its file', () => {
  const { network: graph, identity } = targetOfFile(graphFile(), dataset)
  expect(isGraph(graph)).toBe(true)
  expect(identity).toEqual({ name: 'random', sha256: 'digits' })
  expect(targetOfFile({ ...graphFile(), output: 'logits' }, dataset).identity.sha256).toMatch(/^[0-9a-f]{64}$/)
  const architecture = 'linear 4, relu, linear'
  expect(targetOfFile({ ...graphFile(), architecture }, dataset).identity.sha256).not.toBe('digits')
  expect(() => targetOfFile(graphFile(), dataset, grey)).toThrow(/leave out the mean and the deviation/)
})

test('a file is known by its bytes', async () => {
  const layers = [drawn('w', [36, 4]), drawn('b', [4])]
  writeFileSync(path, bytesOf({ input: ['N', 36], nodes: [node('Gemm', 'x w b', 'y')], initialisers: layers }))
  const { sha256 } = await readNetworkFile(path)
  expect(sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'))
})

test('it must take such images: as an image, or as a vector of as many values', () => {
  for (const shape of [[1, 6, 6], [6, 6], [36], [1, 36, 1]]) {
    expect(() => targetOfFile(graphFile(shape), dataset)).not.toThrow()
  }
  for (const shape of [[4, 9], [1, 5, 5], [2, 6, 3], []]) {
    expect(() => targetOfFile(graphFile(shape), dataset)).toThrow(/network\.onnx takes .*: choose another network/)
  }
  expect(() => targetOfFile(graphFile(), { ...dataset, classes: 5 })).toThrow(
    /has 4 outputs, but random-0 has 1×6×6 images of 5/,
  )
})

test('grey images have one order, so layers that flatten them stay layers', async () => {
  const keras = join(folder, 'keras.onnx')
  const nodes = [node('Flatten', 'x', 'f'), node('Gemm', 'f w b', 'y')]
  const initialisers = [drawn('w', [36, 4]), drawn('b', [4])]
  writeFileSync(keras, bytesOf({ input: ['N', 6, 6, 1], nodes, initialisers }))
  const file = await readNetworkFile(keras)
  const target = targetOfFile(file, dataset, grey)
  expect(target.network).toMatchObject({ architecture: { input: dataset.shape } })
  expect(isGraph(target.network)).toBe(false)
})

test('Keras and tf2onnx put the channels last: such a network sees the same image as one that does not', async () => {
  const shape = { channels: 3, height: 4, width: 5 }
  const images = new Uint8Array(new SharedArrayBuffer(60))
  const colour: Dataset = {
    name: 'colour',
    shape,
    classes: 4,
    count: 1,
    images,
    labels: new Uint8Array(new SharedArrayBuffer(1)),
  }
  const initialisers = [drawn('k', [2, 3, 2, 2]), drawn('w', [24, 4])]
  const layers = (x: string) => [
    node('Conv', `${x} k`, 'c'),
    node('Relu', 'c', 'r'),
    node('Flatten', 'r', 'f'),
    node('MatMul', 'f w', 'y'),
  ]
  const first = join(folder, 'first.onnx')
  const last = join(folder, 'last.onnx.gz')
  writeFileSync(first, bytesOf({ input: ['N', 3, 4, 5], nodes: layers('x'), initialisers }))
  const transpose = node('Transpose', 'x', 't', { perm: [0, 3, 1, 2] })
  writeFileSync(last, gzipSync(bytesOf({ input: ['N', 4, 5, 3], nodes: [transpose, ...layers('t')], initialisers })))
  const pixels = Float64Array.from({ length: 60 }, (_, j) => ((j * 37) % 61) / 61)
  const mean = [0.5, 0.25, 0.1]
  const deviation = [0.5, 2, 0.125]
  for (const normalisation of [undefined, { mean, deviation }]) {
    const target = targetOfFile(await readNetworkFile(last), colour, normalisation)
    if (!isGraph(target.network)) throw new Error('it should be a graph')
    const outputs = evaluateGraph(target.network, pixels).at(-1)!
    const { graph } = await readNetworkFile(first)
    const entering = normalisation
      ? pixels.map((p, j) => (p - mean[Math.floor(j / 20)]) / deviation[Math.floor(j / 20)])
      : pixels
    evaluateGraph(graph, entering)
      .at(-1)!
      .forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 10))
  }
})
