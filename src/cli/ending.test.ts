/** Networks that end in a softmax, and those with several outputs, on the command line. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { bytesOf, floats, node } from '../formats/onnx/model.testing.ts'
import { call } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

vi.setConfig({ testTimeout: 90_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const box = '(assert (<= -1 X_0 1))(assert (<= -1 X_1 1))'
const declared = (inputs: number, outputs: number) =>
  [...Array(inputs).keys()].map((i) => `(declare-const X_${i} Real)`).join('') +
  [...Array(outputs).keys()].map((i) => `(declare-const Y_${i} Real)`).join('')

beforeAll(() => {
  // a = (|x|, |x| + 1), |x| of the first input; p = softmax(a)
  const model = {
    input: ['N', 2],
    nodes: [node('MatMul', 'x w', 'h'), node('Abs', 'h', 'r'), node('Add', 'r b', 'a'), node('Softmax', 'a', 'p')],
    initialisers: [floats('w', [2, 2], [1, 1, 0, 0]), floats('b', [2], [0, 1])],
  }
  writeFileSync(at('softmax.onnx'), bytesOf(model))
  writeFileSync(at('both.onnx'), bytesOf({ ...model, outputs: ['p', 'a'] }))
  writeFileSync(at('order.vnnlib'), `${declared(2, 2)}${box}(assert (<= Y_1 Y_0))`)
  writeFileSync(at('broken-order.vnnlib'), `${declared(2, 2)}${box}(assert (<= Y_0 Y_1))`)
  writeFileSync(at('height.vnnlib'), `${declared(2, 2)}${box}(assert (>= Y_0 1.01))`)
  writeFileSync(at('input.vnnlib'), `${declared(2, 2)}${box}(assert (<= Y_0 X_0))`)
})

const verify = (network: string, property: string, ...more: string[]) =>
  call('verify', at(network), at(property), '--timeout', '60', '--workers', '1', ...more)

test('the order of its outputs is verified, and a counterexample has the outputs of the softmax', async () => {
  expect(await verify('softmax.onnx', 'order.vnnlib')).toEqual({ code: 0, stdout: 'unsat\n', stderr: '' })
  const { stdout } = await verify('softmax.onnx', 'broken-order.vnnlib', '--json')
  const { verdict, counterexample } = JSON.parse(stdout)
  expect(verdict).toBe('sat')
  expect(counterexample.outputs[0]).toBeCloseTo(1 / (1 + Math.E), 9)
  expect(counterexample.outputs[1]).toBeCloseTo(Math.E / (1 + Math.E), 9)
})

test.each(['height.vnnlib', 'input.vnnlib'])('other properties are refused: %s', async (property) => {
  const { code, stdout, stderr } = await verify('softmax.onnx', property)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^robustra: [^\n]*the network ends in a softmax: only [^\n]*\n$/)
})

test('--output chooses one of several outputs', async () => {
  expect((await verify('both.onnx', 'height.vnnlib', '--output', 'a')).stdout).toBe('unsat\n')
  expect((await verify('both.onnx', 'order.vnnlib', '--output', 'p')).stdout).toBe('unsat\n')
  expect((await verify('both.onnx', 'order.vnnlib', '--output', 'probabilities')).stderr).toMatch(
    /unknown output 'probabilities': choose one of: p, a/,
  )
  expect((await verify('both.onnx', 'order.vnnlib')).stderr).toMatch(/not supported: Softmax \('p-node'\)/)
  const { stdout } = await call('info', at('both.onnx'), '--output', 'p')
  expect(stdout).toContain('then a softmax')
})

test('convert refuses what would lose the softmax', async () => {
  const plain = { input: ['N', 2], nodes: [node('MatMul', 'x w', 'a'), node('Softmax', 'a', 'p')] }
  writeFileSync(at('layers.onnx'), bytesOf({ ...plain, initialisers: [floats('w', [2, 2], [1, 2, 3, 4])] }))
  const { code, stderr } = await call('convert', at('layers.onnx'), at('layers.npz'))
  expect(code).toBe(2)
  expect(stderr).toMatch(/layers\.onnx cannot be converted: it ends in a softmax/)
})
