/**
 * Networks and inputs as callers hand them in: of the right length, and finite. A NaN would make margins that are neither
 * right nor wrong, so it is refused with its place, before anything is computed. The functions behind trust what they get.
 */
import { UserError } from '../base/errors.ts'
import { evaluate } from './evaluate.ts'
import { type Graph, evaluateGraph } from './graph.ts'
import { sizeOf } from './layers.ts'
import type { LinearMap } from './linear-map.ts'
import { type Network, parameterLayout, requireAllParameters } from './network.ts'

/** @throws UserError for a parameter that is NaN or infinite, and another number of parameters than the layers have */
export function checkParameters({ architecture, parameters }: Network): void {
  const { name, layers } = architecture
  requireAllParameters({ architecture, parameters })
  const bad = notFinite(parameters)
  if (bad >= 0) {
    const tensor = parameterLayout(architecture).find(({ offset, length }) => offset <= bad && bad < offset + length)!
    throw new UserError(
      `element ${bad - tensor.offset} of '${tensor.name}' of ${name} is ${parameters[bad]}: weights must be finite`,
    )
  }
  for (const layer of layers) {
    if (layer.kind !== 'normalise') continue
    const { mean, deviation } = layer
    if (notFinite(mean) >= 0 || deviation.some((value) => !(value > 0 && value < Infinity))) {
      throw new UserError(
        `${name} normalises by means ${mean} and deviations ${deviation}: these must be finite and > 0`,
      )
    }
  }
}

/** @throws UserError for a weight or a bias that is NaN or infinite */
export function checkGraph({ name, nodes }: Graph): void {
  nodes.forEach((node, v) => {
    if (node.kind !== 'affine') return
    for (const values of [node.bias, ...node.terms.map(({ map }) => weightsOf(map))]) {
      const bad = notFinite(values)
      if (bad >= 0)
        throw new UserError(`node ${v} of ${name} has a weight that is ${values[bad]}: weights must be finite`)
    }
  })
}

const weightsOf = ({ form }: LinearMap): ArrayLike<number> => (form.kind === 'sparse' ? form.weight : form.weights)

/** @throws UserError for a value that is NaN or infinite, and another number of values than the network takes */
export function checkImage(image: ArrayLike<number>, inputs: number): void {
  if (image.length !== inputs) {
    throw new UserError(`the image has ${image.length} values, but the network takes ${inputs}`)
  }
  const bad = notFinite(image)
  if (bad >= 0) throw new UserError(`value ${bad} of the image is ${image[bad]}: values must be finite`)
}

/** @throws UserError unless it is one of the classes 0 to `classes` − 1 */
export function checkLabel(label: number, classes: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return
  throw new UserError(`the label must be a whole number from 0 to ${classes - 1}, not ${label}`)
}

/**
 * Logits of one image, in float64.
 * @param image pixel values, [channel][y][x]
 * @throws UserError for an image of another size, and for numbers that are not finite
 */
export function evaluateNetwork(network: Network, image: ArrayLike<number>): Float64Array {
  checkParameters(network)
  checkImage(image, sizeOf(network.architecture.input))
  return evaluate(network, image)
}

/**
 * Every value of a graph at one input, in float64; the last one is the output.
 * @throws UserError for an input of another size, and for numbers that are not finite
 */
export function evaluateGraphAt(graph: Graph, input: ArrayLike<number>): Float64Array[] {
  checkGraph(graph)
  checkImage(
    input,
    graph.inputShape.reduce((a, b) => a * b, 1),
  )
  return evaluateGraph(graph, input)
}

/** Index of the first value that is no finite number, or −1. */
function notFinite(values: ArrayLike<number>): number {
  for (let i = 0, { length } = values; i < length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}
