/**
 * Gradients by weights and biases: sums over all places of the output and all rows, for few weights,
 *
 *   dW[tap, i, o] = Σ dy[o][place][row] · x[i][place at that tap][row],  db[o] = Σ dy[o][place][row].
 *
 * The sums are cut into parts that workgroups compute side by side, and the parts are added up in their order. The bias is
 * the weight of an input that is 1. In boxes, dW = dc·cᵀ + sign(W)·dr·rᵀ.
 */
import { type Extents, flopOf, groupOf, padded } from './extents.ts'
import { type KernelText, type Use, eachOf, read, update, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { partsOf } from './tiles.ts'
import type { GradientTarget, Values } from './values.ts'

export interface WeightGradient {
  readonly name: string
  readonly extents: Extents
  readonly weight: Values
  /** What flows back to the layer's outputs, [half][channel][y][x][row], and what its inputs are; or the other way round. */
  readonly outputs: Values
  readonly inputs: Values
  /** Where these are not positive, `outputs` count as zero. */
  readonly positive?: Values | undefined
  readonly rows: number
  readonly halves: 1 | 2
  /** In which rows the bias stands. */
  readonly bias?: { readonly values: Values; readonly every: number } | undefined
}

/** The same work as a matrix product: outputs × (taps and inputs, and the bias), over `depth` summands in parts. */
export interface WeightText {
  readonly work: WeightGradient
  /** Columns of a group: taps × inputs, and 1 if there is a bias. */
  readonly columns: number
  /** Fours of rows, over all places. */
  readonly depth: number
  readonly parts: number
  /** Of them, in a part. */
  readonly depthOfPart: number
  readonly uses: Readonly<Record<string, Use>>
  /** output, input: factors; finish: what becomes of a sum. */
  readonly declarations: string
}

export function weightGradient(plan: Plan, work: WeightGradient): void {
  const { extents, weight, bias, halves, rows } = work
  const { inputs, outputs } = groupOf(extents)
  const columns = extents.kernel ** 2 * inputs + (bias ? 1 : 0)
  const depth = (extents.outHeight * extents.outWidth * rows) / 4
  const parts = partsOf({ channels: outputs, rows: columns, places: extents.groups * halves }, depth)
  const sums = plan.values(`parts of a gradient`, halves * parts * extents.groups * columns * outputs)
  const text = wgslOf(work, { columns, depth, parts }, sums)
  plan.run(plain(text))
  addParts(plan, text, sums, {
    weight: weight.intoGradient(),
    ...(bias && { bias: bias.values.intoGradient() }),
  })
}

function wgslOf(
  work: WeightGradient,
  { columns, depth, parts }: Pick<WeightText, 'columns' | 'depth' | 'parts'>,
  sums: Values,
): WeightText {
  const { extents, positive, rows, bias } = work
  const { kernel, stride, padding, groups, inChannels, inHeight, inWidth, outChannels, outHeight, outWidth } = extents
  const { inputs, outputs } = groupOf(extents)
  const outputsOfGroup = outChannels / groups
  const depthOfPart = Math.ceil(depth / parts)
  const uses = {
    dy: read(work.outputs, 'vec4f'),
    x: read(work.inputs, 'vec4f'),
    ...(positive && { positive: read(positive, 'vec4f') }),
    sums: write(sums, 'vec4f'),
  }
  const one =
    !bias || bias.every === 1 ? 'vec4f(1)' : `select(vec4f(), vec4f(1, 0, 0, 0), k % ${bias.every / 4}u == 0u)`
  const declarations = `fn output(half: u32, group: u32, m: u32, k: u32) -> vec4f {
  if (m >= ${outputsOfGroup}u) { return vec4f(); }
  let i = (half * ${outChannels}u + group * ${outputsOfGroup}u + m) * ${depth}u + k;
  return ${positive ? 'select(vec4f(), dy[i], positive[i] > vec4f())' : 'dy[i]'};
}
fn input(half: u32, group: u32, column: u32, k: u32) -> vec4f {
  if (column >= ${kernel ** 2 * inputs}u) { return select(vec4f(), ${one}, half == 0u); }
  let tap = column / ${inputs}u;
  let place = k / ${rows / 4}u;
  let y = i32(place / ${outWidth}u * ${stride}u + tap / ${kernel}u) - ${padding};
  let x0 = i32(place % ${outWidth}u * ${stride}u + tap % ${kernel}u) - ${padding};
  if (y < 0 || y >= ${inHeight} || x0 < 0 || x0 >= ${inWidth}) { return vec4f(); }
  let channel = half * ${inChannels}u + group * ${inputs}u + column % ${inputs}u;
  return x[(channel * ${inHeight * inWidth}u + u32(y) * ${inWidth}u + u32(x0)) * ${rows / 4}u + k % ${rows / 4}u];
}
fn finish(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) {
  sums[(((half * ${parts}u + part) * ${groups}u + group) * ${columns}u + column) * ${outputs / 4}u + m / 4u] = sum;
}`
  void outHeight
  return { work, columns, depth, parts, depthOfPart, uses, declarations }
}

const flopOfGradient = ({ extents, rows, halves }: WeightGradient): number => halves * flopOf(extents, rows)

/** Four outputs of a column and a part per thread. */
function plain({ work, columns, depth, parts, depthOfPart, uses, declarations }: WeightText): KernelText {
  const { groups } = work.extents
  const { outputs } = groupOf(work.extents)
  const main = `  let m = i % ${outputs / 4}u * 4u;
  let column = i / ${outputs / 4}u % ${columns}u;
  let g = i / ${(outputs / 4) * columns}u % ${groups}u;
  let part = i / ${(outputs / 4) * columns * groups}u % ${parts}u;
  let half = i / ${(outputs / 4) * columns * groups * parts}u;
  var sum = vec4f();
  let end = min((part + 1u) * ${depthOfPart}u, ${depth}u);
  for (var k = part * ${depthOfPart}u; k < end; k++) {
    let v = input(half, g, column, k);
    sum += vec4f(
      dot(output(half, g, m, k), v), dot(output(half, g, m + 1u, k), v),
      dot(output(half, g, m + 2u, k), v), dot(output(half, g, m + 3u, k), v),
    );
  }
  finish(half, part, g, column, m, sum);`
  const count = work.halves * parts * groups * columns * (outputs / 4)
  return {
    ...eachOf(`${work.name}, by weights`, count, uses, main, declarations),
    flop: flopOfGradient(work),
  }
}

/** Adds up the parts, and writes the gradients. */
function addParts(
  plan: Plan,
  { work, columns, parts }: WeightText,
  sums: Values,
  into: { readonly weight: GradientTarget; readonly bias?: GradientTarget },
): void {
  const { extents, halves, weight } = work
  const { groups, outChannels } = extents
  const { outputs } = groupOf(extents)
  const taps = columns - (into.bias ? 1 : 0)
  const weights = (groups * taps * outputs) / 4
  const outputsOfGroup = outChannels / groups
  const targets = { dW: into.weight, ...(into.bias && { db: into.bias }) }
  const uses: Record<string, Use> = {
    sums: read(sums, 'vec4f'),
    ...(halves === 2 && { w: read(weight, 'vec4f') }),
    ...Object.fromEntries(
      Object.entries(targets).map(([name, { values, accumulate }]) => {
        const type = name === 'dW' ? 'vec4f' : 'f32'
        return [name, accumulate ? update(values, type) : write(values, type)]
      }),
    ),
  }
  const set = ({ accumulate }: GradientTarget) => (accumulate ? '+=' : '=')
  const size = (groups * columns * outputs) / 4
  plan.each(
    `${work.name}, sum of parts`,
    weights + (into.bias ? padded(outChannels) : 0),
    uses,
    `  if (i < ${weights}u) {
    let j = i / ${(taps * outputs) / 4}u * ${(columns * outputs) / 4}u + i % ${(taps * outputs) / 4}u;
    ${halves === 1 ? 'dW[i] ' + set(into.weight) + ' total(0u, j);' : 'dW[i] ' + set(into.weight) + ' total(0u, j) + sign(w[i]) * total(1u, j);'}
    return;
  }
${
  into.bias
    ? `  let channel = i - ${weights}u;
  let m = channel % ${outputsOfGroup}u;
  let j = (channel / ${outputsOfGroup}u * ${columns}u + ${taps}u) * ${outputs / 4}u + m / 4u;
  if (channel < ${outChannels}u) { db[channel] ${set(into.bias)} total(0u, j)[m % 4u]; } else { db[channel] = 0.0; }`
    : ''
}`,
    `fn total(half: u32, i: u32) -> vec4f {
  var sum = vec4f();
  for (var part = 0u; part < ${parts}u; part++) { sum += sums[(half * ${parts}u + part) * ${size}u + i]; }
  return sum;
}`,
  )
}
