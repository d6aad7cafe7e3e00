/**
 * The same products in register tiles: a workgroup computes a tile of channels × rows at one place of the image, and its
 * threads share what they read.
 */
import { type Gather, type GatherText, type GatherTerm, gatherFlop, sidesOf } from './gather-text.ts'
import { groupOf } from './extents.ts'
import type { KernelText } from './kernel.ts'
import { type Tile, threadsOf } from './tiles.ts'

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Names of a thread's block: groups of four channels, and of four rows. */
interface Block {
  readonly tile: Tile
  readonly threads: number
  readonly channelGroups: number[]
  readonly rowGroups: number[]
}

export function gatherTiles(work: Gather, tile: Tile, { uses, declarations }: GatherText): KernelText {
  const { direction, terms, rows, halves } = work
  const { own } = sidesOf(direction, terms[0].extents)
  const { channels, rows: tileRows, channelsOfThread, rowsOfThread, depth } = tile
  const block = {
    ...{ tile, threads: threadsOf(tile) },
    channelGroups: upTo(channelsOfThread / 4),
    rowGroups: upTo(rowsOfThread / 4),
  }
  const rowTiles = Math.ceil(rows / tileRows)
  const across = tileRows / rowsOfThread
  const steps = terms.map((term, t) => termText(work, block, term, t))
  const added = terms.flatMap(({ extents }, t) =>
    extents.groups > 1 ? [` + product${t}(half, channel, place, r)`] : [],
  )
  const needsShared = steps.some((step) => step.includes('workgroupBarrier'))
  const shared = `var<workgroup> weights: array<f32, ${depth * (channels + 4)}>;
var<workgroup> inputs: array<vec4f, ${(depth * tileRows) / 4}>;
`
  return {
    name: work.name,
    uses,
    workgroup: [block.threads, 1, 1],
    groups: [halves * rowTiles, Math.ceil(own.channels / channels), own.height * own.width],
    declarations: `${declarations}
fn finishInside(half: u32, channel: u32, place: u32, r: u32, sum: vec4f) {
  if (channel < ${own.channels}u && r < ${rows / 4}u) { finish(half, channel, place, r, sum${added.join('')}); }
}
${needsShared ? shared : ''}`,
    main: `  let half = group.x / ${rowTiles}u;
  let firstRow = group.x % ${rowTiles}u * ${tileRows / 4}u;
  let firstChannel = group.y * ${channels}u;
  let place = group.z;
  let y = place / ${own.width}u;
  let x = place % ${own.width}u;
  let lx = lane % ${across}u;
  let ly = lane / ${across}u;
${sums(block, (name) => `  var ${name} = vec4f();`)}
${steps.join('\n')}
${sums(
  block,
  (name, channel, row) => `  finishInside(half, firstChannel + ${channel}, place, firstRow + ${row}, ${name});`,
)}`,
    flop: gatherFlop(work),
  }
}

/** A line per vector of sums: its name, and the channel and the four rows in the tile that it belongs to. */
function sums({ tile, channelGroups, rowGroups }: Block, line: (name: string, channel: string, row: string) => string) {
  const channelStep = tile.channels / channelGroups.length
  const rowStep = tile.rows / 4 / rowGroups.length
  return channelGroups
    .flatMap((g) =>
      upTo(4).flatMap((c) =>
        rowGroups.map((h) => line(`c${g}_${c}_${h}`, `${g * channelStep + c}u + 4u * ly`, `${h * rowStep}u + lx`)),
      ),
    )
    .join('\n')
}

/** Sums up a term, in steps of a few summands; nothing for terms in groups, whose threads share too little. */
function termText(work: Gather, block: Block, { extents }: GatherTerm, t: number): string {
  if (extents.groups > 1) return ''
  const { otherOfGroup } = sidesOf(work.direction, extents)
  const { kernel } = extents
  const isThin = work.direction === 'forward' && otherOfGroup < block.tile.depth
  return `  for (var ky = 0u; ky < ${kernel}u; ky++) {
    for (var kx = 0u; kx < ${kernel}u; kx++) {
      let at = place${t}(ky, kx, y, x);
      if (at < 0) { continue; }
${isThin ? thinText(work, block, extents, t) : stagedText(work, block, extents, t)}
    }
  }`
}

type TermExtents = GatherTerm['extents']

