/** Models that are refused, and how. */
import { expect } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, node } from './model.testing.ts'

/** A small model, which tests change. */
export const simple: TestModel = {
  input: ['N', 4],
  nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'y')],
  initialisers: [drawn('w', [4, 3])],
}
export const simpleWith = (change: Partial<TestModel>): Uint8Array => bytesOf({ ...simple, ...change })

/** In one line that names the file and has these words. */
export function expectRefused(bytes: Uint8Array, words: string): void {
  const parse = () => parseNetwork(bytes, 'some.onnx')
  expect(parse).toThrow(UserError)
  expect(parse).toThrow(words)
  expect(parse).toThrow(/^some\.onnx: .*[^\n]$/)
}
