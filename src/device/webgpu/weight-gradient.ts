/** Records gradients by weights and biases (weight-gradient-text.ts), in the way that suits the device. */
import { groupOf, padded } from './extents.ts'
import { type KernelText, type Use, eachOf, read, update, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { partsOf, weightTile } from './tiles.ts'
import type { GradientTarget, Values } from './values.ts'
import { type WeightGradient, type WeightText, flopOfGradient, wgslOf } from './weight-gradient-text.ts'
import { weightTiles } from './weight-tiles.ts'

export function weightGradient(plan: Plan, work: WeightGradient): void {
  const { extents, weight, bias, halves, rows } = work
  const { inputs, outputs } = groupOf(extents)
  const columns = extents.kernel ** 2 * inputs + (bias ? 1 : 0)
  const depth = (extents.outHeight * extents.outWidth * rows) / 4
  const extent = { channels: columns, rows: outputs, places: extents.groups * halves }
  const tile = weightTile(plan.target, extent)
  const parts = partsOf(tile, extent, depth)
  const sums = plan.values(`parts of a gradient`, halves * parts * extents.groups * columns * outputs)
  const text = wgslOf(work, { columns, depth, parts }, sums)
  plan.run(plan.target.products === 'tiled' ? weightTiles(text, tile) : plain(text))
  addParts(plan, text, sums, {
    weight: weight.intoGradient(),
    ...(bias && { bias: bias.values.intoGradient() }),
  })
}

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
