/** Records products with weights (gather-text.ts), in the way that suits the device. */
import { type Gather, type GatherTerm, gatherFlop, sidesOf, wgslOf } from './gather-text.ts'
import { gatherTiles } from './gather-tiles.ts'
import { eachOf } from './kernel.ts'
import type { Plan } from './plan.ts'
import { gatherTile } from './tiles.ts'

/** So many terms fit the eight bindings of a kernel, with results and biases. */
const termsAtOnce = (terms: readonly GatherTerm[]): number => (terms.some(({ positive }) => positive) ? 2 : 3)

/** Records the products, a few terms at a time. */
export function gather(plan: Plan, { terms, bias, relu, into, ...rest }: Gather): void {
  const atOnce = termsAtOnce(terms)
  for (let first = 0; first < terms.length; first += atOnce) {
    const isLast = first + atOnce >= terms.length
    const part: Gather = {
      ...rest,
      terms: terms.slice(first, first + atOnce),
      into: { ...into, accumulate: into.accumulate || first > 0 },
      bias: first === 0 ? bias : undefined,
      relu: relu && isLast,
    }
    plan.run(plan.target.products === 'tiled' ? tiled(part, plan) : plain(part))
  }
}

/** A tile of channels and rows at one place per workgroup. */
function tiled(work: Gather, { target }: Plan) {
  const { own } = sidesOf(work.direction, work.terms[0].extents)
  const { uses, declarations } = wgslOf(work)
  const tile = gatherTile(target, { channels: own.channels, rows: work.rows, places: own.height * own.width })
  return gatherTiles(work, tile, { uses, declarations })
}

/** One result of four rows per thread. */
function plain(work: Gather) {
  const { own } = sidesOf(work.direction, work.terms[0].extents)
  const { uses, declarations } = wgslOf(work)
  const [rows, places] = [work.rows / 4, own.height * own.width]
  const sums = work.terms.map((_, t) => `product${t}(half, channel, place, r)`).join(' + ')
  const main = `  let r = i % ${rows}u;
  let place = i / ${rows}u % ${places}u;
  let channel = i / ${rows * places}u % ${own.channels}u;
  let half = i / ${rows * places * own.channels}u;
  finish(half, channel, place, r, ${sums});`
  const count = work.halves * own.channels * places * rows
  return { ...eachOf(work.name, count, uses, main, declarations), flop: gatherFlop(work) }
}
