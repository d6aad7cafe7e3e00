/**
 * A ReLU network of layers, sequential except for residual sums: an architecture (plain data) and its parameters (one flat
 * array).
 */
import { UserError } from '../base/errors.ts'
import { type Layer, type Shape, formatShape, requireShape, outputShape, sizeOf } from './layers.ts'

export interface Architecture {
  /** For people: 'mnist-small', or what the user calls it. */
  readonly name: string
  readonly input: Shape
  readonly layers: readonly Layer[]
}

export interface Network {
  readonly architecture: Architecture
  /** All weights and biases, laid out as `parameterLayout` says; may be backed by a SharedArrayBuffer. */
  readonly parameters: Float32Array
}

/** A network with weights that 32-bit floats cannot hold. It can be verified as a graph, and nothing else takes it. */
export interface Float64Network {
  readonly architecture: Architecture
  readonly parameters: Float64Array
}

export const isFloat32 = (network: Network | Float64Network): network is Network =>
  network.parameters instanceof Float32Array

/** One weight or bias tensor inside the flat parameter array. */
export interface ParameterTensor {
  /** PyTorch's name in an nn.Sequential: '0.weight'. */
  readonly name: string
  /** Index of its layer in `architecture.layers`. */
  readonly layer: number
  /** (out, in / groups, kernel, kernel) of a convolution, (out, in) of a linear layer, (out) of a bias. */
  readonly shape: readonly number[]
  /** First element in the flat array. */
  readonly offset: number
  readonly length: number
}

/** The layer that layer i reads, −1 for the image. It is the one before, unless the layer names another. */
export function sourceOf({ layers }: Pick<Architecture, 'layers'>, i: number): number {
  const layer = layers[i]
  return (layer.kind === 'convolution' ? layer.from : undefined) ?? i - 1
}

/**
 * The shape of every value: `shapes[0]` is the input, `shapes[i + 1]` the output of layer i.
 * @throws UserError if a layer cannot take what it reads
 */
export function shapesOf(architecture: Architecture): Shape[] {
  requireShape(architecture.input)
  const shapes = [architecture.input]
  architecture.layers.forEach((layer, i) => {
    const source = sourceOf(architecture, i)
    const read = [source, ...(layer.kind === 'add' ? [layer.other] : [])].map((index) => {
      if (!(Number.isInteger(index) && index >= -1 && index < i)) {
        throw new UserError(`layer ${i} reads layer ${index}, which does not come before it`)
      }
      return shapes[index + 1]
    })
    if (read.some((shape) => formatShape(shape) !== formatShape(read[0]))) {
      throw new UserError(`layer ${i} adds ${read.map(formatShape).join(' and ')}`)
    }
    shapes.push(outputShape(layer, read[0]))
  })
  return shapes
}

/** Where every weight and bias lies in the flat parameter array, in the order of the layers. */
export function parameterLayout(architecture: Architecture): ParameterTensor[] {
  const shapes = shapesOf(architecture)
  const tensors: ParameterTensor[] = []
  let offset = 0
  const add = (name: string, layer: number, shape: number[]) => {
    const length = shape.reduce((a, b) => a * b, 1)
    tensors.push({ name, layer, shape, offset, length })
    offset += length
  }
  architecture.layers.forEach((layer, i) => {
    const input = shapes[sourceOf(architecture, i) + 1]
    if (layer.kind === 'convolution') {
      add(`${i}.weight`, i, [layer.outChannels, input.channels / (layer.groups ?? 1), layer.kernel, layer.kernel])
      add(`${i}.bias`, i, [layer.outChannels])
    } else if (layer.kind === 'linear') {
      add(`${i}.weight`, i, [layer.outFeatures, input.channels])
      add(`${i}.bias`, i, [layer.outFeatures])
    }
  })
  return tensors
}

/** Number of trained parameters (Table 1). */
export function countParameters(architecture: Architecture): number {
  const last = parameterLayout(architecture).at(-1)
  return last ? last.offset + last.length : 0
}

/** @throws UserError if there are more or fewer parameters than the layers have */
export function requireAllParameters({ architecture, parameters }: Network | Float64Network): void {
  const count = countParameters(architecture)
  if (parameters.length !== count) {
    throw new UserError(`${architecture.name} has ${count} parameters, not ${parameters.length}`)
  }
}

/** Number of hidden units, that is ReLU neurons (Table 1). */
export function countHiddenUnits(architecture: Architecture): number {
  const shapes = shapesOf(architecture)
  return architecture.layers.reduce((sum, layer, i) => sum + (layer.kind === 'relu' ? sizeOf(shapes[i]) : 0), 0)
}

/** Number of classes: the length of the output vector. */
export const countClasses = (architecture: Architecture): number => sizeOf(shapesOf(architecture).at(-1)!)
