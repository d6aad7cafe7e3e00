/**
 * Networks as tensors with PyTorch's names and the architecture as JSON in the metadata, in safetensors files or, by
 * the same rules, in others that hold tensors and texts.
 */
import { z } from 'zod'
import { UserError, badFile } from '../base/errors.ts'
import type { Layer } from '../model/layers.ts'
import {
  type Architecture,
  type Float64Network,
  type Network,
  requireAllParameters,
  isFloat32,
  parameterLayout,
} from '../model/network.ts'
import { type ArchitectureFrom, type Given, list, networkOfTensors, recognise } from './recognise.ts'
import { encodeSafetensors, parseSafetensors } from './safetensors.ts'
import { hasShape } from './state-layers.ts'
import type { Tensor, TensorFile } from './tensors.ts'

/** The metadata key of the architecture. */
export const ARCHITECTURE_KEY = 'robustra.architecture'

const count = z.int().min(1).max(1_000_000)
const numbers = z.array(z.number()).readonly()
const padding = z.int().min(0).max(1_000_000)
const batchNorm = z.literal(true).optional()
const layerSchema: z.ZodType<Layer> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('normalise'), mean: numbers, deviation: z.array(z.number().positive()).readonly() }),
  z.strictObject({
    kind: z.literal('convolution'),
    outChannels: count,
    kernel: count,
    stride: count,
    padding,
    groups: count.optional(),
    batchNorm,
    from: z.int().min(-1).optional(),
  }),
  z.strictObject({ kind: z.literal('linear'), outFeatures: count, batchNorm }),
  z.strictObject({ kind: z.literal('averagePool'), kernel: count, stride: count, padding }),
  z.strictObject({ kind: z.literal('relu') }),
  z.strictObject({ kind: z.literal('flatten') }),
  z.strictObject({ kind: z.literal('add'), other: z.int().min(-1) }),
])
const architectureSchema: z.ZodType<Architecture> = z.strictObject({
  name: z.string(),
  input: z.strictObject({ channels: count, height: count, width: count }),
  layers: z.array(layerSchema).min(1).readonly(),
})

/**
 * The safetensors file of a network.
 * @param metadata further texts to keep with it, e.g. the ε it was trained for
 * @param path the name of the file, for messages
 * @throws UserError if a parameter is NaN or infinite
 * @throws UserError if the parameters do not fill the architecture, or `metadata` has the architecture's key
 */
export function encodeNetworkFile(
  network: Network,
  metadata: Readonly<Record<string, string>>,
  path: string,
): Uint8Array {
  const file = tensorsOf(network, metadata)
  return encodeSafetensors(file.tensors, file.metadata, path)
}

/**
 * What a file holds of a network.
 * @throws UserError if the parameters do not fill the architecture, or `metadata` has the architecture's key
 */
export function tensorsOf(
  { architecture, parameters }: Network,
  metadata: Readonly<Record<string, string>>,
): TensorFile {
  if (ARCHITECTURE_KEY in metadata) throw new UserError(`${ARCHITECTURE_KEY} is not for the caller to set`)
  requireAllParameters({ architecture, parameters })
  const tensors = new Map<string, Tensor>()
  for (const { name, shape, offset, length } of parameterLayout(architecture)) {
    tensors.set(name, { shape, data: parameters.subarray(offset, offset + length) })
  }
  return { tensors, metadata: { [ARCHITECTURE_KEY]: JSON.stringify(architecture), ...metadata } }
}

/**
 * Reads a network that `encodeNetworkFile` made, or a foreign safetensors file (say, of a PyTorch nn.Sequential) whose
 * tensors have the shapes of exactly one known architecture, layer by layer in the order of their names. Such a file
 * does not say how it treats its inputs: it is taken to do as that architecture does, normalisation included.
 * @returns the network, and the file's metadata without the architecture
 * @throws UserError naming the file, if it is damaged or does not hold such a network of 32-bit floats
 */
export function parseNetworkFile(
  bytes: Uint8Array,
  path: string,
): { network: Network; metadata: Record<string, string> } {
  const { network, metadata } = networkOf(path, parseSafetensors(bytes, path))
  if (isFloat32(network)) return { network, metadata }
  throw badFile(`${path}: ${NEEDS_FLOAT64}: only verify, certify and info take them as they are`)
}

/** Why a network is no `Network`. */
export const NEEDS_FLOAT64 = 'its weights are 64-bit floats that 32-bit floats cannot hold'

/**
 * The same of a file's tensors and metadata, with weights of 64 bits where 32 cannot hold them.
 * @param given for a file that does not say it
 */
export function networkOf(
  path: string,
  file: TensorFile,
  given: Given = {},
): {
  network: Network | Float64Network
  architectureFrom: ArchitectureFrom
  metadata: Record<string, string>
} {
  const { tensors, integers } = file
  const { [ARCHITECTURE_KEY]: json, ...metadata } = file.metadata
  if (json === undefined) {
    const architectureFrom = given.architecture === undefined ? 'shapes' : 'given'
    return { network: recognise(path, file, given), architectureFrom, metadata }
  }
  const architecture = parseArchitecture(path, json)
  const layout = parameterLayout(architecture)
  const wrong: string[] = []
  for (const { name, shape } of layout) {
    const found = tensors.get(name)
    if (!found) wrong.push(`'${name}' ${integers?.has(name) ? 'holds integers' : 'is missing'}`)
    else if (!hasShape(found, shape)) wrong.push(`'${name}' is [${found.shape}], not [${shape}]`)
  }
  const known = new Set(layout.map((tensor) => tensor.name))
  for (const name of tensors.keys()) if (!known.has(name)) wrong.push(`'${name}' is not part of it`)
  if (wrong.length > 0) {
    throw badFile(`${path}: the tensors are not those of its architecture '${architecture.name}': ${list(wrong)}`)
  }
  const inOrder = layout.map((tensor) => tensors.get(tensor.name)!)
  return { network: networkOfTensors(architecture, inOrder), architectureFrom: 'file', metadata }
}

function parseArchitecture(path: string, json: string): Architecture {
  const refuse = (why: string) => badFile(`${path}: the metadata '${ARCHITECTURE_KEY}' is wrong: ${why}`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw refuse('it is not JSON')
  }
  const parsed = architectureSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw refuse(`${issue.path.join('.') || 'it'}: ${issue.message}`)
  }
  try {
    parameterLayout(parsed.data)
  } catch (error) {
    throw refuse((error as Error).message)
  }
  return parsed.data
}
