/**
 * Gradients by weights in register tiles: a workgroup computes a tile of weights, taps and inputs × outputs, over a part of
 * all places and rows.
 */
import { groupOf } from './extents.ts'
import type { KernelText } from './kernel.ts'
import { blockOf, eachSum, four, multiply, placeOfThread, share, upTo } from './register-tile.ts'
import type { Tile } from './tiles.ts'
import { type WeightText, flopOfGradient } from './weight-gradient-text.ts'

/** Between lines in shared memory, so that threads that write down a column do not meet in one bank. */
const GAP = 4

export function weightTiles(text: WeightText, tile: Tile): KernelText {
  const { work, columns, depth, parts, depthOfPart, uses, declarations } = text
  const { halves, extents } = work
  const { outputs } = groupOf(extents)
  const block = blockOf(tile)
  const columnTiles = Math.ceil(columns / tile.channels)
  const fours = tile.depth / 4
  const [xLine, yLine] = [tile.channels + GAP, tile.rows + GAP]
  const load = (array: string, line: number, value: string) =>
    share(
      line === xLine && array === 'xs' ? tile.channels * fours : tile.rows * fours,
      block.threads,
      `let k = first + i % ${fours}u; let n = i / ${fours}u;
          if (k < end) { v = ${value}; }
          ${upTo(4)
            .map((c) => `${array}[(i % ${fours}u * 4u + ${c}u) * ${line}u + n] = v[${c}];`)
            .join(' ')}`,
    )
  const steps = upTo(tile.depth).map((k) => {
    const a = block.lines.map((g) => `let a${g} = ${four('xs', `${k * xLine + g * block.lineStep}u + 4u * ly`)};`)
    const b = block.columns.map(
      (h) => `let b${h} = ${four('ys', `${k * yLine + 4 * h * block.columnStep}u + 4u * lx`)};`,
    )
    return `    {
        ${[...a, ...b].join('\n        ')}
${multiply(block)}
    }`
  })
  return {
    ...{ name: `${work.name}, by weights`, uses, workgroup: [block.threads, 1, 1], flop: flopOfGradient(work) },
    groups: [columnTiles * Math.ceil(outputs / tile.rows), halves * extents.groups, parts],
    declarations: `${declarations}
fn finishInside(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) {
  if (column < ${columns}u && m < ${outputs}u) { finish(half, part, group, column, m, sum); }
}
var<workgroup> xs: array<f32, ${tile.depth * xLine}>;
var<workgroup> ys: array<f32, ${tile.depth * yLine}>;`,
    main: `  let firstColumn = group.x % ${columnTiles}u * ${tile.channels}u;
  let firstOutput = group.x / ${columnTiles}u * ${tile.rows}u;
  let half = group.y / ${extents.groups}u;
  let g = group.y % ${extents.groups}u;
  let part = group.z;
  let end = min((part + 1u) * ${depthOfPart}u, ${depth}u);
${placeOfThread(block)}
${eachSum(block, (sum) => `  var ${sum} = vec4f();`)}
  for (var first = part * ${depthOfPart}u; first < end; first += ${fours}u) {
    workgroupBarrier();
${load('xs', xLine, 'input(half, g, firstColumn + n, k)')}
${load('ys', yLine, 'output(half, g, firstOutput + n, k)')}
    workgroupBarrier();
${steps.join('\n')}
  }
${eachSum(block, (sum, c, r) => `  finishInside(half, part, g, firstColumn + ${c}, firstOutput + 4u * (${r}), ${sum});`)}`,
  }
}
