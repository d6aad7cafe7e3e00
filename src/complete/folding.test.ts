/** Constants of ONNX files that cancel when layers are folded into one: no bound may rest on what they lose. */
import { expect, test } from 'vitest'
import { parseNetwork } from '../formats/onnx/import.ts'
import { type TestModel, bytesOf, floats, node } from '../formats/onnx/model.testing.ts'
import { climb } from './ladder.ts'

/** Whether y > bound is proved for x from 0 to 1. */
async function proves(model: TestModel, bound: number): Promise<boolean> {
  const { graph } = parseNetwork(bytesOf(model), 'model.onnx')
  const question = {
    lower: Float64Array.of(0),
    upper: Float64Array.of(1),
    unsafe: [[{ coefficients: Float64Array.of(1), bound }]],
  }
  const steps = { crown: true, alpha: true, complete: 'bab' } as const
  return (await climb(graph, question, steps, { timeout: 5 })).outcome.verdict === 'robust'
}

/** x · 1 + bias, then what follows. */
const layer = (
  bias: number,
  nodes: TestModel['nodes'],
  initialisers: NonNullable<TestModel['initialisers']>,
): TestModel => ({
  input: [1, 1],
  nodes: [node('Gemm', 'x w b', 'a'), ...nodes],
  initialisers: [floats('w', [1, 1], [1]), floats('b', [1], [bias]), ...initialisers],
})

test('a large shift and its opposite', async () => {
  const shifts = (size: number) =>
    layer(
      -0.125,
      [node('Add', 'a p', 'c'), node('Add', 'c m', 'y')],
      [floats('p', [1], [size]), floats('m', [1], [-size])],
    )
  // y = x − 0.125, whose minimum is −0.125
  expect(await proves(shifts(2 ** 60), -0.0625)).toBe(false)
  expect(await proves(shifts(4), -0.0625)).toBe(false)
  expect(await proves(shifts(4), -0.126)).toBe(true)
})

test('batch normalisation whose mean and bias nearly cancel', async () => {
  const mean = 2 ** 27
  const factor = 1 / Math.sqrt(1 + Math.fround(1e-5))
  const bias = Math.fround(mean * factor)
  const model = layer(
    0,
    [node('BatchNormalization', 'a s be me va', 'y', { epsilon: 1e-5 })],
    [floats('s', [1], [-1]), floats('be', [1], [-bias]), floats('me', [1], [mean]), floats('va', [1], [1])],
  )
  // mean / √(1 + ε) − bias in exact arithmetic, where float64 has 0.9164100885391235
  const minimum = 0.9164100757280333 - factor
  expect(await proves(model, minimum + 1e-9)).toBe(false)
  expect(await proves(model, minimum - 1e-4)).toBe(true)
})
