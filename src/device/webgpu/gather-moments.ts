/**
 * Means and deviations of channels over many images, micro-batch by micro-batch: those that a trained network keeps.
 *
 *   m ← m + δ·n/N,   S ← S + S' + δ²·(N − n)·n/N      δ = m' − m; m', S', n of the micro-batch, N images and places in all
 *
 * S is Σ (z − m)², which float32 holds where a mean of squares would lose it.
 * Source: Chan, Golub & LeVeque 1979.
 */
import type { Unnormalised } from './channels.ts'
import { padded } from './extents.ts'
import { read, update } from './kernel.ts'
import { TINY, overChannels, spread } from './over-channels.ts'
import type { Plan } from './plan.ts'
import { Values } from './values.ts'

/** What `gatherMoments` adds to: N, m and S of each channel, [3][channel], kept. */
export const gathered = (channels: number): Values =>
  new Values({ name: 'moments of many images', length: 3 * padded(channels), isKept: true }, false, () => {
    throw new RangeError('moments of many images have no gradient')
  })

/**
 * Adds a micro-batch's values to the moments of those before; they start anew where `step.micro` is 0.
 */
export function gatherMoments(plan: Plan, { z, channels, batch }: Unnormalised, into: Values): void {
  const of = { channels, width: z.length / channels, stride: batch.stride }
  const all = padded(channels)
  overChannels(plan, 'gather moments', of, {
    uses: { z: read(z, 'vec4f'), into: update(into) },
    main: `${spread}
  if (lane == 0u && isChannel) {
    var before = vec3f(into[c], into[c + ${all}u], into[c + ${2 * all}u]);
    if (step.micro == 0u) { before = vec3f(0.0); }
    let count = before.x + n;
    let apart = mean - before.y;
    into[c] = count;
    into[c + ${all}u] = before.y + apart * (n / count);
    into[c + ${2 * all}u] = before.z + spread + apart * apart * before.x * (n / count);
  }`,
  })
}

/** What has been gathered, for src/training/moments.ts. */
export function momentsOf(
  gatheredValues: Float32Array,
  channels: number,
): { mean: Float64Array; deviation: Float64Array } {
  const all = gatheredValues.length / 3
  const of = (what: number, c: number) => gatheredValues[what * all + c]
  return {
    mean: Float64Array.from({ length: channels }, (_, c) => of(1, c)),
    deviation: Float64Array.from({ length: channels }, (_, c) => Math.sqrt(of(2, c) / of(0, c) + TINY)),
  }
}
