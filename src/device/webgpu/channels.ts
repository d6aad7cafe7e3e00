/**
 * Batch normalisation of a stage on a micro-batch, z = Σ W·x without biases, over its clean images and places:
 *
 *   μ = mean z,  σ = √(variance z + 10⁻⁵)        folded:  W/σ  and  b − μ/σ        behind the ReLU:  max(0, z/σ + b − μ/σ)
 *
 * What flows back to the folded weights (fold-weights.ts) flows on to W, and through μ and σ to z.
 * Source: src/training/batch-norm.ts.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import { padded } from './extents.ts'
import { intoGradient, read, write } from './kernel.ts'
import { type Channels, TINY, forEach, overChannels, spread } from './over-channels.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** Values that are to be normalised. */
export interface Unnormalised {
  /** Without biases, [channel][place][stride]. */
  readonly z: Values
  readonly channels: number
  readonly batch: Batch
}

/** Per channel, padded to a multiple of 4. */
export interface Normalised {
  /** μ, then σ, [2][channel]. */
  readonly moments: Values
  /** b − μ/σ. */
  readonly bias: Values
  /** [channel][place][stride], zeros in padding. */
  readonly value: Values
}

/**
 * Moments over the first `step.count` examples, and the normalised values with bias, behind a ReLU if there is one.
 * @param bias per channel, padded to a multiple of 4
 */
export function normalise(
  plan: Plan,
  tape: Tape | undefined,
  { z, channels, batch, bias, relu }: Unnormalised & { readonly bias: Values; readonly relu: boolean },
): Normalised {
  const wants = tape !== undefined && (z.wantsGradient || bias.wantsGradient)
  const all = padded(channels)
  const results = {
    moments: plan.values('moments', 2 * all, wants),
    bias: plan.values('folded biases', all, wants),
    value: plan.values('normalised values', z.length, wants),
  }
  const { moments, bias: shift, value } = results
  const of = { channels, width: z.length / channels, stride: batch.stride }
  // unlike max, this ReLU lets NaN through
  overChannels(plan, 'normalise channels', of, {
    uses: {
      ...{ z: read(z, 'vec4f'), bias: read(bias) },
      ...{ moments: write(moments), shift: write(shift), value: write(value, 'vec4f') },
    },
    main: `${spread}
  let deviation = sqrt(spread / n + ${TINY});
  let moved = select(0.0, bias[c] - mean / deviation, isChannel);
  if (lane == 0u) {
    moments[c] = mean;
    moments[c + ${all}u] = deviation;
    shift[c] = moved;
  }
  ${forEach(`let y = ${normalised('moved')};
    value[i] = select(vec4f(), y, real${relu ? ' & !(y <= vec4f())' : ''});`)}`,
  })
  if (wants) tape.record(() => normaliseAdjoint(plan, { z, bias, relu, of }, results))
  return results
}

/** What the way back needs of the way there. */
interface Recorded {
  readonly z: Values
  readonly bias: Values
  readonly relu: boolean
  readonly of: Channels
}

function normaliseAdjoint(
  plan: Plan,
  { z, bias, relu, of }: Recorded,
  { moments, bias: shift, value }: Normalised,
): void {
  const all = padded(of.channels)
  const [dy, dShift, dMoments] = [value, shift, moments].map(({ gradient }) => gradient)
  if (!dy && !dShift && !dMoments) return
  const dz = z.wantsGradient ? intoGradient(z, 'vec4f') : undefined
  const dBias = bias.wantsGradient ? intoGradient(bias) : undefined
  const isOn = relu ? `real & (${normalised('shift[c]')} > vec4f())` : 'real'
  const back = dy ? `let d = select(vec4f(), dy[i], ${isOn});` : 'let d = vec4f();'
  overChannels(plan, 'normalise channels, back', of, {
    uses: {
      ...{ z: read(z, 'vec4f'), moments: read(moments), ...(relu && dy && { shift: read(shift) }) },
      ...{ ...(dy && { dy: read(dy, 'vec4f') }), ...(dShift && { dShift: read(dShift) }) },
      ...(dMoments && { dMoments: read(dMoments) }),
      ...(dz && { dz: dz.use }),
      ...(dBias && { dBias: dBias.use }),
    },
    main: `  let mean = moments[c];
  let deviation = moments[c + ${all}u];
  var sum = vec4f();
  var product = vec4f();
  ${dy ? forEach(`${back} sum += d; product = fma(d, (z[i] - mean) / deviation, product);`) : ''}
  let toShift = ${dShift ? 'dShift[c]' : '0.0'};
  let toBias = toShift + total(sum, lane);
  let toMean = ${dMoments ? 'dMoments[c]' : '0.0'} - toBias / deviation;
  let toDeviation = ${dMoments ? `dMoments[c + ${all}u]` : '0.0'}
    + (toShift * mean / deviation - total(product, lane)) / deviation;
  ${dBias ? `if (lane == 0u) { dBias[c] ${dBias.assign} select(0.0, toBias, isChannel); }` : ''}
  ${
    dz
      ? forEach(`${back}
    let through = (toMean + toDeviation * (z[i] - mean) / deviation) / n;
    dz[i] ${dz.assign} select(vec4f(), d / deviation + through, real);`)
      : ''
  }`,
  })
}

/** With the same rounding on both ways. */
const normalised = (shift: string) => `fma(z[i], vec4f(1.0 / deviation), vec4f(${shift}))`
