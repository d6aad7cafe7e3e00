/**
 * Networks from ONNX files: https://onnx.ai/onnx/operators. Numbers are taken as real ones: weights exactly as they
 * are stored, and what is folded into them (BatchNormalization, scales and shifts) in float64.
 */
import { UserError, badFile, unknownName } from '../../base/errors.ts'
import type { Graph } from '../../model/graph.ts'
import type { Network } from '../../model/network.ts'
import { gunzipIfNeeded } from '../gzip.ts'
import { layeredOf } from './layered.ts'
import { parseOnnx } from './model.ts'
import { runModel } from './run.ts'
import { elementsOf } from './shape.ts'
import { nodeOf } from './steps.ts'

export interface ImportedNetwork {
  readonly graph: Graph
  /** The same network where it is made of our layers, in a way that the engine takes. */
  readonly network: Network | undefined
  /** That network, or, where its weights are no 32-bit floats, with weights rounded to them. */
  readonly rounded: Network | undefined
  /** Why it is not one: the first layer that does not fit. */
  readonly misfit: string | undefined
  /** The output's dimensions as the file has them, including a batch of 1; for several outputs, how many elements each has. */
  readonly outputShape: readonly number[]
  readonly metadata: Record<string, string>
}

/** What to read of a file. */
export interface ImportOptions {
  /** Name of the output; without it, all outputs are read, one after another. */
  readonly output?: string | undefined
}

/**
 * Reads a network, compressed by gzip or not. A batch dimension (the first of several, if it is 1 or open) is taken as 1 and left out. Several
 * inputs are one after another, as are several outputs, in the file's order.
 * @param file its name, for messages
 * @throws UserError naming the file, and the node where there is one, if it is damaged, uses operators
 *   or forms of them that are not supported, has shapes that do not fit, or holds NaN or infinity
 */
export function parseNetwork(bytes: Uint8Array, file: string, { output }: ImportOptions = {}): ImportedNetwork {
  const model = parseOnnx(gunzipIfNeeded(bytes, file), file)
  const { inputs, outputs, metadata, name } = model
  if (output !== undefined && !outputs.includes(output))
    throw new UserError(`${file}: ${unknownName('output', output, outputs).message}`)
  try {
    const { steps, outputShape, ending } = runModel(model, output === undefined ? outputs : [output])
    const [{ shape, batched }] = inputs
    const alone = batched ? shape.slice(1) : shape
    const inputShape = inputs.length === 1 ? alone : [inputs.reduce((sum, { shape }) => sum + elementsOf(shape), 0)]
    const sizes = [elementsOf(inputShape), ...steps.map(({ size }) => size)]
    const nodes = steps.map((step) => nodeOf(step, sizes))
    const graph = { name, inputShape, nodes, ...(ending && { ending }) }
    return { graph, outputShape, metadata, ...layeredOf(name, inputShape, steps) }
  } catch (error) {
    if (error instanceof UserError) throw badFile(`${file}: ${error.message}`)
    throw error
  }
}
