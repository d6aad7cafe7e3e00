/**
 * Gradients by weights in register tiles: a workgroup computes a tile of weights, taps and inputs × outputs, over a part of
 * all places and rows. Those by the bias are summed up on the way to shared memory, in one tile of each output.
 */
import { groupOf } from './extents.ts'
import type { KernelText } from './kernel.ts'
import { allSteps, blockOf, eachSum, four, placeOfThread, upTo } from './register-tile.ts'
import type { Tile } from './tiles.ts'
import { type WeightText, flopOfGradient } from './weight-gradient-text.ts'

/** Between lines in shared memory, so that threads that write down a column do not meet in one bank. */
const GAP = 4

export function weightTiles(text: WeightText, tile: Tile): KernelText {
  const { work, columns, depth, parts, depthOfPart, uses, declarations } = text
  const { halves, extents } = work
  const { outputs } = groupOf(extents)
  const block = blockOf(tile)
  const taps = columns - (work.bias ? 1 : 0)
  const columnTiles = Math.ceil(taps / tile.channels)
  const fours = tile.depth / 4
  const [xLine, yLine] = [tile.channels + GAP, tile.rows + GAP]
  // threads that lie side by side read along the rows; a thread has the same rows in all its loads
  const load = (array: string, size: number, value: string, also: (l: number) => string) =>
    upTo((size * fours) / block.threads)
      .map((l) => {
        const at = (c: number) => `(4u * k + ${c}u) * ${size + GAP}u + n`
        return `    {
      let n = lane / ${fours}u + ${(l * block.threads) / fours}u;
      var v = vec4f();
      if (first + k < end) { v = ${value}; }
      ${upTo(4)
        .map((c) => `${array}[${at(c)}] = v[${c}];`)
        .join(' ')}
      ${also(l)}
    }`
      })
      .join('\n')
  const biasOf = (l: number) => (work.bias ? `bias${l} += dot(v, biased(first + k));` : '')
  const steps = allSteps(
    block,
    (k, column) => four('xs', `${k} * ${xLine}u + ${column}u + 4u * ly`),
    (k, output) => four('ys', `${k} * ${yLine}u + ${4 * output}u + 4u * lx`),
  )
  const biasLoads = upTo((tile.rows * fours) / block.threads)
  const biasText = `  workgroupBarrier();
${biasLoads.map((l) => `  ys[lane + ${l * block.threads}u] = bias${l};`).join('\n')}
  workgroupBarrier();
  let m = firstOutput + 4u * lane;
  if (firstColumn == 0u && lane < ${tile.rows / 4}u && m < ${outputs}u) {
    var sum = vec4f();
    for (var c = 0u; c < 4u; c++) {
      for (var k = 0u; k < ${fours}u; k++) { sum[c] += ys[(4u * lane + c) * ${fours}u + k]; }
    }
    finishPart(half, part, g, ${taps}u, m, sum);
  }`
  return {
    ...{ name: `${work.name}, by weights`, uses, workgroup: [block.threads, 1, 1], flop: flopOfGradient(work) },
    groups: [columnTiles * Math.ceil(outputs / tile.rows), halves * extents.groups, parts],
    declarations: `${declarations}
fn finishInside(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) {
  if (column < ${taps}u && m < ${outputs}u) { finishPart(half, part, group, column, m, sum); }
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
${work.bias ? biasLoads.map((l) => `  var bias${l} = 0.0;`).join('\n') : ''}
  let k = lane % ${fours}u;
  for (var first = part * ${depthOfPart}u; first < end; first += ${fours}u) {
    workgroupBarrier();
${load('xs', tile.channels, 'input(half, g, firstColumn + n, first + k)', () => '')}
${load('ys', tile.rows, 'output(half, g, firstOutput + n, first + k)', biasOf)}
    workgroupBarrier();
${steps}
  }
${eachSum(block, (sum, c, r) => `  finishInside(half, part, g, firstColumn + ${c}, firstOutput + 4u * (${r}), ${sum});`)}
${work.bias ? biasText : ''}`,
  }
}
