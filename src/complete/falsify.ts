/**
 * Projected gradient descent on the margins of a question in float64 (Madry et al. 2018), for any graph.
 * Problem: find an input of the box with a margin ≤ 0. Sound: points are evaluated as they are. Complete: no.
 */
import { Random } from '../engine/random.ts'
import { type Graph, evaluateGraph } from '../networks/graph.ts'

export interface FalsifyOptions {
  readonly restarts: number
  readonly steps: number
  readonly seed: number
  /** Give up when this says so. */
  readonly stop?: (() => boolean) | undefined
}

/**
 * @param graph whose outputs are margins, see margins-graph.ts
 * @returns a point of the box where some margin is ≤ 0, if one was found
 */
export function falsify(
  graph: Graph,
  lower: Float64Array,
  upper: Float64Array,
  { restarts, steps, seed, stop = () => false }: FalsifyOptions,
): Float64Array | undefined {
  const random = new Random(seed, 'falsify')
  const clamp = (x: number, i: number) => Math.min(upper[i]!, Math.max(lower[i]!, x))
  for (let restart = 0; restart < restarts; restart++) {
    let x = lower.map((l, i) => clamp(restart === 0 ? (l + upper[i]!) / 2 : random.between(l, upper[i]!), i))
    // each start goes for another margin: first those that are smallest there
    let target = -1
    for (let step = 0; step <= steps; step++) {
      if (stop()) return undefined
      const values = evaluateGraph(graph, x)
      const margins = values.at(-1)!
      if (margins.some((margin) => margin <= 0)) return x
      if (step === steps) break
      if (target < 0) target = order(margins)[restart % margins.length]!
      const gradient = gradientOf(graph, values, target)
      const size = 0.5 * 0.1 ** (step / steps)
      x = x.map((value, i) => clamp(value - size * (upper[i]! - lower[i]!) * Math.sign(gradient[i]!), i))
    }
  }
  return undefined
}

const order = (margins: Float64Array) => [...margins.keys()].toSorted((a, b) => margins[a]! - margins[b]!)

/** Of one output by the inputs, at the point that `values` were evaluated at. */
function gradientOf({ nodes }: Graph, values: readonly Float64Array[], output: number): Float64Array {
  const gradients = values.map((value) => new Float64Array(value.length))
  gradients.at(-1)![output] = 1
  for (let v = nodes.length; v > 0; v--) {
    const node = nodes[v - 1]!
    const gradient = gradients[v]!
    if (node.kind === 'affine') for (const { value, map } of node.terms) map.transposed(gradient, gradients[value]!)
    else {
      const below = gradients[node.value]!
      values[node.value]!.forEach((z, j) => z > 0 && (below[j]! += gradient[j]!))
    }
  }
  return gradients[0]!
}
