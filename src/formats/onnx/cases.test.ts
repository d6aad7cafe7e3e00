/**
 * Small networks as people have them, of operators that an importer easily leaves out: against ONNX Runtime, and
 * verified against a dense sample.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { verifyQuestion } from '../../ladder/verify-question.ts'
import { endOutputs } from '../../model/ending.ts'
import { type Graph, evaluateGraph, sizesOf } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { drawnInputs, node, relativeError, runOracle } from './model.testing.ts'
import { FLOAT, FLOAT16, type ValueProto, decodeModel, encodeModel } from './schema.ts'

const folder = fileURLToPath(new URL('cases/', import.meta.url))
const files = readdirSync(folder)
const read = (file: string) => parseNetwork(readFileSync(folder + file), file).graph

/** ONNX Runtime takes no float16 from Node: for it the model reads and makes float32. */
function forOracle(file: string): Uint8Array {
  const bytes = readFileSync(folder + file)
  if (file !== 'f16.onnx') return bytes
  const model = decodeModel(bytes)
  const { input, output, node: nodes } = model.graph!
  const value = (name: string, like: ValueProto) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: like.type!.tensorType!.shape! } },
  })
  const casts = [node('Cast', 'before', 'x', { to: FLOAT16 }), node('Cast', 'y', 'after', { to: FLOAT })]
  return encodeModel({
    irVersion: 8,
    opsetImport: model.opsetImport,
    graph: {
      initializer: model.graph!.initializer,
      node: [casts[0], ...nodes, casts[1]],
      input: [value('before', input[0])],
      output: [value('after', output[0])],
    },
  })
}

/** float16 rounds to 11 bits. */
const tolerance = (file: string) => (file === 'f16.onnx' ? 1e-2 : 1e-5)

test.each(files)('%s as ONNX Runtime runs it', async (file) => {
  const graph = read(file)
  const inputs = drawnInputs(sizesOf(graph)[0], 20)
  const expected = await runOracle(forOracle(file), [1, ...graph.inputShape], inputs)
  inputs.forEach((input, i) => {
    const outputs = endOutputs(graph.ending, evaluateGraph(graph, input).at(-1)!)
    expect(relativeError(outputs, expected[i])).toBeLessThan(tolerance(file))
  })
})

const isSmall = (file: string) => {
  const sizes = sizesOf(read(file))
  return sizes[0] <= 5 && sizes.at(-1) === 2
}

/** The least Y_0 − Y_1 of many inputs of [−1, 1]ⁿ. */
function leastOfSample(graph: Graph, inputs: number): number {
  let least = Infinity
  for (const drawn of drawnInputs(inputs, 4000)) {
    const [first, second] = evaluateGraph(graph, drawn.map(Math.tanh)).at(-1)!
    least = Math.min(least, first - second)
  }
  return least
}

test.each(files.filter(isSmall))('%s is verified as sampled', async (file) => {
  const graph = read(file)
  const inputs = sizesOf(graph)[0]
  const least = leastOfSample(graph, inputs)
  const box = { lower: new Float64Array(inputs).fill(-1), upper: new Float64Array(inputs).fill(1) }
  const ask = (bound: number) => {
    const coefficients = Float64Array.of(1, -1)
    return verifyQuestion(graph, { ...box, unsafe: [[{ coefficients, bound }]] }, { timeout: 30, seed: 1 })
  }
  const found = await ask(0)
  expect(found.verdict).not.toBe('undecided')
  if (least <= 0) expect(found.verdict).toBe('vulnerable')
  if (graph.ending) return
  // the least margin lies a little below that of the sample, and nowhere else
  expect((await ask(least)).verdict).toBe('vulnerable')
  const scale = Math.max(1, Math.abs(least))
  expect((await ask(least - 0.5 * scale)).verdict).toBe('robust')
})
