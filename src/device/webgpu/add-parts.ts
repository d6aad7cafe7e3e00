/**
 * The sums of a gradient's parts, in their order. Where there are many parts, several threads add up some each, and one of
 * them what those have found.
 */
import { groupOf } from './extents.ts'
import { read, spread } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'
import { type IntoGradients, type WeightText, finishText, usesOfGradients } from './weight-gradient-text.ts'

const THREADS = 128
/** Parts that one thread adds up before others help. */
const ALONE = 8
const MOST_HELPERS = 32

/** @param sums [half][part][group][column][output]; the second half counts with the sign of its weights */
export function addParts(plan: Plan, text: WeightText, sums: Values, into: IntoGradients): void {
  const { work, columns, parts } = text
  const { extents, halves, weight } = work
  const { outputs } = groupOf(extents)
  const size = (extents.groups * columns * outputs) / 4
  const taps = columns - (into.bias ? 1 : 0)
  let helpers = 1
  while (helpers < MOST_HELPERS && helpers * ALONE < parts) helpers *= 2
  const together = THREADS / helpers
  const { groups, part } = spread(Math.ceil(size / together))
  const signed = `
      if (column < ${taps}u) { sum += sign(w[(g * ${taps}u + column) * ${outputs / 4}u + m / 4u]) * sums[at + ${parts * size}u]; }`
  plan.run({
    name: `${work.name}, sum of parts`,
    uses: {
      sums: read(sums, 'vec4f'),
      ...(halves === 2 && { w: read(weight, 'vec4f') }),
      ...usesOfGradients(into),
    },
    workgroup: [THREADS, 1, 1],
    groups,
    declarations: `${finishText(text, into)}
var<workgroup> partial: array<vec4f, ${THREADS}>;`,
    main: `  let i = ${part} * ${together}u + lane % ${together}u;
  let m = i % ${outputs / 4}u * 4u;
  let column = i / ${outputs / 4}u % ${columns}u;
  let g = i / ${(columns * outputs) / 4}u;
  let helper = lane / ${together}u;
  var sum = vec4f();
  if (i < ${size}u) {
    for (var part = helper; part < ${parts}u; part += ${helpers}u) {
      let at = part * ${size}u + i;
      sum += sums[at];${halves === 2 ? signed : ''}
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (helper > 0u || i >= ${size}u) { return; }
  for (var other = 1u; other < ${helpers}u; other++) { sum += partial[lane + other * ${together}u]; }
  finish(g, column, m, sum);`,
  })
}
