/**
 * Bounds of a stage's neurons, and their relaxation.
 *
 *   interval [c − r, c + r];   where it leaves a neuron unstable: cut with an estimate, or with exact dual bounds
 *   slope d = 1 on, 0 off, u/(u − l) unstable;   gap l where unstable, else 0;   behind a ReLU: [relu l, relu u]
 *
 * Sound: no, not as it is rounded here: for training. Sources: Gowal et al. 2018, Wong et al. 2018, Li et al. 2019.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import type { ColumnShape } from './columns.ts'
import { type GradientUse, type Use, intoGradient, read, write } from './kernel.ts'
import { medianFunction } from './medians.ts'
import { finiteness } from './numerics.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** What else is known of neurons that an interval step leaves unstable. */
export type Tightening =
  /** Columns before the ReLU. Their medians say how far the neuron is from its centre. */
  | { readonly columns: Values; readonly shape: ColumnShape }
  /** Exact dual bounds, pair of lower and upper ends [2][neuron][stride]; of other neurons they may be anything. */
  | { readonly exact: Values }

export interface Unsettled {
  /** Pair of centre and radius before the ReLU, [2][neuron][stride]. */
  readonly box: Values
  readonly neurons: number
  readonly batch: Batch
  /** Whether a ReLU follows. */
  readonly relu: boolean
  readonly tightening?: Tightening | undefined
}

/** Pairs, [2][neuron][stride]. */
export interface Settled {
  /** Lower and upper ends. */
  readonly bounds: Values
  /** Slopes and gaps: 1 and 0 where no ReLU follows. */
  readonly lines: Values
  /** Centre and radius behind the stage: behind its ReLU, if it has one. */
  readonly behind: Values
}

/** Of each neuron and example, u32: bits 0 and 1 say that its lower and its upper end are not the interval's; `places` follow. */
type Origin = Values

/** One dispatch, and one back. */
export function settle(plan: Plan, tape: Tape | undefined, unsettled: Unsettled): Settled {
  const { box, neurons, batch, relu, tightening } = unsettled
  const count = neurons * batch.stride
  const wantsGradient = tape !== undefined && box.wantsGradient
  const [bounds, behind] = ['bounds', 'box behind'].map((name) => plan.values(name, 2 * count, wantsGradient))
  const lines = plan.values('lines', 2 * count, wantsGradient && relu)
  const origin: Origin | undefined = wantsGradient && tightening ? plan.values('origin of ends', count) : undefined
  plan.each(
    'settle',
    count,
    {
      box: read(box),
      ...(tightening && tighteningUse(tightening)),
      bounds: write(bounds),
      lines: write(lines),
      behind: write(behind),
      ...(origin && { origins: write(origin, 'u32') }),
    },
    `let centre = box[i];
  let radius = box[i + ${count}u];
  var l = centre - radius;
  var u = centre + radius;
  var origin = 0u;
  let example = i % ${batch.stride}u;
  if (l < 0.0 && u > 0.0 && example < ${batch.size}u) {
${tightening ? tighten(tightening, batch, count) : ''}
  }
  bounds[i] = l;
  bounds[i + ${count}u] = u;
${origin ? '  origins[i] = origin;' : ''}
${relu ? relaxed(count) : passed(count)}`,
    tightening ? functionsOf(tightening) : '',
  )
  if (wantsGradient) tape.record(() => settleAdjoint(plan, unsettled, { bounds, lines, behind }, origin))
  return { bounds, lines, behind }
}

const tighteningUse = (tightening: Tightening): Record<string, Use> =>
  'columns' in tightening ? { columns: read(tightening.columns, 'vec4f') } : { exact: read(tightening.exact) }

const functionsOf = (tightening: Tightening): string =>
  'columns' in tightening ? medianFunction(tightening.shape) : finiteness

function tighten(tightening: Tightening, { size, stride }: Batch, count: number): string {
  if ('exact' in tightening) {
    // sums that overflowed are no help
    return `    let below = exact[i];
    let above = exact[i + ${count}u];
    if (below > l && isFinite(below)) { l = below; origin |= 1u; }
    if (above < u && isFinite(above)) { u = above; origin |= 2u; }`
  }
  const quads = tightening.shape.width / 4
  return `    let row = (i / ${stride}u * ${size}u + example) * ${quads}u;
    let median = medianOf(row);
    let below = columns[row].x - median.distance;
    let above = columns[row].x + median.distance;
    let isBelow = below > l;
    let isAbove = above < u;
    // an estimate beside the interval is no help
    if (select(l, below, isBelow) <= select(u, above, isAbove)) {
      l = select(l, below, isBelow);
      u = select(u, above, isAbove);
      origin = u32(isBelow) | (u32(isAbove) << 1u) | (median.places << 2u);
    }`
}

