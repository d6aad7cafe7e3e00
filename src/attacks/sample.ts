/** Points of a region to try before any search: its middle, and where inputs are few also corners and random points. */
import { randomInBall } from '../region/ball-steps.ts'
import { moveInto, type Region } from '../region/region.ts'
import { Random } from '../base/random.ts'
import type { Graph } from '../model/graph.ts'

/** With more inputs than this, some corners and random points find nothing. */
const FEW = 16

/**
 * The middle first, then corners, then random points.
 * @param most points, at least 1; with many inputs only the middle comes
 */
export function* pointsOf(region: Region, most: number, seed: number): Generator<Float64Array> {
  yield middleOf(region)
  const { lower, upper } = region
  if (lower.length > FEW) return
  const random = new Random(seed, 'sample')
  const corners = 2 ** lower.length
  const tried = Math.min(corners, Math.floor((most - 1) / 2))
  for (let i = 0; i < tried; i++) {
    const corner = tried === corners ? i : random.integer(corners)
    yield moveInto(
      region,
      lower.map((l, j) => ((corner >> j) & 1 ? upper[j] : l)),
    )
  }
  for (let i = tried + 1; i < most; i++) yield moveInto(region, randomIn(region, random))
}

export const middleOf = ({ lower, upper, ball }: Region): Float64Array =>
  ball?.centre ?? lower.map((l, i) => (l + upper[i]) / 2)

/** A random point, up to rounding. */
export function randomIn({ lower, upper, ball }: Region, random: Random): Float64Array {
  if (!ball) return lower.map((l, i) => random.between(l, upper[i]))
  const { norm, centre, radius } = ball
  return randomInBall(norm, centre.length, random).map((share, i) => centre[i] + radius * share)
}

/** At how many points a network can be run for so many multiplications: at least 1, at most `most`. */
export function affordable(graph: Graph, multiplications: number, most: number): number {
  const maps = graph.nodes.flatMap((node) => (node.kind === 'affine' ? node.terms.map(({ map }) => map) : []))
  const each = maps.reduce((sum, { outputs, terms }) => sum + outputs * terms, 1)
  return Math.max(1, Math.min(most, Math.floor(multiplications / each)))
}
