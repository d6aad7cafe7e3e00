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
import { type Channels, TINY, forEach, overChannels } from './over-channels.ts'
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
  const normalised = {
    moments: plan.values('moments', 2 * all, wants),
    bias: plan.values('folded biases', all, wants),
    value: plan.values('normalised values', z.length, wants),
  }
  const { moments, bias: shift, value } = normalised
  const of = { channels, width: z.length / channels, stride: batch.stride }
  overChannels(plan, 'normalise channels', of, {
    uses: { z: read(z), bias: read(bias), moments: write(moments), shift: write(shift), value: write(value) },
    main: `  var sum = 0.0;
  ${forEach('sum += z[i];')}
  let mean = sumOf(sum, lane) / n;
  var squares = 0.0;
  ${forEach('let d = z[i] - mean; squares = fma(d, d, squares);')}
  let deviation = sqrt(sumOf(squares, lane) / n + ${TINY});
  let moved = select(0.0, bias[c] - mean / deviation, isChannel);
  if (lane == 0u) {
    moments[c] = mean;
    moments[c + ${all}u] = deviation;
    shift[c] = moved;
  }
  ${forEach(`value[i] = ${relu ? 'max(0.0, fma(z[i], 1.0 / deviation, moved))' : 'fma(z[i], 1.0 / deviation, moved)'};`, 'value[i] = 0.0;')}`,
  })
  if (wants) tape.record(() => normaliseAdjoint(plan, { z, bias, relu, of }, normalised))
  return normalised
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
  const came = { dy: value.gradient, dShift: shift.gradient, dMoments: moments.gradient }
  const arrived = Object.entries(came).flatMap(([name, values]) => (values ? [[name, read(values)] as const] : []))
  if (arrived.length === 0) return
  const [dz, dBias] = [z, bias].map((values) => (values.wantsGradient ? intoGradient(values) : undefined))
  const { dy, dShift, dMoments } = came
  const isOn = relu ? 'fma(z[i], 1.0 / deviation, shift[c]) > 0.0' : 'true'
  const backAt = dy ? `select(0.0, dy[i], ${isOn})` : '0.0'
  overChannels(plan, 'normalise channels, back', of, {
    uses: {
      ...{ z: read(z), moments: read(moments), ...(relu && dy && { shift: read(shift) }) },
      ...Object.fromEntries(arrived),
      ...(dz && { dz: dz.use }),
      ...(dBias && { dBias: dBias.use }),
    },
    main: `  let mean = moments[c];
  let deviation = moments[c + ${all}u];
  var sum = 0.0;
  var product = 0.0;
  ${dy ? forEach(`let d = ${backAt}; sum += d; product = fma(d, (z[i] - mean) / deviation, product);`) : ''}
  let toShift = ${dShift ? 'dShift[c]' : '0.0'};
  let toBias = toShift + sumOf(sum, lane);
  let toMean = ${dMoments ? 'dMoments[c]' : '0.0'} - toBias / deviation;
  let toDeviation = ${dMoments ? `dMoments[c + ${all}u]` : '0.0'}
    + (toShift * mean / deviation - sumOf(product, lane)) / deviation;
  ${dBias ? `if (lane == 0u) { dBias[c] ${dBias.assign} select(0.0, toBias, isChannel); }` : ''}
  ${
    dz
      ? forEach(
          `dz[i] ${dz.assign} ${backAt} / deviation + (toMean + toDeviation * (z[i] - mean) / deviation) / n;`,
          dz.assign === '+=' ? '' : 'dz[i] = 0.0;',
        )
      : ''
  }`,
  })
}
