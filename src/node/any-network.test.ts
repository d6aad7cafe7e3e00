import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { evaluate } from '../model/evaluate.ts'
import { evaluateGraph } from '../model/graph.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { loadAnyNetwork, saveAnyNetwork } from './any-network.ts'
import { writtenExtensions } from '../formats/any-network.ts'
import { bytesOf, drawn, node } from '../formats/onnx/model.testing.ts'
import { temporaryFolder } from './temporary.testing.ts'

const folder = temporaryFolder()

const image = { channels: 2, height: 4, width: 4 }

test.each(writtenExtensions)('%s: what is saved is loaded, as a graph and as a network', (extension) => {
  const path = join(folder, `a${extension}`)
  for (let seed = 0; seed < 5; seed++) {
    const network = randomNetwork(new Random(seed, 'any'), { input: image, normalise: false })
    saveAnyNetwork(path, network, { seed: `${seed}` })
    const loaded = loadAnyNetwork(path)
    expect(loaded.metadata).toEqual({ seed: `${seed}` })
    expect(loaded.network!.parameters).toEqual(network.parameters)
    const point = new Float64Array(32).fill(0.3)
    const output = evaluateGraph(loaded.graph, point).at(-1)!
    evaluate(network, point).forEach((expected, i) => expect(output[i]).toBeCloseTo(expected, 10))
  }
})

test.each(writtenExtensions)('%s: writing refuses what reading would, and leaves the old file', (extension) => {
  const path = join(folder, `refused${extension}`)
  const network = randomNetwork(new Random(1, 'refused'), { input: image, normalise: false })
  saveAnyNetwork(path, network)
  const before = readFileSync(path)
  network.parameters[0] = Infinity
  expect(() => saveAnyNetwork(path, network)).toThrow(
    /refused.* was not written: tensor .* holds Infinity at element 0$/,
  )
  expect(readFileSync(path)).toEqual(before)
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('a file that is missing is named', () => {
  expect(() => loadAnyNetwork('/none.onnx')).toThrow(new UserError('cannot read /none.onnx: there is no such file'))
})

test('extensions may be in capitals; an ONNX network may be a graph alone', () => {
  const path = join(folder, 'graph.ONNX')
  const nodes = [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'r'), node('Add', 'r a', 'y')]
  writeFileSync(path, bytesOf({ input: ['N', 4], nodes, initialisers: [drawn('w', [4, 3])] }))
  const { graph, network, misfit } = loadAnyNetwork(path)
  expect(graph.nodes).toHaveLength(3)
  expect(network).toBeUndefined()
  expect(misfit).toContain("Add 'y-node'")
})

test.each([
  ['net', 'give it the right extension'],
  ['.onnx', 'give it the right extension'],
  ['onnx.', 'give it the right extension'],
  ['net.ckpt', "if PyTorch wrote it, let its name end in '.pt'"],
  ['net.H5', 'export the network from TensorFlow with tf2onnx'],
  ['net.npz.gz', 'uncompress it first'],
  ['p.vnnlib.gz', 'give the network first, then the property'],
])('%s is of no format: %s', (name, hint) => {
  const words = `${name}: a network file ends in .safetensors, .npz, .onnx, .pt, .pth: ${hint}`
  expect(() => loadAnyNetwork(name)).toThrow(new UserError(words))
})
