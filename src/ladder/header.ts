/** What the file of a certification says before its rows: what was run. */
import { z } from 'zod'
import { ensembleAttacks } from '../attacks/ensemble.ts'
import { domains } from '../region/domain.ts'
import { defaultNorm, norms } from '../region/norm.ts'
import { completeMethods } from '../region/question.ts'
import { steps } from './steps/index.ts'

const identity = z.object({ name: z.string(), sha256: z.string() }).readonly()

export const headerSchema = z
  .object({
    format: z.literal('robustra certificates'),
    /** Of the format. */
    version: z.literal(2),
    /** Version of the program; only older files do not say. Another version may decide images differently. */
    robustra: z.string().exactOptional(),
    network: identity,
    dataset: identity,
    /** By label, where the data set has them. */
    classNames: z.array(z.string()).readonly().exactOptional(),
    /** The ball around each image, of attacks and proofs alike. */
    epsilon: z.number().min(0),
    epsilons: z.array(z.number().min(0).max(1)).readonly().optional(),
    norm: z.enum(norms).default(defaultNorm),
    domain: z.enum(domains),
    /** The steps that were asked for. */
    methods: z.array(z.enum(steps.map(({ name }) => name))).readonly(),
    /** Of PGD, if it is run. */
    attack: z
      .object({
        steps: z.int().min(1),
        restarts: z.int().min(1),
        seed: z.int().min(0),
        /** As a fraction of ε. It and `randomStart` are for networks of our layers only. */
        stepSize: z.number().positive().exactOptional(),
        randomStart: z.boolean().exactOptional(),
      })
      .readonly()
      .exactOptional(),
    /** Of the attack ensemble, if it is run. */
    ensemble: z
      .object({
        attacks: z.array(z.enum(ensembleAttacks)).readonly(),
        steps: z.int().min(1),
        queries: z.int().min(1),
        seed: z.int().min(0),
      })
      .readonly()
      .exactOptional(),
    /** Of the complete method, if it is run; its timeout is in seconds per image. */
    search: z
      .object({ method: z.enum(completeMethods), timeout: z.number(), seed: z.int().exactOptional() })
      .readonly()
      .exactOptional(),
  })
  .readonly()

/** What identifies a run; one that resumes must have the same. */
export type CertifyHeader = z.infer<typeof headerSchema>
