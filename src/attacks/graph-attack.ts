/**
 * Projected gradient descent in float64, for any graph: it looks for an input of the region with a margin ≤ 0.
 *
 *   x ← into the region (x − size · the steepest direction of one margin)
 *
 * Sound: yes, every point is run through the graph itself. Complete: no. Source: Madry et al. 2018.
 */
import { stepInBall } from '../region/ball-steps.ts'
import { moveInto, type Region } from '../region/region.ts'
import { Random } from '../base/random.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { middleOf, randomIn } from './sample.ts'

export interface FalsifyOptions {
  readonly restarts: number
  readonly steps: number
  readonly seed: number
  /** Asked before every step; the attack gives up when it says true. */
  readonly stop?: (() => boolean) | undefined
  /** Whether a point with a margin ≤ 0 counts. By default every such point does. */
  readonly accept?: ((point: Float64Array) => boolean) | undefined
}

/**
 * @param graph whose outputs are margins, see margins-graph.ts
 * @returns a point of the region where some margin is ≤ 0, if one was found
 */
export function falsify(
  graph: Graph,
  region: Region,
  { restarts, steps, seed, stop = () => false, accept = () => true }: FalsifyOptions,
): Float64Array | undefined {
  const random = new Random(seed, 'falsify')
  for (let restart = 0; restart < restarts; restart++) {
    let x = moveInto(region, restart === 0 ? middleOf(region) : randomIn(region, random))
    // each start lowers another margin, the smallest ones first
    let target = -1
    for (let step = 0; step <= steps; step++) {
      if (stop()) return undefined
      const values = evaluateGraph(graph, x)
      const margins = values.at(-1)!
      if (margins.some((margin) => margin <= 0) && accept(x)) return x
      if (step === steps) break
      if (target < 0) target = order(margins)[restart % margins.length]
      const gradient = gradientOf(
        graph,
        values,
        Float64Array.from(margins, (_, c) => (c === target ? 1 : 0)),
      )
      x = moveInto(region, descended(region, x, gradient, 0.1 ** (step / steps)))
    }
  }
  return undefined
}

/** One step down the gradient. @param size as a share of the radius */
function descended(
  { lower, upper, ball }: Region,
  x: Float64Array,
  gradient: Float64Array,
  size: number,
): Float64Array {
  if (!ball || ball.radius === 0) {
    return x.map((value, i) => value - 0.5 * size * (upper[i] - lower[i]) * Math.sign(gradient[i]))
  }
  const { norm, centre, radius } = ball
  const shares = (of: Float64Array) => of.map((value, i) => (value - centre[i]) / radius)
  const moved = shares(x)
  const room = { lower: shares(lower), upper: shares(upper) }
  const descent = gradient.map((g) => -g)
  stepInBall(moved, descent, { norm, size, room })
  return moved.map((share, i) => centre[i] + radius * share)
}

const order = (margins: Float64Array) => [...margins.keys()].toSorted((a, b) => margins[a] - margins[b])

/**
 * The gradient of a function of the outputs by the inputs, at the point where the graph has these values.
 * @param slopes of the function, by the outputs
 */
export function gradientOf({ nodes }: Graph, values: readonly Float64Array[], slopes: ArrayLike<number>): Float64Array {
  const gradients = values.map((value) => new Float64Array(value.length))
  gradients.at(-1)!.set(slopes)
  for (let v = nodes.length; v > 0; v--) {
    const node = nodes[v - 1]
    const gradient = gradients[v]
    if (node.kind === 'affine') for (const { value, map } of node.terms) map.transposed(gradient, gradients[value])
    else {
      const below = gradients[node.value]
      values[node.value].forEach((z, j) => z > 0 && (below[j] += gradient[j]))
    }
  }
  return gradients[0]
}
