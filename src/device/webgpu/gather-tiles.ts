/**
 * The products of gather-text.ts in register tiles: a workgroup computes a tile of channels × rows at one place of the image,
 * and its threads share what they read.
 */
import { groupOf } from './extents.ts'
import { type Gather, type GatherText, gatherFlop, sidesOf } from './gather-text.ts'
import type { KernelText } from './kernel.ts'
import { type Block, allSteps, blockOf, eachSum, four, multiply, placeOfThread, share, upTo } from './register-tile.ts'
import { type Tile } from './tiles.ts'

/** Between lines of weights in shared memory, so that threads that write down a column do not meet in one bank. */
const GAP = 4

/** @param parts of which each workgroup sums up one; `finish` is then told places part after part */
export function gatherTiles(
  work: Gather,
  { tile, parts }: { readonly tile: Tile; readonly parts: number },
  { uses, declarations }: GatherText,
): KernelText {
  const { name, direction, terms, rows, halves } = work
  const { own } = sidesOf(direction, terms[0].extents)
  const block = blockOf(tile)
  const rowTiles = Math.ceil(rows / tile.rows)
  const steps = terms.map((_, t) => termText(work, { block, parts }, t))
  // terms in groups share too little: each thread computes its own
  const alone = terms.flatMap(({ extents }, t) =>
    extents.groups > 1 ? [` + product${t}(half, channel, place, r)`] : [],
  )
  const shared = `var<workgroup> weights: array<f32, ${tile.depth * (tile.channels + GAP)}>;
var<workgroup> inputs: array<vec4f, ${(tile.depth * tile.rows) / 4}>;
`
  return {
    ...{ name, uses, workgroup: [block.threads, 1, 1], flop: gatherFlop(work) },
    groups: [halves * rowTiles, Math.ceil(own.channels / tile.channels), parts * own.height * own.width],
    declarations: `${declarations}
fn finishInside(half: u32, channel: u32, place: u32, r: u32, sum: vec4f) {
  if (channel < ${own.channels}u && r < ${rows / 4}u) { finish(half, channel, place, r, sum${alone.join('')}); }
}
${steps.some((step) => step.includes('workgroupBarrier')) ? shared : ''}`,
    main: `  let half = group.x / ${rowTiles}u;
  let firstRow = group.x % ${rowTiles}u * ${tile.rows / 4}u;
  let firstChannel = group.y * ${tile.channels}u;
  let place = group.z % ${own.height * own.width}u;
  let part = group.z / ${own.height * own.width}u;
  let y = place / ${own.width}u;
  let x = place % ${own.width}u;
${placeOfThread(block)}
${eachSum(block, (sum) => `  var ${sum} = vec4f();`)}
${steps.join('\n')}
${eachSum(block, (sum, c, r) => `  finishInside(half, firstChannel + ${c}, group.z, firstRow + ${r}, ${sum});`)}`,
  }
}

interface Split {
  readonly block: Block
  readonly parts: number
}

/** Sums up a term, tap by tap. */
function termText(work: Gather, split: Split, t: number): string {
  const { extents } = work.terms[t]
  const { kernel } = extents
  if (extents.groups > 1) return ''
  const isThin = work.direction === 'forward' && extents.inChannels < split.block.tile.depth
  return `  for (var ky = 0u; ky < ${kernel}u; ky++) {
    for (var kx = 0u; kx < ${kernel}u; kx++) {
      let at = place${t}(ky, kx, y, x);
      if (at < 0) { continue; }
${isThin ? thinText(work, split.block, t) : stagedText(work, split, t)}
    }
  }`
}

/** Few input channels, as images have: threads would wait for each other more than they share. */
function thinText({ terms, rows }: Gather, block: Block, t: number): string {
  const { extents } = terms[t]
  const { inputs, outputs } = groupOf(extents)
  const weights = block.lines.map((g) => {
    const m = `min(firstChannel / 4u + ${(g * block.lineStep) / 4}u + ly, ${outputs / 4 - 1}u)`
    return `        let v${g} = w${t}[j + ${m}]; let a${g} = select(v${g}, abs(v${g}), half == 1u);`
  })
  const values = block.columns.map((h) => {
    const r = `min(firstRow + ${h * block.columnStep}u + lx, ${rows / 4 - 1}u)`
    return `        let b${h} = input${t}(half, k, u32(at), ${r});`
  })
  return `      for (var k = 0u; k < ${inputs}u; k++) {
        let j = ((ky * ${extents.kernel}u + kx) * ${inputs}u + k) * ${outputs / 4}u;
${[...weights, ...values, multiply(block)].join('\n')}
      }`
}

/** Steps of `depth` summands through shared memory. */
function stagedText(work: Gather, { block, parts }: Split, t: number): string {
  const { tile, threads } = block
  const { otherOfGroup } = sidesOf(work.direction, work.terms[t].extents)
  const across = tile.rows / 4
  const line = tile.channels + GAP
  const load = `let k = first + i / ${across}u; let r = firstRow + i % ${across}u;
          if (k < ${otherOfGroup}u && r < ${work.rows / 4}u) { v = input${t}(half, k, u32(at), r); }
          inputs[i] = v;`
  const steps = allSteps(
    block,
    (k, channel) => four('weights', `${k} * ${line}u + ${channel}u + 4u * ly`),
    (k, r) => `inputs[${k} * ${across}u + ${r}u + lx]`,
  )
  const ofPart = Math.ceil(otherOfGroup / parts / tile.depth) * tile.depth
  return `      let end = min((part + 1u) * ${ofPart}u, ${otherOfGroup}u);
      for (var first = part * ${ofPart}u; first < end; first += ${tile.depth}u) {
        workgroupBarrier();
${share((tile.channels * tile.depth) / 4, threads, weightText(work, block, t))}
${share(tile.depth * across, threads, load)}
        workgroupBarrier();
${steps}
      }`
}

/** Four weights on their way to shared memory: of four channels, or, transposed, of four summands. */
function weightText({ direction, terms }: Gather, { tile }: Block, t: number): string {
  const { extents } = terms[t]
  const { inputs, outputs } = groupOf(extents)
  const tap = `(ky * ${extents.kernel}u + kx) * ${inputs}u`
  const line = tile.channels + GAP
  const isForward = direction === 'forward'
  const [k, m] = isForward
    ? [`i / ${tile.channels / 4}u`, `i % ${tile.channels / 4}u * 4u`]
    : [`i % ${tile.depth / 4}u * 4u`, `i / ${tile.depth / 4}u`]
  const [input, output] = isForward ? ['first + k', 'firstChannel + m'] : ['firstChannel + m', 'first + k']
  const stores = upTo(4).map((c) => {
    const at = isForward ? `k * ${line}u + m + ${c}u` : `(k + ${c}u) * ${line}u + m`
    return `weights[${at}] = v[${c}];`
  })
  return `let k = ${k}; let m = ${m};
          if (${input} < ${inputs}u && ${output} < ${outputs}u) {
            v = w${t}[(${tap} + ${input}) * ${outputs / 4}u + (${output}) / 4u];
          }
          v = select(v, abs(v), half == 1u);
          ${stores.join(' ')}`
}
