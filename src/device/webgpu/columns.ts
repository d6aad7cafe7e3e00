/**
 * Columns of random projections, on their way from the image through a relaxed network (src/bounds/projections.ts says what
 * they are for; here are those of ℓ∞ balls). They lie [neuron][example · width + column]: column 0 is the centre, 1 to k hold
 * errors, the padding is zero. Layers between are products like any other (affine.ts), of size · width rows.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import { intoGradient, read, spread, update, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { type RandomUse, randomFunctions, streamOf } from './random.ts'
import type { Values } from './values.ts'

export interface ColumnShape {
  readonly batch: Batch
  /** k: columns of errors. */
  readonly dimension: number
  /** 1 + k, padded to a multiple of 4. */
  readonly width: number
}

export const columnShape = (batch: Batch, dimension: number): ColumnShape => ({
  batch,
  dimension,
  width: (1 + dimension + 3) & ~3,
})

/** Random errors of a network's columns: those of f or of its reference. */
export interface ErrorSource {
  readonly shape: ColumnShape
  /** Each example's index in its data set, u32 [stride]: the same image draws the same numbers wherever it lies. */
  readonly identifiers: Values
  readonly stream: Extract<RandomUse, 'projection' | 'reference'>
}

/** What the image's errors are named by; a stage's by its number + 1. */
const IMAGE = 0

/**
 * `errorsOf(neuron, q, identifier) -> vec4f`: the errors of columns 4q to 4q + 3. Column 0 has 1, which is what its half gap
 * is multiplied by; the padding has 0.
 */
const errorFunctions = ({ shape, stream }: ErrorSource, place: number) => /* wgsl */ `${randomFunctions}
fn errorsOf(neuron: u32, q: u32, identifier: u32) -> vec4f {
  let key = vec2u(step.${stream}Seed, ${streamOf(stream, place)}u);
  let column = vec4u(4u * q) + vec4u(0u, 1u, 2u, 3u);
  let errors = cauchy(philox(key, vec4u(neuron, q, identifier, 0u)));
  return select(select(errors, vec4f(0.0), column > vec4u(${shape.dimension}u)), vec4f(1.0), column == vec4u(0u));
}
`

/** WGSL that says which four columns number `i` is: q, example, neuron, and the place of both in values per example. */
const placeOf = ({ batch: { size, stride }, width }: ColumnShape) => `
  let q = i % ${width / 4}u;
  let example = i / ${width / 4}u % ${size}u;
  let neuron = i / ${(size * width) / 4}u;
  let place = neuron * ${stride}u + example;`

/**
 * Columns over a box around the images: the centre, and per column radius · error.
 * @param box pair, [2][input][stride]
 */
export function startColumns(plan: Plan, source: ErrorSource, box: Values): Values {
  const { shape, identifiers } = source
  const { size, stride } = shape.batch
  const inputs = box.length / (2 * stride)
  const columns = plan.values('columns of the image', inputs * size * shape.width)
  plan.each(
    'start columns',
    columns.length / 4,
    { box: read(box), identifiers: read(identifiers, 'u32'), columns: write(columns, 'vec4f') },
    `${placeOf(shape)}
  var value = box[place + ${box.length / 2}u] * errorsOf(neuron, q, identifiers[example]);
  if (q == 0u) { value.x = box[place]; }
  columns[i] = value;`,
    errorFunctions(source, IMAGE),
  )
  return columns
}

/** Columns before a ReLU, and how it is relaxed. */
export interface RelaxedColumns {
  readonly columns: Values
  /** Pair, slope d and gap l, [2][neuron][stride]. */
  readonly lines: Values
  /** Names the random numbers. */
  readonly stage: number
}

/**
 * Columns behind a relaxed ReLU, in the place of those before it: d·z, and where it is unstable + h in column 0 and
 * + h · error in the others, h = −d·l/2. What is off becomes zero. Nothing that runs later may read them as they were.
 */
export function columnsRelu(plan: Plan, tape: Tape | undefined, source: ErrorSource, relaxed: RelaxedColumns): void {
  const { columns, lines, stage } = relaxed
  const { shape, identifiers } = source
  plan.each(
    'columns behind a ReLU',
    columns.length / 4,
    { lines: read(lines), identifiers: read(identifiers, 'u32'), columns: update(columns, 'vec4f') },
    `${placeOf(shape)}
  let slope = lines[place];
  let gap = lines[place + ${lines.length / 2}u];
  if (slope == 0.0) {
    columns[i] = vec4f(0.0);
  } else if (gap != 0.0) {
    columns[i] = slope * columns[i] - (0.5 * slope * gap) * errorsOf(neuron, q, identifiers[example]);
  }`,
    errorFunctions(source, stage + 1),
  )
  tape?.record(() => reluAdjoint(plan, source, relaxed))
}

/** Most threads that share the columns of one neuron and example. */
const MOST_LANES = 64
const THREADS = 128

/**
 * With y = d·(z − l/2 · error): dz = d·dy, in the place of dy; dd = Σ y·dy / d; dl = −d/2 · Σ error·dy. Neighbouring threads
 * take neighbouring columns, and the first of those of an example adds up what they found.
 */
function reluAdjoint(plan: Plan, source: ErrorSource, { columns, lines, stage }: RelaxedColumns): void {
  const { gradient } = columns
  if (!gradient) return
  const { size, stride } = source.shape.batch
  const quads = source.shape.width / 4
  const lanes = Math.min(quads, MOST_LANES)
  const together = Math.floor(THREADS / lanes)
  const count = lines.length / 2
  const { use: toLines, assign } = intoGradient(lines)
  const { groups, part } = spread(Math.ceil(count / together))
  plan.run({
    name: 'columns behind a ReLU, adjoint',
    uses: {
      columns: read(columns, 'vec4f'),
      lines: read(lines),
      identifiers: read(source.identifiers, 'u32'),
      gradient: update(gradient, 'vec4f'),
      toLines,
    },
    workgroup: [together * lanes, 1, 1],
    groups,
    declarations: `${errorFunctions(source, stage + 1)}
var<workgroup> parts: array<vec2f, ${together * lanes}>;`,
    main: `
  let first = lane % ${lanes}u;
  let place = ${part} * ${together}u + lane / ${lanes}u;
  let neuron = place / ${stride}u;
  let example = place % ${stride}u;
  var slope = 1.0;
  var sums = vec2f(0.0);
  if (place < ${count}u && example < ${size}u) {
    slope = lines[place];
    let isUnstable = lines[place + ${count}u] != 0.0;
    let row = (neuron * ${size}u + example) * ${quads}u;
    if (slope == 0.0) {
      for (var q = first; q < ${quads}u; q += ${lanes}u) { gradient[row + q] = vec4f(0.0); }
    } else if (isUnstable) {
      for (var q = first; q < ${quads}u; q += ${lanes}u) {
        let dy = gradient[row + q];
        sums += vec2f(dot(columns[row + q], dy), dot(errorsOf(neuron, q, identifiers[example]), dy));
        gradient[row + q] = slope * dy;
      }
    }
  }
  parts[lane] = sums;
  workgroupBarrier();
  if (first != 0u || place >= ${count}u) { return; }
  for (var other = 1u; other < ${lanes}u; other++) { sums += parts[lane + other]; }
  toLines[place] ${assign} select(sums.x / slope, 0.0, slope == 0.0);
  toLines[place + ${count}u] ${assign} -0.5 * slope * sums.y;`,
  })
}
