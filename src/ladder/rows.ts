/** What a certification writes: a header that says what was run, and one row per image. */
import { z } from 'zod'
import type { Ball } from '../region/ball.ts'
import type { CompleteMethod } from '../region/question.ts'
import type { Step } from './step.ts'
import { type StepName, type StepOfLadder, steps } from './steps/index.ts'

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
  /** The steps that were asked for. */
  readonly methods: readonly StepName[]
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

/** What a row says of a step: in short what came of it, its margin (see `Step.error`), and its share of the time. */
type PartOf<S extends Step> = {
  verdict: S['verdicts'][number]
  margin: number | null
  seconds: number
} & (S extends { flags: readonly (infer Flag extends string)[] } ? { [flag in Flag]?: boolean | undefined } : object)

type Parts = { [S in StepOfLadder as S['name']]?: PartOf<S> | undefined }

const partOf = ({ verdicts, flags = [] }: Step) =>
  z.strictObject({
    verdict: z.enum(verdicts),
    margin,
    seconds,
    ...Object.fromEntries(flags.map((flag) => [flag, z.boolean().optional()])),
  })

/** The clean image is tried in every row. */
const parts = Object.fromEntries(steps.map((step, i) => [step.name, i === 0 ? partOf(step) : partOf(step).optional()]))

const method = z.enum(steps.map(({ name }) => name))
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

export type CertifyResult = z.infer<typeof resultSchema>

/** What is known of one image: a part for each step that was tried on it, and what came of it. */
export interface CertifyRow extends Parts {
  index: number
  label: number
  /** Of the clean image. */
  prediction: number
  clean: NonNullable<Parts['clean']>
  result: CertifyResult
  /** Of all steps: a share of the passes that the image was part of. */
  seconds: number
}

export const rowSchema = z.strictObject({
  index: z.int().min(0),
  label: z.int().min(0),
  prediction: z.int().min(0),
  ...parts,
  result: resultSchema,
  seconds,
}) as unknown as z.ZodType<CertifyRow>