/** Lines of a ReLU, and the box behind it. A slope is kept above 1e-20, so that it can be divided by. NaN stays NaN. */
const relaxed = (count: number) => `  let isUnstable = l < 0.0 && u > 0.0;
  let settled = select(select(l + u, 0.0, u <= 0.0), 1.0, l >= 0.0);
  lines[i] = select(settled, max(u / (u - l), 1e-20), isUnstable);
  lines[i + ${count}u] = select(select(l + u, 0.0, l >= 0.0 || u <= 0.0), l, isUnstable);
  // unlike max, these let NaN through
  let low = select(l, 0.0, l <= 0.0);
  let high = select(u, 0.0, u <= 0.0);
  behind[i] = 0.5 * (high + low);
  behind[i + ${count}u] = 0.5 * (high - low);`

const passed = (count: number) => `  lines[i] = 1.0;
  lines[i + ${count}u] = 0.0;
  behind[i] = 0.5 * (u + l);
  behind[i + ${count}u] = 0.5 * (u - l);`

/** What comes back to the ends of bounds, from all that was made of them, goes to where each end came from. */
function settleAdjoint(plan: Plan, unsettled: Unsettled, settled: Settled, origin: Origin | undefined): void {
  const { box, batch, relu, tightening, neurons } = unsettled
  const { bounds, lines, behind } = settled
  if (!bounds.gradient && !lines.gradient && !behind.gradient) return
  const count = neurons * batch.stride
  const toBox = intoGradient(box)
  const source = tightening && ('columns' in tightening ? tightening.columns : tightening.exact)
  const toSource = source?.wantsGradient ? intoGradient(source) : undefined
  plan.each(
    'settle, adjoint',
    count,
    {
      ...(relu && { bounds: read(bounds) }),
      ...(origin && { origins: read(origin, 'u32') }),
      ...(bounds.gradient && { fromBounds: read(bounds.gradient) }),
      ...(lines.gradient && { fromLines: read(lines.gradient) }),
      ...(behind.gradient && { fromBehind: read(behind.gradient) }),
      toBox: toBox.use,
      ...(toSource && { toSource: toSource.use }),
    },
    `var toLower = ${bounds.gradient ? 'fromBounds[i]' : '0.0'};
  var toUpper = ${bounds.gradient ? `fromBounds[i + ${count}u]` : '0.0'};
  ${relu ? `let l = bounds[i];\n  let u = bounds[i + ${count}u];` : ''}
${lines.gradient ? linesAdjoint(count) : ''}
${behind.gradient ? behindAdjoint(count, relu) : ''}
  ${origin ? 'let origin = origins[i];' : 'let origin = 0u;'}
  let isLower = (origin & 1u) != 0u;
  let isUpper = (origin & 2u) != 0u;
  let boxLower = select(toLower, 0.0, isLower);
  let boxUpper = select(toUpper, 0.0, isUpper);
  toBox[i] ${toBox.assign} boxUpper + boxLower;
  toBox[i + ${count}u] ${toBox.assign} boxUpper - boxLower;
  toLower = select(0.0, toLower, isLower);
  toUpper = select(0.0, toUpper, isUpper);
${toSource && tightening ? sourceAdjoint(tightening, toSource, batch, count) : ''}`,
  )
}

const linesAdjoint = (count: number) => `  if (l < 0.0 && u > 0.0) {
    let width = u - l;
    let scaled = fromLines[i] / width;
    toLower += fromLines[i + ${count}u] + scaled * (u / width);
    toUpper -= scaled * (l / width);
  }`

const behindAdjoint = (count: number, relu: boolean) => `
  let toCentre = fromBehind[i];
  let toRadius = fromBehind[i + ${count}u];
  toLower += ${relu ? 'select(0.0, 0.5 * (toCentre - toRadius), l > 0.0)' : '0.5 * (toCentre - toRadius)'};
  toUpper += ${relu ? 'select(0.0, 0.5 * (toCentre + toRadius), u > 0.0)' : '0.5 * (toCentre + toRadius)'};`

/** The centre takes both, the two columns in the middle half of the distance's each. */
function sourceAdjoint(tightening: Tightening, to: GradientUse, { size, stride }: Batch, count: number): string {
  if ('exact' in tightening) {
    return `  toSource[i] ${to.assign} toLower;\n  toSource[i + ${count}u] ${to.assign} toUpper;`
  }
  const { width } = tightening.shape
  return `  let example = i % ${stride}u;
  if (example >= ${size}u) { return; }
  let row = (i / ${stride}u * ${size}u + example) * ${width}u;
${to.assign === '+=' ? '' : `  for (var c = 0u; c < ${width}u; c++) { toSource[row + c] = 0.0; }`}
  if (!isLower && !isUpper) { return; }
  toSource[row] += toLower + toUpper;
  let share = 0.5 * (toUpper - toLower);
  for (var places = origin >> 2u; places != 0u; places >>= 15u) {
    toSource[row + ((places & 0x7fffu) >> 1u)] += select(share, -share, (places & 1u) != 0u);
  }`
}
