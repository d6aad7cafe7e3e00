import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { graphOf } from '../networks/graph.ts'
import { dataset, network } from './certify.testing.ts'
import { type LoadedFile, isGraphFile, targetOf } from './target.ts'

let folder: string
let path: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'robustra-target-'))
  path = join(folder, 'network.onnx')
  writeFileSync(path, 'bytes')
})
afterAll(() => rmSync(folder, { recursive: true }))

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
