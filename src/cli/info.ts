/** robustra info */
import type { Command } from 'commander'
import { UserError } from '../base/errors.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { architectureNamed, architectureNames } from '../model/architectures.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { type AffineLayer, type Layer, formatShape } from '../model/layers.ts'
import {
  type Architecture,
  countHiddenUnits,
  countParameters,
  parameterLayout,
  shapesOf,
  sourceOf,
} from '../model/network.ts'
import { jsonOption, outputOption } from './options.ts'
import { examples } from './help.ts'
import { requireOutput } from './streams.ts'
import { formatTable, printJson } from './text.ts'

export function infoCommand(command: Command): void {
  command
    .argument('[network]', 'an .onnx, .safetensors or .npz file')
    .option('--architecture <name>', `a known architecture, instead of a file: ${architectureNames.join(', ')}`)
    .addOption(outputOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples([
        'robustra info runs/first/f.safetensors',
        'robustra info net.onnx --json',
        'robustra info --architecture mnist-small',
      ]),
    )
    .action(runInfo)
}

function runInfo(path: string | undefined, flags: { architecture?: string; output?: string; json?: boolean }): void {
  if ((path === undefined) === (flags.architecture === undefined)) {
    throw new UserError('give a network file or --architecture, one of the two')
  }
  requireOutput()
  if (path === undefined) return printArchitecture(architectureNamed(flags.architecture!), {}, flags.json)
  const { graph, network, misfit, metadata } = loadAnyNetwork(path, { output: flags.output })
  if (network && !graph.ending) printArchitecture(network.architecture, metadata, flags.json)
  else printGraph(graph, misfit, metadata, flags.json)
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
    printJson({ name: architecture.name, input: architecture.input, layers: rows, ...counts, metadata })
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
