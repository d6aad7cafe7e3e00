/**
 * Where rows start: as weights of the layer whose outputs they are about, W[target] − W[label] for margins and W[o] for
 * neurons; their biases are what the sums start with.
 */
import type { Tape } from '../tape.ts'
import { groupOf } from './extents.ts'
import { intoGradient, type Use, read, spread, update, write } from './kernel.ts'
import type { BatchTerm } from './network.ts'
import type { Plan } from './plan.ts'
import { type RowSet, type RowSums, ofQuad, rowCount } from './rows.ts'
import type { Values } from './values.ts'
import type { Window } from './windows.ts'

interface Start {
  readonly term: Pick<BatchTerm, 'extents' | 'weight'>
  readonly rows: RowSet
  readonly sums: RowSums
}

/**
 * Rows of the margins: values [input][row] = W[target] − W[label], and b[target] − b[label] into the sums. Rows of the
 * label itself and of padding are 0.
 * @param term of a linear layer
 * @param bias [class, padded]
 * @param labels u32, [stride]
 */
export function startMargins(
  plan: Plan,
  tape: Tape | undefined,
  { term, bias, labels, rows, sums }: Start & { readonly bias: Values; readonly labels: Values },
): Values {
  const { weight } = term
  const { inChannels: inputs, outChannels: classes } = term.extents
  const { each } = rows
  const quads = rowCount(rows) / 4
  const values = plan.values('rows of margins', 4 * quads * inputs, wantsGradient(tape, weight, bias))
  plan.each(
    'start of margins',
    quads * (inputs + 1),
    {
      ...{ weight: read(weight), bias: read(bias), labels: read(labels, 'u32') },
      ...{ values: write(values, 'vec4f'), sums: update(sums.parts, 'vec4f') },
    },
    `  let quad = i % ${quads}u;
${ofQuad(rows)}
  let label = labels[example];
  let input = i / ${quads}u;
  var row = vec4f();
  for (var k = 0u; k < 4u; k++) {
    let goal = quad % ${each / 4}u * 4u + k;
    if (goal >= ${classes}u) { continue; }
    if (input < ${inputs}u) { row[k] = weight[input * ${each}u + goal] - weight[input * ${each}u + label]; }
    else { row[k] = bias[goal] - bias[label]; }
  }
  if (input < ${inputs}u) { values[i] = row; return; }
${firstPart(quads)}`,
  )
  tape?.record(() => {
    // the label's weights count in every row of the example but its own
    const declarations = `fn part(w: u32, sample: u32, out: u32) -> vec4f {
  let first = sample * ${each / 4}u;
  let label = labels[sample];
  var sum = rowAt(w, first + out);
  if (label / 4u != out) { return sum; }
  var others = 0.0;
  for (var goal = 0u; goal < ${classes}u; goal++) {
    if (goal != label) { others += rowAt(w, first + goal / 4u)[goal % 4u]; }
  }
  sum[label % 4u] = -others;
  return sum;
}
fn rowAt(w: u32, quad: u32) -> vec4f {
  if (w == ${inputs}u) { return ends[quad] + ends[${quads}u + quad]; }
  return gradient[w * ${quads}u + quad];
}`
    weightGradient(
      plan,
      { values, weight, bias, rows, sums },
      {
        ...{ weights: inputs, outputs: each / 4, uses: { labels: read(labels, 'u32') }, declarations },
      },
    )
  })
  return values
}

/**
 * Rows of every neuron of a stage: values [input channel][wy][wx][row] = W[o] at the place's tap, target o an output
 * channel, and b[o] into the sums. 0 beyond the kernel, in channels of other groups, and for o that are padding.
 * @param window of what the term reads (windows.ts)
 * @param bias [output channel, padded]; left out for the second and later terms of a residual sum
 * @param into rows over the same window that have come there from elsewhere, and that these are added to, in place
 */