/** Few input channels, as of images: shared memory would wait more than it saves. */
function thinText({ rows }: Gather, block: Block, extents: TermExtents, t: number): string {
  const { tile, channelGroups, rowGroups } = block
  const depth = extents.inChannels
  const { outputs } = groupOf(extents)
  const channelStep = tile.channels / 4 / channelGroups.length
  const rowStep = tile.rows / 4 / rowGroups.length
  return `      for (var k = 0u; k < ${depth}u; k++) {
        let j = ((ky * ${extents.kernel}u + kx) * ${depth}u + k) * ${outputs / 4}u;
${channelGroups
  .map(
    (g) => `        let w_${g} = w${t}[j + min(firstChannel / 4u + ${g * channelStep}u + ly, ${outputs / 4 - 1}u)];
        let a${g} = select(w_${g}, abs(w_${g}), half == 1u);`,
  )
  .join('\n')}
${rowGroups
  .map(
    (h) => `        let b${h} = input${t}(half, k, u32(at), min(firstRow + ${h * rowStep}u + lx, ${rows / 4 - 1}u));`,
  )
  .join('\n')}
${multiply(block)}
      }`
}

const multiply = (block: Block) =>
  sums(block, (name) => {
    const [g, c, h] = name.slice(1).split('_')
    return `        ${name} = fma(vec4f(a${g}[${c}]), b${h}, ${name});`
  })

/** Steps of `depth` summands through shared memory. */
function stagedText(work: Gather, block: Block, extents: TermExtents, t: number): string {
  const { tile, channelGroups, rowGroups } = block
  const { own, otherOfGroup } = sidesOf(work.direction, extents)
  const { inputs, outputs } = groupOf(extents)
  const { depth } = tile
  const channelStep = tile.channels / channelGroups.length
  const rowStep = tile.rows / 4 / rowGroups.length
  const across = tile.rows / 4
  // weights lie [depth][channel], with four more between, so that threads that write down a column do not collide
  const line = tile.channels + 4
  const tap = `ky * ${extents.kernel}u + kx`
  const [fast, slow] = work.direction === 'forward' ? [tile.channels / 4, depth] : [depth / 4, tile.channels]
  const loadWeights = share(fast * slow, block.threads, () => {
    const a = `i % ${fast}u`
    const b = `i / ${fast}u`
    return work.direction === 'forward'
      ? `let m = 4u * (${a}); let k = ${b};
        if (first + k < ${otherOfGroup}u && firstChannel + m < ${outputs}u) {
          v = w${t}[((${tap}) * ${inputs}u + first + k) * ${outputs / 4}u + (firstChannel + m) / 4u];
        }
        v = select(v, abs(v), half == 1u);
        ${upTo(4)
          .map((c) => `weights[k * ${line}u + m + ${c}u] = v[${c}];`)
          .join(' ')}`
      : `let k = 4u * (${a}); let m = ${b};
        if (first + k < ${outputs}u && firstChannel + m < ${own.channels}u) {
          v = w${t}[((${tap}) * ${inputs}u + firstChannel + m) * ${outputs / 4}u + (first + k) / 4u];
        }
        v = select(v, abs(v), half == 1u);
        ${upTo(4)
          .map((c) => `weights[(k + ${c}u) * ${line}u + m] = v[${c}];`)
          .join(' ')}`
  })
  const loadInputs = share(depth * across, block.threads, () => {
    return `let k = first + i / ${across}u; let r = firstRow + i % ${across}u;
        if (k < ${otherOfGroup}u && r < ${work.rows / 4}u) { v = input${t}(half, k, u32(at), r); }
        inputs[i] = v;`
  })
  const steps = upTo(depth).map(
    (k) => `      {
${channelGroups
  .map((g) => {
    const at = `${k * line + g * channelStep}u + 4u * ly`
    return `        let a${g} = vec4f(weights[${at}], weights[${at} + 1u], weights[${at} + 2u], weights[${at} + 3u]);`
  })
  .join('\n')}
${rowGroups.map((h) => `        let b${h} = inputs[${k * across + h * rowStep}u + lx];`).join('\n')}
${multiply(block)}
      }`,
  )
  return `      for (var first = 0u; first < ${otherOfGroup}u; first += ${depth}u) {
        workgroupBarrier();
${loadWeights}
${loadInputs}
        workgroupBarrier();
${steps.join('\n')}
      }`
}

/** `count` loads, shared out to the threads: each knows its index `i`, and a vector `v` of zeros. */
function share(count: number, threads: number, load: () => string): string {
  return upTo(Math.ceil(count / threads))
    .map((n) => {
      const text = `let i = lane + ${n * threads}u; var v = vec4f();
        ${load()}`
      const isPartial = (n + 1) * threads > count
      return isPartial ? `        if (lane < ${count - n * threads}u) { ${text} }` : `        { ${text} }`
    })
    .join('\n')
}
