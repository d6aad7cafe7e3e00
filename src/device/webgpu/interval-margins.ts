/**
 * Upper bounds of margins over a box, by an interval step through the difference of two rows of the last stage:
 *
 *   m_t = (W_t − W_y)·c + |W_t − W_y|·r + b_t − b_y
 *
 * On a GPU it rounds as it likes: an estimate, good for training. Complete: no. Source: Gowal et al. 2018;
 * src/bounds/interval.ts is the same on the CPU.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import { intoGradient, read, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** A fully connected stage, packed: weights [input][class, padded to 4], biases [class, padded to 4]. */
export interface LastStage {
  readonly weight: Values
  readonly bias: Values
}

interface Question {
  readonly stage: LastStage
  /** Of what the stage reads: centres, then radii, [2][input][stride]. */
  readonly box: Values
  /** Whole numbers, [stride]. */
  readonly labels: Values
  readonly classes: number
  readonly batch: Batch
  /** Targets, padded to a multiple of 4. */
  readonly each: number
}

/** Targets of a workgroup, which cuts their sums into parts. */
const TARGETS = 16

/** @returns [example · each + target], 0 for the label itself, whose difference is zero, and for padding targets */
export function intervalMargins(plan: Plan, tape: Tape | undefined, question: Question): Values {
  const { stage, box, labels, classes, batch, each } = question
  const { weight, bias } = stage
  const wantsGradient = tape !== undefined && [weight, bias, box].some((values) => values.wantsGradient)
  const margins = plan.values('margins', batch.size * each, wantsGradient)
  const { inputs, padded } = shapeOf(question)
  const parts = plan.target.team / TARGETS
  plan.run({
    name: 'interval margins',
    uses: { w: read(weight), b: read(bias), box: read(box), labels: read(labels, 'u32'), margins: write(margins) },
    ...{ workgroup: [TARGETS, parts, 1], groups: [batch.size, Math.ceil(each / TARGETS), 1] },
    declarations: `var<workgroup> sums: array<f32, ${TARGETS * parts}>;`,
    main: `  let e = group.x;
  let t = group.y * ${TARGETS}u + local.x;
  let label = labels[e];
  let isBound = t < ${classes}u;
  var sum = 0.0;
  if (isBound) {
    for (var k = local.y; k < ${inputs}u; k += ${parts}u) {
      let d = w[k * ${padded}u + t] - w[k * ${padded}u + label];
      let at = k * ${batch.stride}u + e;
      sum += d * box[at] + abs(d) * box[at + ${inputs * batch.stride}u];
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (local.y > 0u || t >= ${each}u) { return; }
  for (var part = 1u; part < ${parts}u; part++) { sum += sums[part * ${TARGETS}u + local.x]; }
  if (isBound) { sum += b[t] - b[label]; }
  margins[e * ${each}u + t] = sum;`,
  })
  if (wantsGradient) tape.record(() => carryBack(plan, question, margins))
  return margins
}

/** Numbers of inputs, and of classes in packed weights. */
function shapeOf({ stage, box, batch }: Question) {
  const padded = stage.bias.length
  return { inputs: box.length / (2 * batch.stride), padded }
}

function carryBack(plan: Plan, question: Question, margins: Values): void {
  const { stage, box, labels, classes, batch, each } = question
  const { weight, bias } = stage
  const { inputs, padded } = shapeOf(question)
  const { gradient } = margins
  if (!gradient) return
  const given = { g: read(gradient), w: read(weight), labels: read(labels, 'u32') }
  if (box.wantsGradient) {
    const target = intoGradient(box)
    plan.each(
      'interval margins, to the box',
      inputs * batch.stride,
      { ...given, dbox: target.use },
      `  let k = i / ${batch.stride}u;
  let e = i % ${batch.stride}u;
  var toCentre = 0.0;
  var toRadius = 0.0;
  if (e < ${batch.size}u) {
    let label = labels[e];
    for (var t = 0u; t < ${classes}u; t++) {
      if (t == label) { continue; }
      let d = w[k * ${padded}u + t] - w[k * ${padded}u + label];
      toCentre += g[e * ${each}u + t] * d;
      toRadius += g[e * ${each}u + t] * abs(d);
    }
  }
  dbox[i] ${target.assign} toCentre;
  dbox[i + ${inputs * batch.stride}u] ${target.assign} toRadius;`,
    )
  }
  if (!weight.wantsGradient) return
  const [toWeight, toBias] = [intoGradient(weight), intoGradient(bias)]
  // a last row of weights is the biases
  plan.each(
    'interval margins, to the weights',
    (inputs + 1) * padded,
    { ...given, box: read(box), dw: toWeight.use, db: toBias.use },
    `  let k = i / ${padded}u;
  let o = i % ${padded}u;
  var sum = 0.0;
  if (o < ${classes}u) {
    for (var e = 0u; e < ${batch.size}u; e++) {
      let label = labels[e];
      if (o != label) { sum += slope(k, e, o, label); continue; }
      for (var t = 0u; t < ${classes}u; t++) {
        if (t != label) { sum -= slope(k, e, t, label); }
      }
    }
  }
  if (k < ${inputs}u) { dw[i] ${toWeight.assign} sum; } else { db[o] ${toBias.assign} sum; }`,
    `fn slope(k: u32, e: u32, t: u32, label: u32) -> f32 {
  let flow = g[e * ${each}u + t];
  if (k == ${inputs}u) { return flow; }
  let at = k * ${batch.stride}u + e;
  return flow * (box[at] + sign(w[k * ${padded}u + t] - w[k * ${padded}u + label]) * box[at + ${inputs * batch.stride}u]);
}`,
  )
}
