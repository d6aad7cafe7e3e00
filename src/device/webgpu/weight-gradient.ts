/** Records gradients by weights and biases (weight-gradient-text.ts), in the way that suits the device. */
import { addParts } from './add-parts.ts'
import { groupOf } from './extents.ts'
import { type KernelText, eachOf, intoGradient, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { type Tile, partsOf, weightTile } from './tiles.ts'
import {
  type WeightGradient,
  type WeightText,
  finishText,
  flopOfGradient,
  usesOfGradients,
  wgslOf,
} from './weight-gradient-text.ts'
import { weightTiles } from './weight-tiles.ts'

export function weightGradient(plan: Plan, work: WeightGradient): void {
  const { extents, weight, bias, halves, rows } = work
  const { inputs, outputs } = groupOf(extents)
  const taps = extents.kernel ** 2 * inputs
  const columns = taps + (bias ? 1 : 0)
  const depth = (extents.outHeight * extents.outWidth * rows) / 4
  const extent = { channels: taps, rows: outputs, places: extents.groups * halves }
  const tile = weightTile(plan.target, extent)
  const parts = partsOf(tile, extent, depth)
  const text = wgslOf(work, { columns, depth, parts })
  const into = { weight: intoGradient(weight, 'vec4f'), bias: bias && intoGradient(bias.values) }
  const isWhole = parts === 1 && halves === 1
  if (isWhole) {
    const store = `${finishText(text, into)}
fn finishPart(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) { finish(group, column, m, sum); }`
    plan.run(
      product(plan, tile, {
        ...text,
        uses: { ...text.uses, ...usesOfGradients(into) },
        declarations: `${text.declarations}\n${store}`,
      }),
    )
    return
  }
  const size = (extents.groups * columns * outputs) / 4
  const sums = plan.values('parts of a gradient', 4 * halves * parts * size)
  const store = `fn finishPart(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) {
  sums[(half * ${parts}u + part) * ${size}u + (group * ${columns}u + column) * ${outputs / 4}u + m / 4u] = sum;
}`
  plan.run(
    product(plan, tile, {
      ...text,
      uses: { ...text.uses, sums: write(sums, 'vec4f') },
      declarations: `${text.declarations}\n${store}`,
    }),
  )
  addParts(plan, text, sums, into)
}

const product = ({ target }: Plan, tile: Tile, text: WeightText): KernelText =>
  target.products === 'tiled' ? weightTiles(text, tile) : plain(text)

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
  finishPart(half, part, g, column, m, sum);`
  const count = work.halves * parts * groups * columns * (outputs / 4)
  return { ...eachOf(`${work.name}, by weights`, count, uses, main, declarations), flop: flopOfGradient(work) }
}
