/**
 * The median of the magnitudes of a neuron's columns, which estimates how far the neuron can be from its centre
 * (src/bounds/projections.ts); of an even number the mean of the two in the middle.
 *
 * One thread keeps all columns in registers and halves an interval of bits: magnitudes of floats are ordered as their bits
 * are. A threshold with half of the columns below it is found in about 13 steps, since two neighbours in the middle of 50 random
 * numbers are some 2 % apart.
 */
import type { ColumnShape } from './columns.ts'

/** The most columns that fit into `places`. */
export const MOST_COLUMNS = 2 ** 14 - 1

/**
 * `medianOf(row: u32) -> Median` for a binding `columns` of vec4f, in which the columns of a neuron and example start at
 * `row`. `places` are the two columns in the middle, which share the median's gradient: each 15 bits, column · 2 + sign,
 * the first column of those that are equal.
 * @throws RangeError for more than 16,383 columns
 */
export function medianFunction({ dimension, width }: ColumnShape): string {
  if (dimension > MOST_COLUMNS) throw new RangeError(`${dimension} columns: at most ${MOST_COLUMNS}`)
  const half = (dimension + 1) >> 1
  const quads = Array.from({ length: width / 4 }, (_, q) => q)
  // above all magnitudes: what is no error is never in the middle
  const mask = (q: number) =>
    [0, 1, 2, 3].map((c) => (4 * q + c < 1 || 4 * q + c > dimension ? '0xffffffffu' : '0u')).join(', ')
  const columnsOf = (q: number) => `vec4u(${[0, 1, 2, 3].map((c) => `${4 * q + c}u`).join(', ')})`
  const each = (line: (q: number) => string) => quads.map((q) => `  ${line(q)}`).join('\n')
  return /* wgsl */ `
struct Median { distance: f32, places: u32 }

fn leastOf(x: vec4u) -> u32 { return min(min(x.x, x.y), min(x.z, x.w)); }
fn signed(row: u32, column: u32) -> u32 { return 2u * column + u32(columns[row + column / 4u][column % 4u] < 0.0); }

fn medianOf(row: u32) -> Median {
  let nothing = vec4u(0xffffffffu);
${each((q) => `let m${q} = (bitcast<vec4u>(columns[row + ${q}u]) & vec4u(0x7fffffffu)) | vec4u(${mask(q)});`)}
  // the least bits that half of the columns do not exceed are in [low, high]; reached: columns that do not exceed high
  var low = 0u;
  var high = 0x7fffffffu;
  var reached = ${dimension}u;
  while (low < high) {
    let middle = low + (high - low) / 2u;
    var counts = vec4u(0u);
${each((q) => `  counts += select(vec4u(0u), vec4u(1u), m${q} <= vec4u(middle));`)}
    let count = counts.x + counts.y + counts.z + counts.w;
    if (count < ${half}u) { low = middle + 1u; continue; }
    high = middle;
    reached = count;
    if (count == ${half}u) { break; }
  }
  // the largest that does not exceed it, and the least that does
  var largest = vec4u(0u);
  var least = nothing;
${each(
  (q) => `largest = max(largest, select(vec4u(0u), m${q}, m${q} <= vec4u(high)));
  least = min(least, select(nothing, m${q}, m${q} > vec4u(high)));`,
)}
  let lower = max(max(largest.x, largest.y), max(largest.z, largest.w));
  let upper = ${dimension % 2 === 1 ? 'lower' : `select(leastOf(least), lower, reached > ${half}u)`};
  var first = nothing;
${each((q) => `first = min(first, select(nothing, ${columnsOf(q)}, m${q} == vec4u(lower)));`)}
  let place = leastOf(first);
  var second = nothing;
${each((q) => `second = min(second, select(nothing, ${columnsOf(q)}, (m${q} == vec4u(upper)) & (${columnsOf(q)} != vec4u(place))));`)}
  let other = min(leastOf(second), select(place, 0xfffffffeu, leastOf(second) != 0xffffffffu));
  return Median(0.5 * (bitcast<f32>(lower) + bitcast<f32>(upper)), signed(row, place) | (signed(row, other) << 15u));
}
`
}
