/**
 * The LP-dual bound of one image in float64, for images that only the rounding of float32 leaves open.
 * Problem: the least margin over a domain. Sound: yes, rounding included (about 1e-10). Complete: no. Source: Wong & Kolter
 * 2018, as in bounds/dual.ts, with one difference: of a residual sum without a ReLU it bounds the parts, not the sum.
 */
import { Deadline } from '../base/deadline.ts'
import { OutOfRange } from '../search/system/range.ts'
import { condense, lpDual } from '../search/condense/condense.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { type Graph, graphOf } from '../model/graph.ts'
import { type LinearMap, denseMap } from '../model/linear-map.ts'
import type { Network } from '../model/network.ts'
import type { Ball } from '../region/ball.ts'
import { imageRegion } from '../region/region.ts'

/** What is bounded: the margin of an image over a ball. */
export interface LpQuestion {
  readonly image: Float32Array
  readonly label: number
  readonly ball: Ball
  /** As in bounds/dual.ts. */
  readonly prune: boolean
}

/**
 * Lower bound of z_label − max(other logits). NaN if the numbers are too large or too small to bound their rounding.
 * @param network which ends in an affine layer
 */
export function lpMargin(engine: Engine, network: Network, { image, label, ball, prune }: LpQuestion): number {
  // as in float32, an ℓ2 or ℓ1 ball counts as a whole
  const isBox = ball.norm === 'linf'
  const settings = isBox ? ball : { ...ball, domain: 'unbounded' as const }
  const graph = graphWithDifferences(network, label)
  const region = imageRegion(image, settings)
  // over a ball rows bound the first neurons best, over a box intervals do it as well
  const bounding = lpDual(prune ? (isBox ? 0 : 1) : Infinity)
  try {
    return Math.min(...condense(engine, graph, region, { deadline: Deadline.never, bounding }).margins)
  } catch (error) {
    if (error instanceof OutOfRange) return NaN
    throw error
  }
}

const graphs = new WeakMap<Network, Graph>()

/**
 * The network with outputs z_label − z_target instead of logits, one for every other class. A difference of weights is
 * rounded once: all others of a sum are charged four times.
 */
function graphWithDifferences(network: Network, label: number): Graph {
  const graph = graphs.get(network) ?? graphOf(network)
  graphs.set(network, graph)
  const last = graph.nodes.at(-1)!
  if (last.kind !== 'affine') throw new RangeError(`${graph.name} does not end in an affine layer`)
  const targets = [...last.bias.keys()].filter((target) => target !== label)
  const differences = (map: LinearMap) => {
    const weights = new Float64Array(targets.length * map.inputs)
    targets.forEach((target, i) => {
      const c = new Float64Array(map.outputs)
      c[label] = 1
      c[target] = -1
      map.transposed(c, weights.subarray(i * map.inputs, (i + 1) * map.inputs))
    })
    return denseMap(weights, targets.length, map.inputs)
  }
  const node = {
    ...last,
    terms: last.terms.map(({ value, map }) => ({ value, map: differences(map) })),
    bias: Float64Array.from(targets, (target) => last.bias[label] - last.bias[target]),
  }
  return { ...graph, nodes: [...graph.nodes.slice(0, -1), node] }
}
