/**
 * ℓ∞ balls around images, as boxes in normalised units: centre, then radius, [2][input][stride].
 *
 *   [max(low, x − r), min(high, x + r)]      r = ε/deviation, low and high the ends of the pixels, 0 and 1, normalised
 *
 * In the domain 'unbounded' the ball is whole. Source: src/bounds/chunk.ts, which also rounds outwards: certificates need
 * that, training does not.
 */
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Domain } from '../../region/domain.ts'
import type { Batch } from './batch.ts'
import { read, write } from './kernel.ts'
import { perChannel } from './literals.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** Per input channel: a pixel p enters the first stage as (p − mean) / deviation. */
export type Normalisation = readonly { readonly mean: number; readonly deviation: number }[]

export interface DeviceBall {
  readonly domain: Domain
  /** The radius over `step.epsilon`, 1 if left out. */
  readonly factor?: number
  /** Of a radius for each input: its share of `step.epsilon`, kept, [input]. */
  readonly shares?: Values
}

/** What balls need to know of the images. */
export interface ImageUnits {
  readonly shape: Shape
  readonly normalisation: Normalisation
  readonly batch: Batch
}

/**
 * Balls of the radius `step.epsilon` · factor around images.
 * @param pixels normalised, [input][stride]
 * @returns centre and radius, [2][input][stride]; radius 0 in padding
 */
export function ballsAround(plan: Plan, pixels: Values, ball: DeviceBall, units: ImageUnits): Values {
  const { shape, batch } = units
  const length = sizeOf(shape) * batch.stride
  const box = plan.values('balls', 2 * length)
  plan.each(
    'balls around images',
    length,
    { pixels: read(pixels), ...(ball.shares && { shares: read(ball.shares) }), box: write(box) },
    `let e = i % ${batch.stride}u;
  let j = i / ${batch.stride}u;
  var ball = vec2f(0.0);
  if (e < step.count) { ball = ballAround(pixels[i], j); }
  box[i] = ball.x;
  box[i + ${length}u] = ball.y;`,
    ballText(ball, units),
  )
  return box
}

/** `fn ballAround(x: f32, j: u32) -> vec2f`: centre and radius of input j at x. It reads `shares`, if there are any. */
export function ballText(
  { domain, factor = 1, shares }: DeviceBall,
  { shape: { height, width }, normalisation }: Pick<ImageUnits, 'shape' | 'normalisation'>,
): string {
  const channel = `let c = j / ${height * width}u;`
  const radius = `${perChannel(
    'perEpsilon',
    normalisation.map(({ deviation }) => factor / deviation),
  )}
fn radiusOf(j: u32) -> f32 {
  ${channel}
  return step.epsilon * perEpsilon(c)${shares ? ' * shares[j]' : ''};
}`
  if (domain === 'unbounded') {
    return `${radius}
fn ballAround(x: f32, j: u32) -> vec2f { return vec2f(x, radiusOf(j)); }`
  }
  return `${radius}
${domainText(domain, normalisation)}
fn ballAround(x: f32, j: u32) -> vec2f {
  ${channel}
  let r = radiusOf(j);
  if (x - r >= lowest(c) && x + r <= highest(c)) { return vec2f(x, r); }
  let low = max(lowest(c), x - r);
  let high = min(highest(c), x + r);
  return vec2f((low + high) / 2.0, (high - low) / 2.0);
}`
}

/** More than any normalised value is. */
const FAR = 2 ** 126

/** `lowest` and `highest` of a channel: the ends of a domain in normalised units. */
export function domainText(domain: Domain, normalisation: Normalisation): string {
  const end = (pixel: number, far: number) =>
    normalisation.map(({ mean, deviation }) => (domain === 'pixels' ? (pixel - mean) / deviation : far))
  return `${perChannel('lowest', end(0, -FAR))}\n${perChannel('highest', end(1, FAR))}`
}
