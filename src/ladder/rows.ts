/** What a certification writes: a header that says what was run, and one row per image. */
import { z } from 'zod'
import type { Ball } from '../region/ball.ts'
import { type CertifyMethod, certifyMethods } from './methods.ts'
import type { CompleteMethod } from '../region/question.ts'

export { type CertifyMethod, certifyMethods } from './methods.ts'

/**
 * What identifies a run; one that resumes must have the same. The ball is that of attacks and proofs alike; files that do
 * not say a norm are of ℓ∞ balls.
 */
export interface CertifyHeader extends Ball {
  readonly format: 'robustra certificates'
  /** Of the format. */
  readonly version: 2
  /** Version of the program; only older files do not say. Another version may decide images differently. */
  readonly robustra?: string
  readonly network: { readonly name: string; readonly sha256: string }
  readonly dataset: { readonly name: string; readonly sha256: string }
  readonly methods: readonly CertifyMethod[]
  /** Of PGD, if it is run. */
  readonly attack?: {
    readonly steps: number
    readonly restarts: number
    readonly seed: number
    /** As a fraction of ε. It and `randomStart` are for networks of our layers only. */
    readonly stepSize?: number
    readonly randomStart?: boolean
  }
  /** Of the complete method, if it is run. */
  readonly search?: {
    readonly method: CompleteMethod
    /** Seconds per image. */
    readonly timeout: number
  }
}

/** null stands for a margin that is not a finite number. */
const margin = z.number().nullable()
const seconds = z.number().min(0)
const part = <V extends string>(...verdicts: readonly V[]) =>
  z.strictObject({ verdict: z.enum(verdicts), margin, seconds })

const proof = part('robust', 'vulnerable', 'open')

const method = z.enum(certifyMethods)
const resultSchema = z.discriminatedUnion('verdict', [
  /** margin: proved for the whole domain, > 0. */
  z.strictObject({ verdict: z.literal('robust'), method, margin: z.number().positive() }),
  z.strictObject({
    verdict: z.literal('vulnerable'),
    /** What found it; 'clean' if the image itself is misclassified. */
    method,
    /** At the counterexample, by float64: ≤ 0. null if a logit is not a number. */
    margin: z.number().max(0).nullable(),
    /** At the counterexample. */
    prediction: z.int().min(0),
    /** The counterexample's pixels [channel][y][x], unless it is the image itself or PGD, which is quick, found it. */
    point: z.array(z.number()).optional(),
  }),
  z.strictObject({
    verdict: z.literal('undecided'),
    /** The best that was proved. */
    margin,
    /** 'incomplete': no complete method was asked for. 'error': the search failed, as `message` says. */
    reason: z.enum(['timeout', 'memory', 'precision', 'incomplete', 'error']),
    message: z.string().optional(),
  }),
])

export const rowSchema = z.strictObject({
  index: z.int().min(0),
  label: z.int().min(0),
  /** Of the clean image. */
  prediction: z.int().min(0),
  /** margin: z_label − max(other logits). */
  clean: part('correct', 'misclassified'),
  /** margin: the smallest found in the domain. */
  pgd: part('vulnerable', 'withstood').optional(),
  /** margin: proved for the whole domain; robust if > 0; 'vulnerable' if a counterexample turned up on the way. */
  interval: proof.optional(),
  /** pruned: whether the margin is that of the pruned bound, or of the paper's. */
  lp: proof.extend({ pruned: z.boolean().optional() }).optional(),
  crown: proof.optional(),
  alpha: proof.optional(),
  complete: proof.optional(),
  result: resultSchema,
  /** Of all steps: a share of the passes that the image was part of. */
  seconds,
})

/** What is known of one image: a part for each step that was tried on it, cheapest first, and what came of it. */
export type CertifyRow = z.infer<typeof rowSchema>
export type CertifyResult = CertifyRow['result']
