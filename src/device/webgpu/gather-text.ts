/**
 * Products with weights where every thread collects its results: forward, y[o] = Σ W[o, i]·x[i], and transposed,
 * y[i] = Σ W[o, i]·x[o], summed over terms. Taps beyond the image's edge are skipped, and no atomics are needed.
 *
 * Of two halves, the second is a product with |W|: radii of boxes.
 */
import type { Shape } from '../../model/layers.ts'
import { type Extents, flopOf, groupOf } from './extents.ts'
import { type Use, read, update, write } from './kernel.ts'
import type { GradientTarget, Values } from './values.ts'

/** From a layer's inputs to its outputs, or back. */
export type Direction = 'forward' | 'transposed'

export interface GatherTerm {
  readonly extents: Extents
  /** [group][tap][input of the group][output of the group, padded to 4]. */
  readonly weight: Values
  /** [half][channel][y][x][row]. */
  readonly input: Values
  /** Where these are not positive, the input counts as zero: what lies behind a ReLU, on the way back. */
  readonly positive?: Values | undefined
}

export interface Gather {
  readonly name: string
  readonly direction: Direction
  readonly terms: readonly GatherTerm[]
  readonly into: GradientTarget
  /** A multiple of 4. */
  readonly rows: number
  readonly halves: 1 | 2
  /** Per channel, added to the first half's rows 0, every, 2·every … */
  readonly bias?: { readonly values: Values; readonly every: number } | undefined
  readonly relu: boolean
}

/** The shape of the results, and per term that of the inputs; channels per group on either side. */
export function sidesOf(direction: Direction, extents: Extents) {
  const { outChannels, outHeight, outWidth, inChannels, inHeight, inWidth, groups } = extents
  const outputs: Shape = { channels: outChannels, height: outHeight, width: outWidth }
  const inputs: Shape = { channels: inChannels, height: inHeight, width: inWidth }
  const [own, other] = direction === 'forward' ? [outputs, inputs] : [inputs, outputs]
  return { own, other, ownOfGroup: own.channels / groups, otherOfGroup: other.channels / groups }
}

export const gatherFlop = ({ terms, rows, halves }: Gather): number =>
  terms.reduce((sum, { extents }) => sum + halves * flopOf(extents, rows), 0)

/** Some WGSL, and the values that it uses. */
export interface GatherText {
  readonly uses: Readonly<Record<string, Use>>
  readonly declarations: string
}

/** Of each term: input…, what is read; place…, where a tap reads; product…, a whole sum. */
export function factorsOf(work: Gather): GatherText {
  const uses = work.terms.flatMap(({ weight, input, positive }, t): [string, Use][] => [
    [`w${t}`, read(weight, 'vec4f')],
    [`x${t}`, read(input, 'vec4f')],
    ...(positive ? [[`positive${t}`, read(positive, 'vec4f')] as [string, Use]] : []),
  ])
  const declarations = work.terms.map((term, t) => termText(work, term, t)).join('\n')
  return { uses: Object.fromEntries(uses), declarations }
}

/** `finish`, which adds what comes to a sum, and writes it. */
export function finishOf(work: Gather): GatherText {
  const { into, bias } = work
  const result = into.accumulate ? update(into.values, 'vec4f') : write(into.values, 'vec4f')
  return { uses: { ...(bias && { bias: read(bias.values) }), result }, declarations: finishText(work) }
}

export const together = (...texts: readonly GatherText[]): GatherText => ({
  uses: Object.assign({}, ...texts.map(({ uses }) => uses)) as GatherText['uses'],
  declarations: texts.map(({ declarations }) => declarations).join('\n'),
})

function termText({ direction, rows }: Gather, { extents, positive }: GatherTerm, t: number): string {
  const { own, other, ownOfGroup, otherOfGroup } = sidesOf(direction, extents)
  const { inputs, outputs } = groupOf(extents)
  const { kernel } = extents
  const weight = (input: string, output: string) =>
    `((group * ${kernel ** 2}u + ky * ${kernel}u + kx) * ${inputs}u + ${input}) * ${outputs}u + ${output}`
  const value = positive ? `select(vec4f(), x${t}[i], positive${t}[i] > vec4f())` : `x${t}[i]`
  return `fn input${t}(half: u32, channel: u32, place: u32, r: u32) -> vec4f {
  let i = ((half * ${other.channels}u + channel) * ${other.height * other.width}u + place) * ${rows / 4}u + r;
  return ${value};
}
fn place${t}(ky: u32, kx: u32, y: u32, x: u32) -> i32 {
${placeText[direction](extents)}
}
fn product${t}(half: u32, channel: u32, place: u32, r: u32) -> vec4f {
  let group = channel / ${ownOfGroup}u;
  let m = channel % ${ownOfGroup}u;
  var sum = vec4f();
  for (var ky = 0u; ky < ${kernel}u; ky++) {
    for (var kx = 0u; kx < ${kernel}u; kx++) {
      let at = place${t}(ky, kx, place / ${own.width}u, place % ${own.width}u);
      if (at < 0) { continue; }
      for (var k = 0u; k < ${otherOfGroup}u; k++) {
        let j = ${direction === 'forward' ? weight('k', 'm') : weight('m', 'k')};
        let w = w${t}[j / 4u][j % 4u];
        sum = fma(vec4f(select(w, abs(w), half == 1u)), input${t}(half, group * ${otherOfGroup}u + k, u32(at), r), sum);
      }
    }
  }
  return sum;
}`
}

/** Where a tap reads: the place on the other side, or −1 if there is none. */
const placeText = {
  forward: ({ stride, padding, inHeight, inWidth }: Extents) => `  let iy = i32(y * ${stride}u + ky) - ${padding};
  let ix = i32(x * ${stride}u + kx) - ${padding};
  return select(-1, iy * ${inWidth} + ix, iy >= 0 && iy < ${inHeight} && ix >= 0 && ix < ${inWidth});`,
  transposed: ({ stride, padding, outHeight, outWidth }: Extents) => `  let sy = i32(y) - i32(ky) + ${padding};
  let sx = i32(x) - i32(kx) + ${padding};
  let inside = sy >= 0 && sx >= 0 && sy < ${stride * outHeight} && sx < ${stride * outWidth};
  return select(-1, sy / ${stride} * ${outWidth} + sx / ${stride}, inside && sy % ${stride} == 0 && sx % ${stride} == 0);`,
}

/** WGSL: where four results of row `r` lie. */
export function indexOf({ direction, terms, rows }: Gather, half: string, channel: string, place: string): string {
  const { own } = sidesOf(direction, terms[0].extents)
  return `((${half} * ${own.channels}u + ${channel}) * ${own.height * own.width}u + ${place}) * ${rows / 4}u + r`
}

/** Adds what comes to a sum, and writes it. Unlike `max`, its ReLU lets NaN through, so that training notices it. */
function finishText(work: Gather): string {
  const { bias, relu, into } = work
  const centres = bias && bias.every > 1 ? ` && r % ${bias.every / 4}u == 0u` : ''
  const added = bias && (bias.every > 1 ? 'value.x += bias[channel];' : 'value += bias[channel];')
  return `fn finish(half: u32, channel: u32, place: u32, r: u32, sum: vec4f) {
  let i = ${indexOf(work, 'half', 'channel', 'place')};
  var value = sum;
  ${bias ? `if (half == 0u${centres}) { ${added} }` : ''}
  ${into.accumulate ? 'value += result[i];' : ''}
  result[i] = ${relu ? 'select(value, vec4f(), value <= vec4f())' : 'value'};
}`
}
