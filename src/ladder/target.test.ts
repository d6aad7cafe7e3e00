import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { Dataset } from '../data/dataset.ts'
import { bytesOf, drawn, node } from '../formats/onnx/model.testing.ts'
import { evaluateGraph, graphOf } from '../model/graph.ts'
import { dataset, network } from './certify.testing.ts'
import { type LoadedFile, isGraphFile, loadFile, loadGraph, targetOf } from './target.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const path = join(folder, 'network.onnx')
beforeAll(() => {
  writeFileSync(path, 'bytes')
})

/** A file that is not of a sequential network, though this one could be. */
const graphFile = (inputShape?: readonly number[]): LoadedFile => {
  const graph = graphOf(network)
  return { path, graph: { ...graph, ...(inputShape && { inputShape }) }, network: undefined }
}
const grey = { mean: [0.5], deviation: [0.25] }

test('a sequential network is taken as it is, or behind a normalisation', () => {
  const layers = network.architecture.layers.slice(1)
  const bare = { architecture: { ...network.architecture, layers }, parameters: network.parameters }
  const file = { path, graph: graphOf(bare), network: bare }
  expect(targetOf(file, dataset)).toEqual(bare)
  const normalised = targetOf(file, dataset, grey)
  expect(normalised).toMatchObject({ architecture: { layers: [{ kind: 'normalise', ...grey }, ...layers] } })
  expect(() => targetOf({ path, graph: graphOf(network), network }, dataset, grey)).toThrow(
    /leave out --mean and --std/,
  )
})

test('another network stays a file, named by what is in it', () => {
  const target = targetOf(graphFile(), dataset)
  expect(isGraphFile(target) && target.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(target).toMatchObject({ path, name: 'random', normalisation: undefined })
  writeFileSync(path, 'other bytes')
  expect(targetOf(graphFile(), dataset)).not.toEqual(target)
  expect(() => targetOf(graphFile(), dataset, grey)).toThrow(/leave out --mean and --std/)
})

test('it must take such images: as an image, or as a vector of as many values', () => {
  for (const shape of [[1, 6, 6], [6, 6], [36], [1, 36, 1]]) {
    expect(() => targetOf(graphFile(shape), dataset)).not.toThrow()
  }
  for (const shape of [[4, 9], [1, 5, 5], [2, 6, 3], []]) {
    expect(() => targetOf(graphFile(shape), dataset)).toThrow(/network\.onnx takes .*: choose another network/)
  }
  expect(() => targetOf(graphFile(), { ...dataset, classes: 5 })).toThrow(
    /has 4 outputs, but random-0 has 1×6×6 images of 5/,
  )
})

test('grey images have one order, so layers that flatten them stay layers', async () => {
  const keras = join(folder, 'keras.onnx')
  const nodes = [node('Flatten', 'x', 'f'), node('Gemm', 'f w b', 'y')]
  const initialisers = [drawn('w', [36, 4]), drawn('b', [4])]
  writeFileSync(keras, bytesOf({ input: ['N', 6, 6, 1], nodes, initialisers }))
  const file = await loadFile(keras)
  const target = targetOf(file, dataset, grey)
  expect(target).toMatchObject({ architecture: { input: dataset.shape } })
  expect(isGraphFile(target)).toBe(false)
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
    const target = targetOf(await loadFile(last), colour, normalisation)
    if (!isGraphFile(target)) throw new Error('it should stay a file')
    const outputs = evaluateGraph(await loadGraph(target, colour), pixels).at(-1)!
    const { graph } = await loadFile(first)
    const entering = normalisation
      ? pixels.map((p, j) => (p - mean[Math.floor(j / 20)]) / deviation[Math.floor(j / 20)])
      : pixels
    evaluateGraph(graph, entering)
      .at(-1)!
      .forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 10))
  }
})
