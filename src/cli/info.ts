/** robustra info */
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { UserError } from '../base/errors.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { architectureNames, architectureOf, architectureText } from '../model/architectures.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { type AffineLayer, type Layer, type Shape, formatShape } from '../model/layers.ts'
import {
  type Architecture,
  countHiddenUnits,
  countParameters,
  parameterLayout,
  shapesOf,
  sourceOf,
} from '../model/network.ts'
import { printLayers } from '../model/print-layers.ts'
import { architectureSvg } from '../report/architecture-svg.ts'
import { printDevices } from './devices.ts'
import { isArchitectureFile, layersHelp, readArchitecture } from './architecture.ts'
import { architectureOption, inputOption, networkFiles } from './network-options.ts'
import { jsonOption, outputOption } from './options.ts'
import { examples } from './help.ts'
import { readNetwork } from './read-network.ts'
import { requireOutput } from './streams.ts'
import { formatTable, printJson } from './text.ts'
import { wholeNumber } from './values.ts'

interface Flags {
  readonly architecture?: string
  readonly input?: Shape
  readonly classes?: number
  readonly svg?: string
  readonly output?: string
  readonly devices?: boolean
  readonly json?: boolean
}

export function infoCommand(command: Command): void {
  command
    .argument('[subject]', `${networkFiles}, or an architecture: a name, its layers, or a .toml or .json file`)
    .addOption(architectureOption())
    .addOption(inputOption())
    .addOption(new Option('--classes <n>', 'of an architecture (default: 10)').argParser(wholeNumber('--classes', 1)))
    .option('--svg <file>', 'draw the layers into this file')
    .addOption(outputOption())
    .option('--devices', 'list the GPUs of this machine, their limits and speed')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nKnown architectures:\n  ${architectureNames.join(', ').replace('small, large', 'small,\n  large')}\n` +
        `\n${layersHelp}\n\n` +
        'An architecture takes 3x32x32 images, unless its name or --input says another shape.\n' +
        examples([
          'robustra info runs/first/f.safetensors',
          'robustra info net.onnx --json',
          'robustra info cnn-7 --svg cnn-7.svg',
          'robustra info --devices',
          "robustra info 'conv 16 4 2 1, relu, linear 100, relu, linear' --input 1x28x28",
        ]),
    )
    .action(runInfo)
}

async function runInfo(subject: string | undefined, flags: Flags): Promise<void> {
  requireOutput()
  if (flags.devices) {
    if (subject !== undefined)
      throw new UserError(`--devices is about this machine, not about '${subject}': leave one of them out`)
    return printDevices(flags.json)
  }
  if (subject === undefined || isArchitecture(subject)) {
    const architecture = givenArchitecture(subject, flags)
    if (flags.svg !== undefined) writeFileAtomic(flags.svg, architectureSvg(architecture))
    printArchitecture(architecture, {}, flags.json)
    return
  }
  if (flags.classes !== undefined) throw new UserError('--classes is for an architecture, not for a network file')
  const { graph, network, rounded, misfit, metadata } = readNetwork(subject, flags)
  if (network && !graph.ending) {
    if (flags.svg !== undefined) writeFileAtomic(flags.svg, architectureSvg(network.architecture))
    printArchitecture(network.architecture, metadata, flags.json)
  } else if (flags.svg === undefined)
    printGraph(graph, network || !rounded ? misfit : `${misfit}; convert rounds them`, metadata, flags.json)
  else throw new UserError(`${subject} is not made of layers that can be drawn: leave out --svg`)
}

/** Whether it is no file of a network: their names have an ending. */
const isArchitecture = (subject: string): boolean =>
  isArchitectureFile(subject) || (!existsSync(subject) && !/^[^\s,]*[./\\][^\s,]*$/.test(subject))

function givenArchitecture(subject: string | undefined, { architecture, input, classes = 10 }: Flags): Architecture {
  const text = subject ?? architecture
  if (text === undefined) throw new UserError('say of what: a network file, or an architecture such as mnist-small')
  if (subject !== undefined && architecture !== undefined) {
    throw new UserError('--architecture is for a network file that does not say it: leave it out')
  }
  const images = { input: input ?? { channels: 3, height: 32, width: 32 }, classes }
  const found = architectureOf(subject === undefined ? text : readArchitecture(text), images)
  if (input && formatShape(found.input) !== formatShape(input)) {
    throw new UserError(`${found.name} takes ${formatShape(found.input)} images: leave out --input`)
  }
  return found
}

/** A network that is not made of our layers, as verification sees it. */
function printGraph(graph: Graph, misfit: string | undefined, metadata: object, json = false): void {
  const sizes = sizesOf(graph)
  const { nodes, ending } = graph
  const name = (value: number) => (value === 0 ? 'input' : `${value}`)
  const rows = nodes.map((node, i) => ({
    value: i + 1,
    kind: node.kind,
    of: (node.kind === 'relu' ? [node.value] : node.terms.map(({ value }) => value)).map(name),
    size: sizes[i + 1],
  }))
  const hiddenUnits = rows.reduce((sum, { kind, size }) => sum + (kind === 'relu' ? size : 0), 0)
  if (json) return printJson({ name: graph.name, input: graph.inputShape, values: rows, ending, hiddenUnits, metadata })
  console.log(`${graph.name}: input ${graph.inputShape.join('×')}\n`)
  const body = rows.map(({ value, kind, of, size }) => [`${value}`, kind, of.join(', '), `${size}`])
  console.log(formatTable([['value', 'kind', 'of', 'size'], ...body], 3))
  if (ending) console.log(`\nthen a ${ending}`)
  console.log(
    `\n${hiddenUnits} hidden units; no network of layers that the engine takes: ${misfit ?? `it ends in a ${ending}`}`,
  )
}

function printArchitecture(architecture: Architecture, metadata: Record<string, string>, json = false): void {
  const rows = layerRows(architecture)
  const counts = { parameters: countParameters(architecture), hiddenUnits: countHiddenUnits(architecture) }
  if (json) {
    const { name, input } = architecture
    printJson({ name, input, layers: rows, ...counts, text: architectureText(architecture), metadata })
    return
  }
  console.log(`${architecture.name}: input ${formatShape(architecture.input)}\n`)
  const reads = (values: readonly number[]) => values.map((value) => (value < 0 ? 'input' : `${value}`)).join(', ')
  const body = rows.map(({ layer, kind, of, output, parameters }) => [
    `${layer}`,
    kind,
    reads(of),
    output,
    `${parameters}`,
  ])
  console.log(formatTable([['layer', 'kind', 'of', 'output', 'parameters'], ...body], 3))
  console.log(`\n${counts.parameters} parameters, ${counts.hiddenUnits} hidden units`)
  for (const [key, value] of Object.entries(metadata)) console.log(`${key}: ${value}`)
  console.log(`\n--architecture '${printLayers(architecture)}'`)
}

function layerRows(architecture: Architecture) {
  const shapes = shapesOf(architecture)
  const tensors = parameterLayout(architecture)
  return architecture.layers.map((layer, i) => ({
    layer: i,
    kind: describeLayer(layer),
    /** The layers that it reads, −1 for the input. */
    of: [...(layer.kind === 'add' ? [layer.other] : []), sourceOf(architecture, i)],
    output: formatShape(shapes[i + 1]),
    parameters: tensors.reduce((sum, tensor) => sum + (tensor.layer === i ? tensor.length : 0), 0),
  }))
}

const windowOf = ({ kernel, stride, padding }: { kernel: number; stride: number; padding: number }) =>
  `${kernel}×${kernel}, stride ${stride}, padding ${padding}`

const batchNorm = (layer: AffineLayer) => (layer.batchNorm ? ', normalised in training' : '')

function describeLayer(layer: Layer): string {
  switch (layer.kind) {
    case 'convolution': {
      const groups = (layer.groups ?? 1) > 1 ? `, ${layer.groups} groups` : ''
      return `convolution ${windowOf(layer)}${groups}${batchNorm(layer)}`
    }
    case 'averagePool':
      return `average pooling ${windowOf(layer)}`
    case 'linear':
      return `linear${batchNorm(layer)}`
    case 'normalise':
      return `normalise by mean ${layer.mean.join(', ')}, deviation ${layer.deviation.join(', ')}`
    default:
      return layer.kind
  }
}
