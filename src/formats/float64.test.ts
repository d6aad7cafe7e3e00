/** Weights of 64 bits: rounding them would change answers, so they are verified as they are, or refused. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyQuestion } from '../ladder/verify-question.ts'
import { UserError } from '../base/errors.ts'
import { loadDataset } from '../node/data/load-dataset.ts'
import { evaluateGraph } from '../model/graph.ts'
import type { Architecture } from '../model/network.ts'
import { verifyProperty } from '../ladder/verify-property.ts'
import { isGraph } from '../ladder/plan.ts'
import { readNetworkFile, targetOfFile } from '../node/certificates/target-file.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { loadNetwork } from '../node/network-file.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { ARCHITECTURE_KEY } from './network-file.ts'
import { encodeNpz } from './npz.ts'
import { writeSafetensors } from '../node/safetensors-file.ts'
import type { Tensor } from './tensors.ts'
import { parseVnnlib } from './vnnlib/property.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()

const ramp: Architecture = {
  name: 'ramp',
  input: { channels: 1, height: 1, width: 1 },
  layers: [{ kind: 'linear', outFeatures: 1 }, { kind: 'relu' }, { kind: 'linear', outFeatures: 1 }],
}

/** max(weight·x, 0), in a file with 64-bit floats. */
function write(path: string, weight: number): string {
  const column = (value: number): Tensor => ({ shape: [1, 1], data: Float64Array.of(value) })
  const zero = { shape: [1], data: Float64Array.of(0) }
  const tensors = new Map([
    ...[['0.weight', column(weight)] as const, ['0.bias', zero] as const],
    ...[['2.weight', column(1)] as const, ['2.bias', zero] as const],
  ])
  const metadata = { [ARCHITECTURE_KEY]: JSON.stringify(ramp) }
  if (path.endsWith('.npz')) writeFileAtomic(path, encodeNpz({ tensors, metadata }, path))
  else writeSafetensors(path, tensors, metadata)
  return path
}

describe.each(['.safetensors', '.npz'])('%s', (extension) => {
  const at = (name: string) => join(folder, name + extension)

  // as a 32-bit float, either weight is 1
  test.each([
    ['sat', 1 + 2 ** -26, '(>= Y_0 1.000000007)'],
    ['unsat', 1 - 2 ** -26, '(>= Y_0 0.999999993)'],
  ] as const)('%s, which rounding would make the opposite', async (verdict, weight, unsafe) => {
    const { graph, network, misfit } = loadAnyNetwork(write(at(verdict), weight))
    expect(evaluateGraph(graph, [1]).at(-1)).toEqual(Float64Array.of(weight))
    expect([network, misfit]).toEqual([undefined, 'its weights are 64-bit floats that 32-bit floats cannot hold'])
    const text = `(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= 0 X_0 1))(assert ${unsafe})`
    const options = { timeout: 60, seed: 0 }
    const answer = await verifyProperty(graph, parseVnnlib(text, 'p'), verifyQuestion, options)
    expect(answer.verdict).toBe(verdict)
  })

  test('weights that 32-bit floats hold make an ordinary network', () => {
    expect(loadAnyNetwork(write(at('plain'), 0.75)).network!.parameters).toEqual(Float32Array.of(0.75, 0, 1, 0))
  })
})

test('where only 32-bit floats make sense, a line says so', () => {
  const path = write(join(folder, 'refused.safetensors'), 0.1)
  const words = `${path}: its weights are 64-bit floats that 32-bit floats cannot hold: only verify, certify and info`
  expect(() => loadNetwork(path)).toThrow(UserError)
  expect(() => loadNetwork(path)).toThrow(words)
})

test('classifiers are certified as graphs', async () => {
  const dataset = await loadDataset('synthetic', 'test')
  const path = join(folder, 'classifier.npz')
  const tensors = new Map<string, Tensor>([
    ['0.weight', { shape: [10, 784], data: new Float64Array(7840).fill(0.1) }],
    ['0.bias', { shape: [10], data: new Float32Array(10) }],
  ])
  writeFileAtomic(path, encodeNpz({ tensors, metadata: {} }, path))
  expect(isGraph(targetOfFile(await readNetworkFile(path), dataset).network)).toBe(true)
})

test('a weight and a bias alone are a linear layer; integers beside them do not count, and are no weights', () => {
  const path = join(folder, 'linear.npz')
  const tensors = new Map<string, Tensor>([
    ['0.weight', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ['0.bias', { shape: [2], data: Float32Array.of(5, 6) }],
  ])
  writeFileAtomic(path, encodeNpz({ tensors, metadata: {} }, path))
  const { graph } = loadAnyNetwork(path)
  expect(evaluateGraph(graph, [1, -1]).at(-1)).toEqual(Float64Array.of(4, 5))
  const integers = {
    '0.weight': { dtype: 'I8', shape: [1, 1], data_offsets: [0, 1] },
    '0.bias': { dtype: 'F16', shape: [1], data_offsets: [1, 3] },
    '2.weight': { dtype: 'F16', shape: [1, 1], data_offsets: [3, 5] },
    '2.bias': { dtype: 'F16', shape: [1], data_offsets: [5, 7] },
    __metadata__: { [ARCHITECTURE_KEY]: JSON.stringify(ramp) },
  }
  const header = Buffer.from(JSON.stringify(integers))
  const size = Buffer.alloc(8)
  size.writeUInt32LE(header.length)
  const wrong = join(folder, 'integers.safetensors')
  writeFileSync(wrong, Buffer.concat([size, header, new Uint8Array(7)]))
  expect(() => loadAnyNetwork(wrong)).toThrow("'0.weight' holds integers")
  const { __metadata__: _, ...foreign } = integers
  const bare = Buffer.from(JSON.stringify(foreign))
  size.writeUInt32LE(bare.length)
  writeFileSync(wrong, Buffer.concat([size, bare, new Uint8Array(7)]))
  expect(() => loadAnyNetwork(wrong)).toThrow("'0' has a weight of integers: only floats are read")
})
