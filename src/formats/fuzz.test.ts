/** Damaged files of every format of networks are read, or refused in one line: never a crash, never a full memory. */
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { evaluateGraph, sizesOf } from '../model/graph.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { mutateBytes, mutateValues } from './mutate.testing.ts'
import { networkOf, tensorsOf } from './network-file.ts'
import { encodeNpz, parseNpz } from './npz.ts'
import { encodeNetwork } from './onnx/export.ts'
import { parseNetwork } from './onnx/import.ts'
import { bytesOf, modelOf } from './onnx/model.testing.ts'
import { operatorModels } from './onnx/operator-models.testing.ts'
import { windowModels } from './onnx/window-models.testing.ts'
import { encodeModel } from './onnx/schema.ts'
import { encodeSafetensors, parseSafetensors } from './safetensors.ts'
import { readZip, writeZip } from './zip.ts'

/** Bytes that reading any of the tiny files may take, with what is left of those before. */
const MEMORY = 3 * 2 ** 30

/** @returns how many were read */
function readAll(count: number, name: string, attempt: (random: Random) => void): number {
  let read = 0
  for (let i = 0; i < count; i++) {
    try {
      attempt(new Random(i, name))
      read++
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`${name} ${i}: ${String(error)}`, { cause: error })
    }
    if (i % 50 === 0) {
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      expect(heapUsed + arrayBuffers).toBeLessThan(MEMORY)
    }
  }
  return read
}

const networks = Array.from({ length: 4 }, (_, i) =>
  randomNetwork(new Random(i, 'fuzz'), { maxWidth: 12, everyKind: i % 2 === 1 }),
)
const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)]
const singles = networks.map((network, i) => tensorsOf(network, { epsilon: `0.${i}` }))
/** One with 64-bit floats among them. */
const files = singles.map(({ tensors, metadata }, i) => ({
  metadata,
  tensors: new Map(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      { shape, data: i === 3 ? Float64Array.from(data, (value) => value + 1e-12) : data },
    ]),
  ),
}))

test('safetensors', () => {
  const originals = files.map(({ tensors, metadata }) => encodeSafetensors(tensors, metadata, 'a.safetensors'))
  const read = readAll(10_000, 'safetensors', (random) => {
    networkOf('a.safetensors', parseSafetensors(mutateBytes(random, pick(random, originals)), 'a.safetensors'))
  })
  expect(read).toBeGreaterThan(200)
})

test('npz, and the arrays in it', () => {
  const originals = files.map((file) => encodeNpz(file, 'a.npz'))
  const parse = (bytes: Uint8Array) => networkOf('a.npz', parseNpz(bytes, 'a.npz'))
  readAll(5_000, 'npz', (random) => parse(mutateBytes(random, pick(random, originals))))
  // With the checksums right, for these would hide everything else.
  const read = readAll(5_000, 'npy', (random) => {
    const entries = [...readZip(pick(random, originals), 'a.npz')]
    const [name, array] = pick(random, entries)
    parse(writeZip(new Map([...entries, [name, mutateBytes(random, array)]]), 'a.npz'))
  })
  expect(read).toBeGreaterThan(200)
})

const models = Object.values({ ...operatorModels, ...windowModels })

/** Every value of what was read can be computed. */
function run(bytes: Uint8Array): void {
  const { graph } = parseNetwork(bytes, 'a.onnx')
  const sizes = sizesOf(graph)
  if (sizes.some((size) => size > 10_000)) return
  const values = evaluateGraph(graph, new Float64Array(sizes[0]))
  expect(values.map(({ length }) => length)).toEqual(sizes)
  expect(values.every((value) => value.every((number) => !Number.isNaN(number)))).toBe(true)
}

test('ONNX, byte by byte', () => {
  const originals = [...networks.map((network) => encodeNetwork(network, {}, 'a.onnx')), ...models.map(bytesOf)]
  const read = readAll(10_000, 'onnx', (random) => run(mutateBytes(random, pick(random, originals))))
  expect(read).toBeGreaterThan(200)
})

test('ONNX, field by field', () => {
  const originals = models.map(modelOf)
  const read = readAll(10_000, 'model', (random) => run(encodeModel(mutateValues(random, pick(random, originals)))))
  expect(read).toBeGreaterThan(200)
})
