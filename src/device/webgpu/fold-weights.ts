/**
 * Batch normalisation done to weights: W/σ, with a σ for each output channel, packed as W. Back:
 *
 *   dW += dF/σ,   dσ −= Σ dF·F / σ      F the folded weights, summed over those of the channel
 *
 * Source: `fold` and `foldAdjoint` of src/training/moments.ts.
 */
import type { Tape } from '../tape.ts'
import { type Extents, groupOf } from './extents.ts'
import { intoGradient, read, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { summing } from './reduction.ts'
import type { Values } from './values.ts'

/** Packed weights, and the moments by whose deviations they are divided. */
export interface Folding {
  readonly weight: Values
  readonly extents: Extents
  readonly moments: Values
}

/** W/σ, packed as W. */
export function foldWeights(plan: Plan, tape: Tape | undefined, { weight, extents, moments }: Folding): Values {
  const wants = tape !== undefined && (weight.wantsGradient || moments.wantsGradient)
  const folded = plan.values('folded weights', weight.length, wants)
  plan.each(
    'fold weights',
    weight.length,
    { weight: read(weight), moments: read(moments), folded: write(folded) },
    `  let c = channelOf(i);
  folded[i] = 0.0;
  if (c < ${extents.outChannels}u) { folded[i] = weight[i] / moments[c + ${moments.length / 2}u]; }`,
    channelText(extents),
  )
  if (wants) tape.record(() => foldAdjoint(plan, { weight, extents, moments }, folded))
  return folded
}

/** `fn channelOf(i: u32) -> u32`: the output channel of a packed weight; too large in padding. */
function channelText(extents: Extents): string {
  const { outputs } = groupOf(extents)
  const [each, all] = [extents.outChannels / extents.groups, outputs * groupOf(extents).inputs * extents.kernel ** 2]
  return `fn channelOf(i: u32) -> u32 {
  let o = i % ${outputs}u;
  return select(${extents.outChannels}u, i / ${all}u * ${each}u + o, o < ${each}u);
}`
}

/** The gradient by W, and what W/σ says of σ: −Σ dW·(W/σ)/σ. A workgroup has four channels of a group. */
function foldAdjoint(plan: Plan, { weight, extents, moments }: Folding, folded: Values): void {
  const { gradient } = folded
  if (!gradient) return
  const { inputs, outputs } = groupOf(extents)
  const taps = inputs * extents.kernel ** 2
  const [each, all] = [extents.outChannels / extents.groups, moments.length / 2]
  const toWeight = weight.wantsGradient ? intoGradient(weight, 'vec4f') : undefined
  // nobody reads what is behind the last channel
  const toMoments = moments.wantsGradient ? intoGradient(moments) : undefined
  plan.run({
    ...{ name: 'fold weights, back', groups: [(extents.groups * outputs) / 4, 1, 1], ...summing(plan) },
    uses: {
      ...{ g: read(gradient, 'vec4f'), folded: read(folded, 'vec4f'), moments: read(moments) },
      ...(toWeight && { dw: toWeight.use }),
      ...(toMoments && { dMoments: toMoments.use }),
    },
    main: `  let four = group.x % ${outputs / 4}u;
  let part = group.x / ${outputs / 4}u;
  let channel = part * ${each}u + 4u * four;
  var factor = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) {
    if (4u * four + k < ${each}u) { factor[k] = 1.0 / moments[channel + k + ${all}u]; }
  }
  var sum = vec4f(0.0);
  for (var t = lane; t < ${taps}u; t += TEAM) {
    let i = (part * ${taps}u + t) * ${outputs / 4}u + four;
    sum = fma(g[i], folded[i], sum);
    ${toWeight ? `dw[i] ${toWeight.assign} g[i] * factor;` : ''}
  }
  for (var k = 0u; k < 4u; k++) {
    let total = sumOf(sum[k], lane);
    ${
      toMoments
        ? `if (lane == 0u && 4u * four + k < ${each}u) {
      dMoments[channel + k] ${toMoments.assign} 0.0;
      dMoments[channel + k + ${all}u] ${toMoments.assign} -total * factor[k];
    }`
        : ''
    }
  }`,
  })
}
