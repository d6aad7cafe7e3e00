/**
 * Rows reach the image, which adds its part of each, over the ℓ∞ ball around the row's example:
 *
 *   lower, upper = Σ ν·b + x·ν̂₁ ∓ Σ radius|ν̂₁| + gaps
 *
 * Sound: yes, but for float32 rounding. Source: Wong & Kolter 2018.
 */
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Tape } from '../tape.ts'
import { intoGradient, type Use, read, spread, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { type RowSet, type RowSums, ofQuad, rowCount } from './rows.ts'
import type { Values } from './values.ts'
import { type Window, neuronOf, windowSize, wholeLayer } from './windows.ts'

/** Rows that have come to the image. */
export interface RowsAtImage {
  /** ν̂₁, [channel][wy][wx][row]. */
  readonly coefficients: Values
  readonly sums: RowSums
}

interface OverBalls extends RowsAtImage {
  readonly rows: RowSet
  /** Of the examples, [2][input][stride]: centre, radius. No gradient goes there. */
  readonly box: Values
}

/** Upper bounds of the margins, [row] = [example · each + target]; 0 at the label and in padding. */
export function closeMargins(plan: Plan, tape: Tape | undefined, arrived: OverBalls): Values {
  const { coefficients, rows, box } = arrived
  const quads = rowCount(rows) / 4
  const margins = plan.values('margins', 4 * quads, tape !== undefined && coefficients.wantsGradient)
  const image = { channels: box.length / 2 / rows.batch.stride, height: 1, width: 1 }
  const at = { ...arrived, shape: image, window: wholeLayer(image) }
  close(plan, at, write(margins, 'vec4f'), '  result[quad] = upper;')
  if (margins.wantsGradient) {
    tape!.record(() => {
      const { gradient } = margins
      if (!gradient) return
      const ends = intoGradient(arrived.sums.ends, 'vec4f')
      adjoint(plan, at, {
        uses: { above: read(gradient, 'vec4f'), ends: ends.use },
        fetch: `  let lower = vec4f();
  let upper = above[quad];
  if (i < ${quads}u) {
    ends[quad] ${ends.assign} lower;
    ends[${quads}u + quad] ${ends.assign} upper;
  }`,
      })
    })
  }
  return margins
}

/** Bounds of the neurons that rows started from, [lower, upper][neuron][stride]; 0 in padding. */
export function closeNeurons(plan: Plan, tape: Tape | undefined, arrived: RowsOfNeurons): Values {
  const { coefficients, rows, channels } = arrived
  const { positions, each, batch } = rows
  const quads = rowCount(rows) / 4
  const length = channels * positions * batch.stride
  const bounds = plan.values('exact bounds', 2 * length, tape !== undefined && coefficients.wantsGradient)
  const place = `  let first = quad % ${each / 4}u * 4u;
  for (var k = 0u; k < 4u; k++) {
    let at = ((first + k) * ${positions}u + position) * ${batch.stride}u + example;
    if (first + k >= ${channels}u) { break; }`
  close(
    plan,
    arrived,
    write(bounds),
    `${place}
    result[at] = lower[k];
    result[${length}u + at] = upper[k];
    // the last example fills what is behind it
    if (example < ${batch.size - 1}u) { continue; }
    for (var more = 1u; more <= ${batch.stride - batch.size}u; more++) {
      result[at + more] = 0.0;
      result[${length}u + at + more] = 0.0;
    }
  }`,
  )
  if (bounds.wantsGradient) {
    tape!.record(() => {
      const { gradient } = bounds
      if (!gradient) return
      // into the order of the rows first, since every coefficient asks for its row
      const ends = intoGradient(arrived.sums.ends, 'vec4f')
      plan.each(
        'gradient of exact bounds, by rows',
        quads,
        { above: read(gradient), ends: ends.use },
        `  let quad = i;
${ofQuad(rows)}
  var lower = vec4f();
  var upper = vec4f();
${place}
    lower[k] = above[at];
    upper[k] = above[${length}u + at];
  }
  ends[quad] ${ends.assign} lower;
  ends[${quads}u + quad] ${ends.assign} upper;`,
      )
      adjoint(plan, arrived, {
        uses: { ends: read(arrived.sums.ends.gradient!, 'vec4f') },
        fetch: `  let lower = ends[quad];\n  let upper = ends[${quads}u + quad];`,
      })
    })
  }
  return bounds
}

interface RowsOfNeurons extends RowsOverWindow {
  /** Of the stage that rows started from. */
  readonly channels: number
}

interface RowsOverWindow extends OverBalls {
  /** Of the image. */
  readonly shape: Shape
  readonly window: Window
}

/** How many workgroups keep a GPU busy. */
const BUSY = 256

/** Sums what each row is made of. @param store what is done with `lower` and `upper` of the rows `quad` */
function close(plan: Plan, arrived: RowsOverWindow, result: Use, store: string): void {
  const { coefficients, box, sums, rows, shape, window } = arrived
  sums.check()
  const quads = rowCount(rows) / 4
  const { team } = plan.target
  let wide = 2
  while (wide < team / 4 && quads > wide * BUSY) wide *= 2
  const { groups, part: index } = spread(Math.ceil(quads / wide))
  plan.run({
    name: 'rows meet the image',
    uses: {
      ...{ coefficients: read(coefficients, 'vec4f'), box: read(box), sums: read(sums.parts, 'vec4f') },
      result,
    },
    ...{ groups, workgroup: [team, 1, 1] },
    declarations: `var<workgroup> lows: array<vec4f, ${team}>;
var<workgroup> highs: array<vec4f, ${team}>;
${neuronOf(shape, window)}`,
    main: `  let quad = ${index} * ${wide}u + lane % ${wide}u;
${ofQuad(rows)}
  var lower = vec4f();
  var upper = vec4f();
  if (quad < ${quads}u) {
    for (var n = lane / ${wide}u; n < ${windowSize(shape, window)}u; n += ${team / wide}u) {
      let input = neuronOf(n, position);
      if (input < 0) { continue; }
      let value = coefficients[n * ${quads}u + quad];
      let at = u32(input) * ${rows.batch.stride}u + example;
      let middle = box[at] * value;
      let spread = box[${sizeOf(shape) * rows.batch.stride}u + at] * abs(value);
      lower += middle - spread;
      upper += middle + spread;
    }
    for (var part = lane / ${wide}u; part < ${sums.count}u; part += ${team / wide}u) {
      let constant = sums[part * ${3 * quads}u + quad];
      lower += constant + sums[part * ${3 * quads}u + ${quads}u + quad];
      upper += constant + sums[part * ${3 * quads}u + ${2 * quads}u + quad];
    }
  }
  lows[lane] = lower;
  highs[lane] = upper;
  workgroupBarrier();
  if (lane >= ${wide}u || quad >= ${quads}u) { return; }
  for (var slice = ${wide}u + lane; slice < ${team}u; slice += ${wide}u) {
    lower += lows[slice];
    upper += highs[slice];
  }
${store}`,
  })
}

/** How `lower` and `upper`, what flows back to the ends of the rows `quad`, are found. */
interface Above {
  readonly uses: Readonly<Record<string, Use>>
  readonly fetch: string
}

function adjoint(plan: Plan, { coefficients, box, rows, shape, window }: RowsOverWindow, { uses, fetch }: Above) {
  const quads = rowCount(rows) / 4
  const below = intoGradient(coefficients, 'vec4f')
  plan.each(
    'gradient of rows at the image',
    quads * windowSize(shape, window),
    { coefficients: read(coefficients, 'vec4f'), box: read(box), below: below.use, ...uses },
    `  let quad = i % ${quads}u;
${ofQuad(rows)}
${fetch}
  var g = vec4f();
  let input = neuronOf(i / ${quads}u, position);
  if (input >= 0) {
    let at = u32(input) * ${rows.batch.stride}u + example;
    let radius = box[${sizeOf(shape) * rows.batch.stride}u + at];
    g = box[at] * (lower + upper) + radius * sign(coefficients[i]) * (upper - lower);
  }
  below[i] ${below.assign} g;`,
    neuronOf(shape, window),
  )
}
