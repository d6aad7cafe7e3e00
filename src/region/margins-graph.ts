/**
 * A network with its question built in: one output per unsafe case, its margin, which is > 0 exactly where the case
 * does not hold. The margin of a case is the largest of its constraints' excesses Σ c·y − bound, and a maximum is a
 * ReLU more: max(a, b) = a + max(b − a, 0); that of many is a tree of such maxima. So every method needs to know of
 * nothing but networks.
 */
import { type Graph, type GraphNode, sizesOf } from '../model/graph.ts'
import { requireOrder } from '../model/ending.ts'
import { type LinearMap, denseMap, selectionMap, sparseMap } from '../model/linear-map.ts'
import { type LinearConstraint, type Question, checkQuestion } from './question.ts'

/** Entries of a full matrix up to which constraints are one. */
const DENSE = 2 ** 20

/** The network with one output per constraint: its excess. */
export function withExcesses(graph: Graph, constraints: readonly LinearConstraint[]): Graph {
  const outputs = sizesOf(graph).at(-1)!
  const excesses: GraphNode = {
    kind: 'affine',
    terms: [{ value: graph.nodes.length, map: excessMap(constraints, outputs) }],
    bias: Float64Array.from(constraints, ({ bound }) => -bound),
  }
  return { ...graph, nodes: [...graph.nodes, excesses] }
}

/** @throws UserError for a question that makes no sense, or is one about another network */
export function withMargins(graph: Graph, question: Question): Graph {
  const { unsafe } = question
  const sizes = sizesOf(graph)
  checkQuestion(question, sizes[0], sizes.at(-1)!)
  requireOrder(graph, unsafe.flat())
  const asked = withExcesses(graph, unsafe.flat())
  const nodes: GraphNode[] = [...asked.nodes]
  const affine = (...terms: { value: number; map: LinearMap }[]) =>
    nodes.push({ kind: 'affine', terms, bias: new Float64Array(terms[0].map.outputs) })
  let value = nodes.length
  /** How many elements of the value belong to each case. */
  let lengths = unsafe.map((constraints) => constraints.length)
  while (lengths.some((length) => length > 1)) {
    const { firsts, pairs } = pairsOf(lengths)
    const size = lengths.reduce((a, b) => a + b, 0)
    const difference = affine({
      value,
      map: differenceMap(
        size,
        pairs.map((p) => firsts[p]),
      ),
    })
    const rise = nodes.push({ kind: 'relu', value: difference })
    value = affine(
      { value, map: selectionMap(size, firsts.length, (j) => firsts[j]) },
      { value: rise, map: placement(pairs, firsts.length) },
    )
    lengths = lengths.map((length) => Math.ceil(length / 2))
  }
  const { name, inputShape } = graph
  return { name, inputShape, nodes }
}

/** Neighbours of a case in pairs: the first of each, alone or not, and which of those are not alone. */
function pairsOf(lengths: readonly number[]): { firsts: number[]; pairs: number[] } {
  const [firsts, pairs]: [number[], number[]] = [[], []]
  let start = 0
  for (const length of lengths) {
    for (let i = 0; i < length; i += 2) {
      if (i + 1 < length) pairs.push(firsts.length)
      firsts.push(start + i)
    }
    start += length
  }
  return { firsts, pairs }
}

/** Element first + 1 less element first, for each of these. */
function differenceMap(size: number, firsts: readonly number[]): LinearMap {
  return sparseMap({
    inputs: size,
    start: Int32Array.from({ length: firsts.length + 1 }, (_, j) => 2 * j),
    source: Int32Array.from(firsts.flatMap((first) => [first, first + 1])),
    weight: Float64Array.from(firsts.flatMap(() => [-1, 1])),
  })
}

/** Element j goes to place `places[j]` of `size`; places rise. */
function placement(places: readonly number[], size: number): LinearMap {
  const start = new Int32Array(size + 1)
  for (const place of places) start[place + 1] = 1
  for (let place = 0; place < size; place++) start[place + 1] += start[place]
  return sparseMap({
    inputs: places.length,
    start,
    source: Int32Array.from(places, (_, j) => j),
    weight: new Float64Array(places.length).fill(1),
  })
}

function excessMap(constraints: readonly LinearConstraint[], outputs: number): LinearMap {
  if (constraints.length * outputs <= DENSE) {
    const weights = new Float64Array(constraints.length * outputs)
    constraints.forEach(({ coefficients }, i) => weights.set(coefficients, i * outputs))
    return denseMap(weights, constraints.length, outputs)
  }
  return sparseMap({ inputs: outputs, ...sparseConstraints(constraints) })
}

/** The coefficients that are not 0, by constraint. */
export function sparseConstraints(constraints: readonly LinearConstraint[]) {
  const start = new Int32Array(constraints.length + 1)
  const [source, weight]: [number[], number[]] = [[], []]
  constraints.forEach(({ coefficients }, i) => {
    coefficients.forEach((c, output) => {
      if (c === 0) return
      source.push(output)
      weight.push(c)
    })
    start[i + 1] = source.length
  })
  return { start, source: Int32Array.from(source), weight: Float64Array.from(weight) }
}
