/**
 * Attacks run in float32 through the engine; what they find counts only after an independent float64 forward pass.
 *
 * Convention for ties: an image is classified correctly if its label's logit is strictly larger than all others; it is
 * misclassified as soon as one other class reaches it. The margin z_label − max(other logits) is then > 0 or ≤ 0.
 */
import { type Ball, radiusOf } from '../region/ball.ts'
import type { RoundNorm } from '../region/norm.ts'
import { shrinkIntoBall } from '../region/region.ts'
import { evaluate } from '../model/evaluate.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'

export interface Judgement {
  /** The label if it wins alone; else the class of the largest other logit, the first of several. */
  readonly prediction: number
  /** z_label − max(other logits): misclassified if ≤ 0. NaN (neither right nor wrong) if a logit is. */
  readonly margin: number
}

/** What logits say about an image of class `label`; ties count against the label. */
export function judge(logits: ArrayLike<number>, label: number): Judgement {
  let rival = -1
  for (let c = 0; c < logits.length; c++) {
    if (Number.isNaN(logits[c])) return { prediction: label === 0 ? 1 : 0, margin: NaN }
    if (c !== label && (rival < 0 || logits[c] > logits[rival])) rival = c
  }
  const margin = rival < 0 ? Infinity : logits[label] - logits[rival]
  return { prediction: margin > 0 ? label : rival, margin }
}

export interface Candidate {
  /** Pixels in [0, 1], [channel][y][x]. */
  readonly image: Float32Array
  readonly label: number
  /** Around the image. */
  readonly ball: Ball
  /** Where an attack thinks that the network errs: pixels, may lie a little outside the ball. */
  readonly point: ArrayLike<number>
}

/** A point of the domain that the network misclassifies. */
export interface AdversarialExample extends Judgement {
  /** Pixels: float32 numbers within ε of the image (and in [0, 1] if these are the domain), exactly. */
  readonly image: Float32Array
}

/** The candidate's point, moved into the domain and rounded to float32 inside it. */
export function projectIntoBall(candidate: Omit<Candidate, 'label'>): Float32Array {
  const { image, ball, point } = candidate
  const { norm, domain } = ball
  if (norm !== 'linf') {
    const shrunk = shrink(norm, candidate)
    return image.map((centre, j) => {
      const value = Math.fround(shrunk[j])
      return Math.abs(value - centre) > Math.abs(shrunk[j] - centre) ? nextFloatTowards(value, centre) : value
    })
  }
  return image.map((centre, j) => {
    const epsilon = radiusOf(ball, j)
    let value = Math.min(centre + epsilon, Math.max(centre - epsilon, point[j]))
    if (domain === 'pixels') value = Math.min(1, Math.max(0, value))
    value = Math.fround(value)
    while (Math.abs(value - centre) > epsilon) value = nextFloatTowards(value, centre)
    return value
  })
}

/** Projects a candidate and runs it in float64, whatever comes of it. */
export function runCandidate(network: Network, candidate: Candidate): AdversarialExample {
  const image = projectIntoBall(candidate)
  return { image, ...judge(evaluate(network, image), candidate.label) }
}

/**
 * Re-checks what an attack found: projected into the domain in float64, rounded to float32 without leaving it, run
 * through the network in float64.
 * @returns undefined if it is not misclassified: then it is no adversarial example
 */
export function recheck(network: Network, candidate: Candidate): AdversarialExample | undefined {
  const result = runCandidate(network, candidate)
  return result.margin <= 0 ? result : undefined
}

/**
 * Re-checks what a search in float64 found: rounded to float32 if it is misclassified there too, and else as it is;
 * both moved into the domain.
 * @param evaluate logits by float64
 * @returns undefined if it is not misclassified: then it is no adversarial example
 */
export function recheckAt(
  evaluate: (image: ArrayLike<number>) => Float64Array,
  candidate: Candidate,
): (Judgement & { readonly image: Float32Array | Float64Array }) | undefined {
  for (const image of [projectIntoBall(candidate), projectExactly(candidate)]) {
    const judgement = judge(evaluate(image), candidate.label)
    if (judgement.margin <= 0) return { image, ...judgement }
  }
  return undefined
}

/** The candidate's point, moved into the domain: float64 numbers. */
function projectExactly(candidate: Candidate): Float64Array {
  const { image, ball, point } = candidate
  const { norm, domain } = ball
  if (norm !== 'linf') return shrink(norm, candidate)
  return Float64Array.from(image, (centre, j) => {
    const epsilon = radiusOf(ball, j)
    let value = Math.min(centre + epsilon, Math.max(centre - epsilon, point[j]))
    // the sum is rounded: a last bit may be too much
    while (Math.abs(value - centre) > epsilon) value += Math.sign(centre - value) * Math.abs(value) * 2 ** -52
    return domain === 'pixels' ? Math.min(1, Math.max(0, value)) : value
  })
}

/** The same in an ℓ2 or ℓ1 ball: each pixel moves into the domain, then all of them towards the image. */
function shrink(norm: RoundNorm, { image, ball, point }: Omit<Candidate, 'label'>): Float64Array {
  const clip = (x: number) => (ball.domain === 'pixels' ? Math.min(1, Math.max(0, x)) : x)
  const centre = Float64Array.from(image)
  const clipped = centre.map((_, j) => clip(point[j]))
  return shrinkIntoBall({ norm, centre, radius: ball.epsilon }, clipped)
}

/** One example's pixels from normalised points [input][example]. */
export function pixelsOf(
  { architecture, normalisation }: LoadedNetwork,
  points: Float32Array,
  columns: number,
  example: number,
): Float64Array {
  const area = architecture.input.height * architecture.input.width
  return Float64Array.from({ length: points.length / columns }, (_, j) => {
    const { mean, deviation } = normalisation[Math.floor(j / area)]
    return points[j * columns + example] * deviation + mean
  })
}

const scratch = new DataView(new ArrayBuffer(4))
/** The float32 next to `value` on the side of `target`, another number. */
function nextFloatTowards(value: number, target: number): number {
  if (value === 0) return Math.sign(target) * 2 ** -149
  scratch.setFloat32(0, value)
  // the bits of a float32 count up with its absolute value
  scratch.setInt32(0, scratch.getInt32(0) + (target > value === value > 0 ? 1 : -1))
  return scratch.getFloat32(0)
}
