/** Records products with weights (gather-text.ts), in the way that suits the device. */
import {
  type Gather,
  type GatherTerm,
  type GatherText,
  factorsOf,
  finishOf,
  gatherFlop,
  indexOf,
  sidesOf,
  together,
} from './gather-text.ts'
import { sizeOf } from '../../model/layers.ts'
import { gatherTiles } from './gather-tiles.ts'
import { type KernelText, eachOf, read, write } from './kernel.ts'
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
    const record = plan.target.products === 'tiled' ? tiled : plain
    record(plan, part)
  }
}

/** A tile of channels and rows at one place per workgroup. Where that gives too few of them, each takes a part of the sums. */
function tiled(plan: Plan, work: Gather): void {
  const { own, otherOfGroup } = sidesOf(work.direction, work.terms[0].extents)
  const isOne = work.terms.length === 1 && work.terms[0].extents.groups === 1
  const extent = {
    ...{ channels: own.channels, rows: work.rows, places: work.halves * own.height * own.width },
    summands: isOne ? otherOfGroup : 1,
  }
  const { tile, parts } = gatherTile(plan.target, extent)
  if (parts === 1) return plan.run(gatherTiles(work, { tile, parts }, together(factorsOf(work), finishOf(work))))
  const size = (work.halves * sizeOf(own) * work.rows) / 4
  const sums = plan.values('parts of products', 4 * parts * size)
  const store = {
    uses: { sums: write(sums, 'vec4f') },
    declarations: `fn finish(half: u32, channel: u32, place: u32, r: u32, sum: vec4f) {
  let part = place / ${own.height * own.width}u;
  sums[part * ${size}u + ${indexOf(work, 'half', 'channel', `place % ${own.height * own.width}u`)}] = sum;
}`,
  }
  plan.run(gatherTiles(work, { tile, parts }, together(factorsOf(work), store)))
  const { uses, declarations } = finishOf(work)
  plan.run(
    eachResult(
      work,
      { uses: { sums: read(sums, 'vec4f'), ...uses }, declarations },
      `var sum = sums[i];
  for (var part = 1u; part < ${parts}u; part++) { sum += sums[part * ${size}u + i]; }`,
    ),
  )
}

/** One result of four rows per thread. */
function plain(plan: Plan, work: Gather): void {
  const sums = work.terms.map((_, t) => `product${t}(half, channel, place, r)`).join(' + ')
  const kernel = eachResult(work, together(factorsOf(work), finishOf(work)), `let sum = ${sums};`)
  plan.run({ ...kernel, flop: gatherFlop(work) })
}

/** A kernel that knows the index `i` of four results, and finishes the sum that it makes. */
function eachResult(work: Gather, { uses, declarations }: GatherText, sum: string): KernelText {
  const { own } = sidesOf(work.direction, work.terms[0].extents)
  const [rows, places] = [work.rows / 4, own.height * own.width]
  const main = `  let r = i % ${rows}u;
  let place = i / ${rows}u % ${places}u;
  let channel = i / ${rows * places}u % ${own.channels}u;
  let half = i / ${rows * places * own.channels}u;
  ${sum}
  finish(half, channel, place, r, sum);`
  return eachOf(work.name, work.halves * own.channels * places * rows, uses, main, declarations)
}
