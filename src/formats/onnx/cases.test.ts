/** Small networks as people have them, of operators that an importer easily leaves out, against ONNX Runtime. */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { evaluateGraph } from '../../networks/graph.ts'
import { parseNetwork } from './import.ts'
import { drawnInputs, relativeError, runOracle } from './model.testing.ts'

const folder = fileURLToPath(new URL('cases/', import.meta.url))

/** float16 rounds to 11 bits. */
const tolerance = (file: string) => (file === 'f16.onnx' ? 1e-2 : 1e-5)

test.each(readdirSync(folder))('%s', async (file) => {
  const bytes = readFileSync(folder + file)
  const { graph } = parseNetwork(bytes, file)
  const inputs = drawnInputs(
    graph.inputShape.reduce((a, b) => a * b, 1),
    20,
  )
  const expected = await runOracle(bytes, [1, ...graph.inputShape], inputs)
  inputs.forEach((input, i) => {
    expect(relativeError(evaluateGraph(graph, input).at(-1)!, expected[i])).toBeLessThan(tolerance(file))
  })
})