export function startNeurons(
  plan: Plan,
  tape: Tape | undefined,
  { term, bias, window: seen, rows, sums, into }: NeuronStart,
): Values {
  const { extents, weight } = term
  // a whole layer may be flattened
  const whole = { height: extents.inHeight, width: extents.inWidth, offset: 0 }
  const window = seen.stride === 0 ? whole : seen
  const { inChannels, outChannels, kernel, padding, groups } = extents
  const { inputs, outputs } = groupOf(extents)
  const { each } = rows
  const quads = rowCount(rows) / 4
  const area = window.height * window.width
  const places = inChannels * area
  const parameters = bias ? [weight, bias] : [weight]
  const values = into ?? plan.values('rows of neurons', 4 * quads * places, wantsGradient(tape, ...parameters))
  // where the kernel lies in the window
  const shift = window.offset - padding
  plan.each(
    'start of neurons',
    quads * (places + (bias ? 1 : 0)),
    {
      ...{ weight: read(weight), values: into ? update(values, 'vec4f') : write(values, 'vec4f') },
      ...(bias && { bias: read(bias, 'vec4f'), sums: update(sums.parts, 'vec4f') }),
    },
    `  let quad = i % ${quads}u;
  let out = quad % ${each / 4}u;
  let place = i / ${quads}u;
${bias ? `  if (place == ${places}u) {\n  let row = bias[out];\n${firstPart(quads)}\n  return;\n  }` : ''}
  let channel = place / ${area}u;
  let y = i32(place % ${area}u / ${window.width}u) - ${shift};
  let x = i32(place % ${window.width}u) - ${shift};
  var row = vec4f();
  if (y >= 0 && y < ${kernel} && x >= 0 && x < ${kernel}) {
    let first = channel / ${inputs}u * ${outChannels / groups}u;
    let w = (channel / ${inputs}u * ${kernel * kernel}u + u32(y * ${kernel} + x)) * ${inputs}u + channel % ${inputs}u;
    for (var k = 0u; k < 4u; k++) {
      let o = 4u * out + k - first;
      if (o < ${outChannels / groups}u) { row[k] = weight[w * ${outputs}u + o]; }
    }
  }
  values[i] ${into ? '+=' : '='} row;`,
  )
  tape?.record(() => {
    const weights = groups * kernel * kernel * inputs
    const declarations = `fn part(w: u32, sample: u32, out: u32) -> vec4f {
  let first = sample * ${each / 4}u;
  if (w == ${weights}u) { return ends[first + out] + ends[${quads}u + first + out]; }
  let unit = w / ${inputs * kernel * kernel}u;
  let tap = w / ${inputs}u % ${kernel * kernel}u;
  let y = i32(tap / ${kernel}u) + ${shift};
  let x = i32(tap % ${kernel}u) + ${shift};
  if (y < 0 || y >= ${window.height} || x < 0 || x >= ${window.width}) { return vec4f(); }
  let place = ((unit * ${inputs}u + w % ${inputs}u) * ${window.height}u + u32(y)) * ${window.width}u + u32(x);
  let at = place * ${quads}u + first;
  ${groups === 1 ? 'return gradient[at + out];' : severalGroups(outChannels / groups)}
}`
    weightGradient(
      plan,
      { values, weight, bias, rows, sums },
      {
        ...{ weights, outputs: outputs / 4, uses: {}, declarations },
      },
    )
  })
  return values
}

interface NeuronStart extends Start {
  readonly bias?: Values | undefined
  readonly window: Window
  readonly into?: Values | undefined
}

/** WGSL: outputs of a group start anywhere among the rows. */
const severalGroups = (outputs: number) => `var row = vec4f();
  for (var k = 0u; k < 4u; k++) {
    let o = unit * ${outputs}u + 4u * out + k;
    if (4u * out + k < ${outputs}u) { row[k] = gradient[at + o / 4u][o % 4u]; }
  }
  return row;`

const wantsGradient = (tape: Tape | undefined, ...inputs: readonly Values[]) =>
  tape !== undefined && inputs.some((input) => input.wantsGradient)

/** WGSL: the first part of the sums. */
const firstPart = (quads: number) => `  sums[quad] = row;
  sums[${quads}u + quad] = vec4f();
  sums[${2 * quads}u + quad] = vec4f();`

interface Started {
  readonly values: Values
  readonly weight: Values
  readonly bias: Values | undefined
  readonly rows: RowSet
  readonly sums: RowSums
}

/** How rows flow back: `part(w, sample, out)` in WGSL, what those of a position and example add to weights 4·(w·outputs + out). */
interface Parts {
  readonly weights: number
  readonly outputs: number
  readonly uses: Readonly<Record<string, Use>>
  readonly declarations: string
}

/** Gradients of weights and, as those of weight number `weights`, of biases: sums over positions and examples. */
function weightGradient(plan: Plan, { values, weight, bias, rows, sums }: Started, parts: Parts): void {
  const { gradient } = values
  const ends = sums.ends.gradient
  if (!gradient || !ends) return
  const uses: Record<string, Use> = { gradient: read(gradient, 'vec4f'), ends: read(ends, 'vec4f'), ...parts.uses }
  const stores = { weight: '', bias: '' }
  if (weight.wantsGradient) {
    const { use, assign } = intoGradient(weight, 'vec4f')
    uses.toWeight = use
    stores.weight = `toWeight[w * ${parts.outputs}u + out] ${assign} sum;`
  }
  if (bias?.wantsGradient) {
    const { use, assign } = intoGradient(bias, 'vec4f')
    uses.toBias = use
    stores.bias = `toBias[out] ${assign} sum;`
  }
  if (!stores.weight && !stores.bias) return
  const { weights, outputs } = parts
  const [samples, all] = [rows.positions * rows.batch.size, rows.each / 4]
  const team = Math.min(128, plan.target.team)
  let wide = 1
  while (wide < all && wide < team / 2) wide *= 2
  const blocks = Math.ceil(all / wide)
  const { groups, part: index } = spread((weights + 1) * blocks)
  plan.run({
    ...{ name: 'gradient of where rows start', uses, groups, workgroup: [team, 1, 1] },
    declarations: `var<workgroup> slices: array<vec4f, ${team}>;\n${parts.declarations}`,
    main: `  let w = ${index} / ${blocks}u;
  let out = ${index} % ${blocks}u * ${wide}u + lane % ${wide}u;
  let isThere = (w < ${weights}u && out < ${outputs}u) || (w == ${weights}u && out < ${all}u);
  var sum = vec4f();
  if (isThere) {
    for (var sample = lane / ${wide}u; sample < ${samples}u; sample += ${team / wide}u) { sum += part(w, sample, out); }
  }
  slices[lane] = sum;
  workgroupBarrier();
  if (lane >= ${wide}u || !isThere) { return; }
  for (var slice = ${wide}u + lane; slice < ${team}u; slice += ${wide}u) { sum += slices[slice]; }
  if (w < ${weights}u) { ${stores.weight} } else { ${stores.bias} }`,
  })
}
