/**
 * Gradients by weights and biases: sums over all places of the output and all rows, for few weights,
 *
 *   dW[tap, i, o] = Σ dy[o][place][row] · x[i][place at that tap][row],  db[o] = Σ dy[o][place][row].
 *
 * The sums are cut into parts that workgroups compute side by side, and the parts are added up in their order. The bias is
 * the weight of an input that is 1. In boxes, dW = dc·cᵀ + sign(W)·dr·rᵀ.
 */
import { type Extents, flopOf, groupOf, padded } from './extents.ts'
import { type GradientUse, type Use, read } from './kernel.ts'
import type { Values } from './values.ts'

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
  /** output, input: factors; biased: 1 in rows in which the bias stands. */
  readonly declarations: string
}

export function wgslOf(
  work: WeightGradient,
  { columns, depth, parts }: Pick<WeightText, 'columns' | 'depth' | 'parts'>,
): WeightText {
  const { extents, positive, rows, bias } = work
  const { kernel, stride, padding, groups, inChannels, inHeight, inWidth, outChannels, outWidth } = extents
  const { inputs } = groupOf(extents)
  const outputsOfGroup = outChannels / groups
  const depthOfPart = Math.ceil(depth / parts)
  const uses = {
    dy: read(work.outputs, 'vec4f'),
    x: read(work.inputs, 'vec4f'),
    ...(positive && { positive: read(positive, 'vec4f') }),
  }
  const one =
    !bias || bias.every === 1 ? 'vec4f(1)' : `select(vec4f(), vec4f(1, 0, 0, 0), k % ${bias.every / 4}u == 0u)`
  const declarations = `fn output(half: u32, group: u32, m: u32, k: u32) -> vec4f {
  if (m >= ${outputsOfGroup}u) { return vec4f(); }
  let i = (half * ${outChannels}u + group * ${outputsOfGroup}u + m) * ${depth}u + k;
  return ${positive ? 'select(vec4f(), dy[i], positive[i] > vec4f())' : 'dy[i]'};
}
fn biased(k: u32) -> vec4f { return ${one}; }
fn input(half: u32, group: u32, column: u32, k: u32) -> vec4f {
  if (column >= ${kernel ** 2 * inputs}u) { return biased(k); }
  let tap = column / ${inputs}u;
  let place = k / ${rows / 4}u;
  let y = i32(place / ${outWidth}u * ${stride}u + tap / ${kernel}u) - ${padding};
  let x0 = i32(place % ${outWidth}u * ${stride}u + tap % ${kernel}u) - ${padding};
  if (y < 0 || y >= ${inHeight} || x0 < 0 || x0 >= ${inWidth}) { return vec4f(); }
  let channel = half * ${inChannels}u + group * ${inputs}u + column % ${inputs}u;
  return x[(channel * ${inHeight * inWidth}u + u32(y) * ${inWidth}u + u32(x0)) * ${rows / 4}u + k % ${rows / 4}u];
}`
  return { work, columns, depth, parts, depthOfPart, uses, declarations }
}

/** Where gradients by weights and biases go. */
export interface IntoGradients {
  readonly weight: GradientUse
  readonly bias?: GradientUse | undefined
}

export const usesOfGradients = ({ weight, bias }: IntoGradients): Readonly<Record<string, Use>> => ({
  dW: weight.use,
  ...(bias && { db: bias.use }),
})

/** `finish` of a sum: writes it in its place. */
export function finishText({ work, columns }: WeightText, { weight, bias }: IntoGradients): string {
  const { groups, outChannels } = work.extents
  const { outputs } = groupOf(work.extents)
  const taps = columns - (bias ? 1 : 0)
  const outputsOfGroup = outChannels / groups
  const toBias = `  for (var c = 0u; c < 4u; c++) {
    if (m + c < ${outputsOfGroup}u) { db[group * ${outputsOfGroup}u + m + c] ${bias?.assign} sum[c]; }
  }
  if (group + m > 0u) { return; }
  for (var c = ${outChannels}u; c < ${padded(outChannels)}u; c++) { db[c] = 0.0; }`
  return `fn finish(group: u32, column: u32, m: u32, sum: vec4f) {
  if (column < ${taps}u) {
    dW[(group * ${taps}u + column) * ${outputs / 4}u + m / 4u] ${weight.assign} sum;
    return;
  }
${bias ? toBias : ''}
}`
}

export const flopOfGradient = ({ extents, rows, halves }: WeightGradient): number => halves * flopOf(extents, rows)
