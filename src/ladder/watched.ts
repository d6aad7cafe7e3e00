/** A network that gives some of its inputs back, behind its outputs, for constraints that are about both. */
import { UserError } from '../base/errors.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { type LinearMap, sparseMap } from '../model/linear-map.ts'

/**
 * @param watched inputs by index; without any, the graph is as it was
 * @throws UserError if the network has an ending: its outputs cannot be compared with anything else
 */
export function withWatched(graph: Graph, watched: readonly number[]): Graph {
  if (watched.length === 0) return graph
  if (graph.ending) throw new UserError(`the network ends in a ${graph.ending}: only its outputs can be compared`)
  const sizes = sizesOf(graph)
  const [inputs, outputs] = [sizes[0], sizes.at(-1)!]
  const size = outputs + watched.length
  const all = Array.from({ length: outputs }, (_, j) => j)
  const terms = [
    { value: sizes.length - 1, map: placing(outputs, all, 0, size) },
    { value: 0, map: placing(inputs, watched, outputs, size) },
  ]
  return { ...graph, nodes: [...graph.nodes, { kind: 'affine', terms, bias: new Float64Array(size) }] }
}

/** Of `size` outputs, those from `first` on are these inputs; the others are 0. */
function placing(inputs: number, chosen: readonly number[], first: number, size: number): LinearMap {
  return sparseMap({
    inputs,
    start: Int32Array.from({ length: size + 1 }, (_, row) => Math.min(Math.max(row - first, 0), chosen.length)),
    source: Int32Array.from(chosen),
    weight: new Float64Array(chosen.length).fill(1),
  })
}
