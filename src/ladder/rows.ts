/** What a certification writes of each image: one row. The header before them is header.ts. */
import { z } from 'zod'
import type { Step } from './step.ts'
import { type StepOfList, steps } from './steps/index.ts'

/** null stands for a margin that is not a finite number. */
const margin = z.number().nullable()
const seconds = z.number().min(0)

/** What a row says of a step: in short what came of it, its margin (see `Step.error`), and its share of the time. */
type PartOf<S extends Step> = {
  verdict: S['verdicts'][number]
  margin: number | null
  seconds: number
} & (S extends { flags: readonly (infer Flag extends string)[] } ? { [flag in Flag]?: boolean | undefined } : object)

type Parts = { [S in StepOfList as S['name']]?: PartOf<S> | undefined }

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

const whole = {
  index: z.int().min(0),
  label: z.int().min(0),
  /** Of the clean image. */
  prediction: z.int().min(0),
}
const end = {
  /** The larger ε whose proof holds here, too, if another run had one: nothing but the clean image was tried. */
  provedAt: z.number().min(0).optional(),
  result: resultSchema,
  /** Of all steps: a share of the passes that the image was part of. */
  seconds,
}

type Whole = z.infer<z.ZodObject<typeof whole & typeof end>>

/** What is known of one image: a part for each step that was tried on it, and what came of it. */
export interface CertifyRow extends Whole, Parts {
  clean: NonNullable<Parts['clean']>
}

export const rowSchema = z.strictObject({ ...whole, ...parts, ...end }) as unknown as z.ZodType<CertifyRow>
