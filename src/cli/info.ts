/** robustra info */
import type { Command } from 'commander'
import { UserError } from '../errors.ts'
import { loadNetwork } from '../formats/network-file.ts'
import { architectureNamed, architectureNames } from '../networks/architectures.ts'
import { type Layer, formatShape } from '../networks/layers.ts'
import { type Architecture, countHiddenUnits, countParameters, parameterLayout, shapesOf } from '../networks/network.ts'
import { jsonOption } from './options.ts'
import { examples } from './program.ts'
import { formatTable, printJson } from './text.ts'

export function infoCommand(command: Command): void {
  command
    .argument('[network]', 'a .safetensors file')
    .option('--architecture <name>', `instead of a file: ${architectureNames.join(', ')}`)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(['robustra info runs/first/f.safetensors', 'robustra info --architecture mnist-small']),
    )
    .action(runInfo)
}

function runInfo(path: string | undefined, flags: { architecture?: string; json?: boolean }): void {
  if ((path === undefined) === (flags.architecture === undefined)) {
    throw new UserError('give either a network file or --architecture')
  }
  const { network, metadata } =
    path === undefined
      ? { network: { architecture: architectureNamed(flags.architecture!) }, metadata: {} }
      : loadNetwork(path)
  const { architecture } = network
  const rows = layerRows(architecture)
  const counts = { parameters: countParameters(architecture), hiddenUnits: countHiddenUnits(architecture) }
  if (flags.json) {
    printJson({ name: architecture.name, input: architecture.input, layers: rows, ...counts, metadata })
    return
  }
  console.log(`${architecture.name}: input ${formatShape(architecture.input)}\n`)
  const body = rows.map(({ layer, kind, output, parameters }) => [`${layer}`, kind, output, `${parameters}`])
  console.log(formatTable([['layer', 'kind', 'output', 'parameters'], ...body], 2))
  console.log(`\n${counts.parameters} parameters, ${counts.hiddenUnits} hidden units`)
  for (const [key, value] of Object.entries(metadata)) console.log(`${key}: ${value}`)
}

function layerRows(architecture: Architecture) {
  const shapes = shapesOf(architecture)
  const tensors = parameterLayout(architecture)
  return architecture.layers.map((layer, i) => ({
    layer: i,
    kind: describeLayer(layer),
    output: formatShape(shapes[i + 1]!),
    parameters: tensors.reduce((sum, tensor) => sum + (tensor.layer === i ? tensor.length : 0), 0),
  }))
}

function describeLayer(layer: Layer): string {
  switch (layer.kind) {
    case 'convolution':
      return `convolution ${layer.kernel}×${layer.kernel}, stride ${layer.stride}, padding ${layer.padding}`
    case 'normalise':
      return `normalise by mean ${layer.mean.join(', ')}, deviation ${layer.deviation.join(', ')}`
    default:
      return layer.kind
  }
}
