/**
 * Lower bounds of a graph's outputs over a box in float64, each method in its plain form and for itself: what
 * optimised slopes must not be looser than, in tests. Sound except for rounding: yes. Complete: no.
 */
import type { Graph, GraphNode } from '../../model/graph.ts'

/**
 * interval: layer by layer from the box. The others carry every element back to the box through relaxed ReLUs, with
 * a lower line through 0 of slope u/(u − l), as in the LP dual (Wong & Kolter 2018), or of slope 0 or 1, whichever
 * leaves less area (CROWN, Zhang et al. 2018).
 */
export const boundMethods = ['interval', 'dual', 'crown'] as const
export type BoundMethod = (typeof boundMethods)[number]

interface Ends {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

export function lowerBoundsOf(graph: Graph, box: Ends, method: BoundMethod): Float64Array {
  const bounds: Ends[] = [box]
  for (const node of graph.nodes) {
    if (node.kind === 'relu') {
      const { lower, upper } = bounds[node.value]
      bounds.push({ lower: lower.map((l) => Math.max(l, 0)), upper: upper.map((u) => Math.max(u, 0)) })
    } else if (method === 'interval') bounds.push(intervalStep(node, bounds))
    else {
      const value = bounds.length
      const of = (sign: 1 | -1) =>
        node.bias.map((_, o) => sign * carriedBack(graph, bounds, { value, element: o, sign, method }))
      bounds.push({ lower: of(1), upper: of(-1) })
    }
  }
  return bounds.at(-1)!.lower
}

function intervalStep({ terms, bias }: GraphNode & { kind: 'affine' }, bounds: readonly Ends[]): Ends {
  const middle = bias.slice()
  const radius = new Float64Array(bias.length)
  for (const { value, map } of terms) {
    const { lower, upper } = bounds[value]
    map.forward(
      lower.map((l, i) => (l + upper[i]) / 2),
      middle,
    )
    map.absolute(
      lower.map((l, i) => (upper[i] - l) / 2),
      radius,
    )
  }
  return { lower: middle.map((m, o) => m - radius[o]), upper: middle.map((m, o) => m + radius[o]) }
}

interface Target {
  readonly value: number
  readonly element: number
  readonly sign: 1 | -1
  readonly method: BoundMethod
}

/** A lower bound of sign · element. */
function carriedBack({ nodes }: Graph, bounds: readonly Ends[], { value, element, sign, method }: Target): number {
  const output = nodes[value - 1] as GraphNode & { kind: 'affine' }
  const coefficients = [
    ...bounds.map(({ lower }) => new Float64Array(lower.length)),
    new Float64Array(output.bias.length),
  ]
  coefficients[value][element] = sign
  let constant = 0
  for (let v = value; v > 0; v--) {
    const node = nodes[v - 1]
    const above = coefficients[v]
    if (node.kind === 'affine') {
      for (const [o, c] of above.entries()) constant += c * node.bias[o]
      for (const { value: from, map } of node.terms) map.transposed(above, coefficients[from])
      continue
    }
    const { lower, upper } = bounds[node.value]
    for (const [j, c] of above.entries()) {
      const [l, u] = [lower[j], upper[j]]
      if (u <= 0) continue
      const chord = u / (u - l)
      const lowerSlope = method === 'dual' ? chord : Number(u > -l)
      const slope = l >= 0 ? 1 : c > 0 ? lowerSlope : chord
      coefficients[node.value][j] += c * slope
      if (l < 0 && c < 0) constant -= c * chord * l
    }
  }
  const { lower, upper } = bounds[0]
  return coefficients[0].reduce((sum, c, i) => sum + c * (c > 0 ? lower[i] : upper[i]), constant)
}
