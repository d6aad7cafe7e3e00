/**
 * A network with its question built in: one output per unsafe case, its margin, which is > 0 exactly where the case
 * does not hold. The margin of a case is the largest of its constraints' excesses Σ c·y − bound, and a maximum is a
 * ReLU more: max(a, b) = a + max(b − a, 0). So every method needs to know of nothing but networks.
 */
import { type Graph, type GraphNode, sizesOf } from '../networks/graph.ts'
import { type LinearMap, denseMap, selectionMap } from '../networks/linear-map.ts'
import { type LinearConstraint, type Question, checkQuestion } from './question.ts'

/** @throws UserError for a question that makes no sense, or is one about another network */
export function withMargins(graph: Graph, question: Question): Graph {
  const { unsafe } = question
  const nodes: GraphNode[] = [...graph.nodes]
  const output = nodes.length
  const sizes = sizesOf(graph)
  const outputs = sizes.at(-1)!
  checkQuestion(question, sizes[0]!, outputs)
  const cases = unsafe.length
  const affine = (bias: Float64Array, ...terms: { value: number; map: LinearMap }[]) =>
    nodes.push({ kind: 'affine', terms, bias })
  /** Excesses of one constraint per case. */
  const excesses = (constraints: readonly LinearConstraint[]) => {
    const weights = new Float64Array(constraints.length * outputs)
    constraints.forEach(({ coefficients }, i) => weights.set(coefficients, i * outputs))
    return {
      map: denseMap(weights, constraints.length, outputs),
      bias: Float64Array.from(constraints, ({ bound }) => -bound),
    }
  }
  const first = excesses(unsafe.map(([constraint]) => constraint!))
  let margin = affine(first.bias, { value: output, map: first.map })
  const most = Math.max(...unsafe.map((constraints) => constraints.length))
  for (let i = 1; i < most; i++) {
    const longer = unsafe.flatMap((constraints, c) => (constraints.length > i ? [c] : []))
    const next = excesses(longer.map((c) => unsafe[c]![i]!))
    const minus = selectionMap(
      cases,
      longer.length,
      (j) => longer[j]!,
      () => -1,
    )
    const difference = affine(next.bias, { value: output, map: next.map }, { value: margin, map: minus })
    const rise = nodes.push({ kind: 'relu', value: difference })
    margin = affine(
      new Float64Array(cases),
      { value: margin, map: selectionMap(cases, cases, (c) => c) },
      { value: rise, map: placement(longer, cases) },
    )
  }
  return { ...graph, nodes }
}

/** Element j goes to place `places[j]` of `size`. */
function placement(places: readonly number[], size: number): LinearMap {
  const weights = new Float64Array(size * places.length)
  places.forEach((place, j) => (weights[place * places.length + j] = 1))
  return denseMap(weights, size, places.length)
}
