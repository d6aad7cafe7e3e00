/** Graphs as plain data, which can be sent to other threads: linear maps without their functions. */
import type { Graph, GraphNode } from './graph.ts'
import { convolutionMap } from './convolution-map.ts'
import { isPoint } from './convolution-shape.ts'
import { type LinearMap, type MapForm, denseMap, sparseMap } from './linear-map.ts'

type PackedNode =
  | {
      readonly kind: 'affine'
      readonly terms: readonly { readonly value: number; readonly form: MapForm }[]
      readonly bias: Float64Array
    }
  | Extract<GraphNode, { kind: 'relu' }>

export interface PackedGraph extends Omit<Graph, 'nodes'> {
  readonly packed: readonly PackedNode[]
}

export function packGraph({ nodes, ...rest }: Graph): PackedGraph {
  const packed = nodes.map((node): PackedNode => {
    if (node.kind === 'relu') return node
    return { ...node, terms: node.terms.map(({ value, map }) => ({ value, form: map.form })) }
  })
  return { ...rest, packed }
}

/** The same graph: its maps have the same numbers, and add them in the same order. */
export function unpackGraph({ packed, ...rest }: PackedGraph): Graph {
  const nodes = packed.map((node): GraphNode => {
    if (node.kind === 'relu') return node
    return { ...node, terms: node.terms.map(({ value, form }) => ({ value, map: mapOf(form) })) }
  })
  return { ...rest, nodes }
}

function mapOf(form: MapForm): LinearMap {
  if (form.kind === 'sparse') return sparseMap(form)
  const { shape, weights } = form
  return isPoint(shape) ? denseMap(weights, shape.outChannels, shape.input[0]) : convolutionMap(weights, shape)
}
