/**
 * Rows meet the ReLUs of a layer, in place, and leave what the relaxation and the biases add:
 *
 *   ν = slope ⊙ ν̂,   Σ ν·b,   Σ l[−ν]₊ (lower bound),   −Σ l[ν]₊ (upper bound)
 *
 * Sound: yes, but for float32 rounding. Source: Wong & Kolter 2018.
 */
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Tape } from '../tape.ts'
import { intoGradient, type Use, read, spread, update, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { summing } from './reduction.ts'
import { type RowSet, type RowSums, ofQuad, rowCount } from './rows.ts'
import type { Values } from './values.ts'
import { type Window, neuronOf, windowSize } from './windows.ts'

export interface RowsAtLayer {
  /** ν̂ over the window, [channel][wy][wx][row]. */
  readonly values: Values
  /** [2][neuron][stride]: slope, and l where unstable, else 0. Left out where there is no ReLU. */
  readonly lines?: Values | undefined
  /** [channel, padded]. */
  readonly bias: Values
  readonly shape: Shape
  readonly window: Window
  readonly rows: RowSet
  readonly sums: RowSums
}

/** @returns ν in the place of ν̂, 0 outside of the layer, with a gradient of its own */
export function rowsRelu(plan: Plan, tape: Tape | undefined, at: RowsAtLayer): Values {
  const { values, lines, bias, shape, window, rows, sums } = at
  const neurons = windowSize(shape, window)
  const quads = rowCount(rows) / 4
  const parts = sums.take(neurons)
  plan.each(
    'rows meet ReLUs',
    quads * parts.count,
    {
      ...{ values: update(values, 'vec4f'), bias: read(bias), sums: update(sums.parts, 'vec4f') },
      ...(lines && { lines: read(lines) }),
    },
    `  let quad = i % ${quads}u;
${ofQuad(rows)}
  let first = i / ${quads}u * ${parts.size}u;
  var constant = vec4f();
  var lower = vec4f();
  var upper = vec4f();
  for (var n = first; n < min(first + ${parts.size}u, ${neurons}u); n++) {
    var value = vec4f();
    let neuron = neuronOf(n, position);
    if (neuron >= 0) {
      let line = u32(neuron) * ${rows.batch.stride}u + example;
      let slope = ${lines ? 'lines[line]' : '1.0'};
      let gap = ${lines ? `lines[${sizeOf(shape) * rows.batch.stride}u + line]` : '0.0'};
      value = slope * values[n * ${quads}u + quad];
      constant += bias[n / ${window.height * window.width}u] * value;
      lower += gap * max(-value, vec4f());
      upper -= gap * max(value, vec4f());
    }
    values[n * ${quads}u + quad] = value;
  }
  let at = (${parts.first}u + i / ${quads}u) * ${3 * quads}u + quad;
  sums[at] = constant;
  sums[at + ${quads}u] = lower;
  sums[at + ${2 * quads}u] = upper;`,
    neuronOf(shape, window),
  )
  const wants = tape !== undefined && [values, lines, bias].some((input) => input?.wantsGradient)
  const result = plan.view(values, wants)
  if (wants) tape.record(() => adjoint(plan, result, at))
  return result
}

/** Threads of a workgroup. Several sum over the rows of one neuron and example. */
const THREADS = 64

/**
 * Every place of the layer, and around it of the windows, goes through the positions that see it. So each row of each
 * window is written once, and what flows back to a neuron's lines is summed where it is found.
 */
function adjoint(plan: Plan, result: Values, { values, lines, bias, shape, window, rows, sums }: RowsAtLayer): void {
  const { gradient } = result
  const ends = sums.ends.gradient
  if (!gradient || !ends) return
  const { size, stride } = rows.batch
  const { channels, height, width } = shape
  const [all, quads] = [rowCount(rows) / 4, rows.each / 4]
  const uses: Record<string, Use> = {
    ...{ nu: read(result, 'vec4f'), gradient: read(gradient, 'vec4f'), ends: read(ends, 'vec4f') },
    bias: read(bias),
  }
  if (lines) uses.lines = read(lines)
  let [toRow, outside, toLines, toBias] = ['', '', '', '']
  if (values.wantsGradient) {
    const { use, assign } = intoGradient(values, 'vec4f')
    uses.below = use
    toRow = `below[at] ${assign} slope * g;`
    outside = `below[at] ${assign} vec4f();`
  }
  if (lines?.wantsGradient) {
    const { use, assign } = intoGradient(lines)
    uses.toLines = use
    toLines = `toLines[line] ${assign} select(0.0, sum.x / slope, slope > 0.0);
  toLines[line + ${sizeOf(shape) * stride}u] ${assign} sum.y;`
  }
  const biases = bias.wantsGradient ? plan.values('parts of a gradient of biases', sizeOf(shape) * stride) : undefined
  if (biases) {
    uses.toBias = write(biases)
    toBias = 'toBias[line] = sum.z;'
  }
  // threads of a neuron and example, and the places around the layer that windows see
  let wide = 1
  while (wide < quads && wide < 32) wide *= 2
  const margin = window.stride === 0 ? 0 : window.offset
  const down = rows.positions / window.across
  const beyond = (layer: number, positions: number, seen: number) =>
    Math.max(layer, (positions - 1) * window.stride + seen - window.offset) + margin
  const extent = { height: beyond(height, down, window.height), width: beyond(width, window.across, window.width) }
  const items = channels * extent.height * extent.width * stride
  const { groups, part: index } = spread(Math.ceil((items * wide) / THREADS))
  plan.run({
    ...{ name: 'gradient of rows at ReLUs', uses, groups, workgroup: [THREADS, 1, 1] },
    declarations: `var<workgroup> found: array<vec3f, ${THREADS}>;
${seenFrom('down', down, window.height, window)}
${seenFrom('across', window.across, window.width, window)}`,
    main: `  let item = (${index} * ${THREADS}u + lane) / ${wide}u;
  let isThere = item < ${items}u;
  let example = item % ${stride}u;
  let x = i32(item / ${stride}u % ${extent.width}u) - ${margin};
  let y = i32(item / ${stride * extent.width}u % ${extent.height}u) - ${margin};
  let channel = item / ${stride * extent.width * extent.height}u;
  let isInside = isThere && x >= 0 && x < ${width} && y >= 0 && y < ${height};
  let line = select(0u, ((channel * ${height}u + u32(y)) * ${width}u + u32(x)) * ${stride}u + example, isInside);
  let slope = select(0.0, ${lines ? 'lines[line]' : '1.0'}, isInside);
  let gap = ${lines ? `select(0.0, lines[${sizeOf(shape) * stride}u + line], isInside)` : '0.0'};
  let offset = bias[min(channel, ${channels - 1}u)];
  var sum = vec3f();
  if (isThere && example < ${size}u) {
    let rowsDown = down(y);
    let rowsAcross = across(x);
    for (var py = rowsDown.x; py < rowsDown.y; py++) {
      for (var px = rowsAcross.x; px < rowsAcross.y; px++) {
        let wy = y + ${window.offset} - py * ${window.stride};
        let wx = x + ${window.offset} - px * ${window.stride};
        let n = (channel * ${window.height}u + u32(wy)) * ${window.width}u + u32(wx);
        let first = (u32(py * ${window.across} + px) * ${size}u + example) * ${quads}u;
        for (var quad = first + lane % ${wide}u; quad < first + ${quads}u; quad += ${wide}u) {
          let at = n * ${all}u + quad;
          if (!isInside) {
            ${outside}
            continue;
          }
          let value = nu[at];
          let toLower = ends[quad];
          let toUpper = ends[${all}u + quad];
          let toConstant = toLower + toUpper;
          var g = gradient[at] + offset * toConstant;
          sum.z += dot(toConstant, value);
          if (gap != 0.0) {
            sum.y += dot(toLower, max(-value, vec4f())) - dot(toUpper, max(value, vec4f()));
            g -= gap * (select(vec4f(), toUpper, value > vec4f()) + select(vec4f(), toLower, value < vec4f()));
            sum.x += dot(g, value);
          }
          ${toRow}
        }
      }
    }
  }
  found[lane] = sum;
  workgroupBarrier();
  if (lane % ${wide}u != 0u || !isInside) { return; }
  for (var other = lane + 1u; other < lane + ${wide}u; other++) { sum += found[other]; }
  ${toLines}
  ${toBias}`,
  })
  if (biases) sumChannels(plan, biases, bias, channels)
}

/** WGSL: the positions, from the first to before the last, whose windows hold a line (or a column) of the layer. */
const seenFrom = (name: string, positions: number, seen: number, { stride, offset }: Window) =>
  stride === 0
    ? `fn ${name}(y: i32) -> vec2i { return vec2i(0, ${positions}); }`
    : `fn ${name}(y: i32) -> vec2i {
  let before = y + ${offset - seen};
  let first = select((before + ${stride}) / ${stride}, 0, before < 0);
  return vec2i(first, min((y + ${offset}) / ${stride} + 1, ${positions}));
}`

/** The gradient of a bias: sums over the places and examples of its channel. */
function sumChannels(plan: Plan, parts: Values, bias: Values, channels: number): void {
  const { use, assign } = intoGradient(bias)
  const each = parts.length / channels
  plan.run({
    name: 'gradient of biases',
    uses: { parts: read(parts), toBias: use },
    groups: [bias.length, 1, 1],
    ...summing(plan),
    main: `  var sum = 0.0;
  if (group.x < ${channels}u) {
    for (var at = lane; at < ${each}u; at += TEAM) { sum += parts[group.x * ${each}u + at]; }
  }
  let total = sumOf(sum, lane);
  if (lane == 0u) { toBias[group.x] ${assign} total; }`,
  })
}
