/** A row of a training's log, as reports read it: old versions of the program wrote some entries differently, or not at all. */
import { z } from 'zod'

const share = z.number().min(0).max(1)
export const epochSchema = z.object({
  /** Counts from 1; reading a log of an older version makes it so. */
  epoch: z.int().min(0),
  network: z.string(),
  loss: z.number().nullable(),
  cleanError: share.nullable(),
  // logs of older versions have none
  attackError: share.nullish(),
  certifiedError: share.nullable(),
  estimatedError: share.optional(),
  trainingError: share.nullish(),
  epsilon: z.number(),
  unstable: share.nullish(),
  space: z.object({ t: z.number(), loose: share, tight: share, infeasible: share }).optional(),
  seconds: z.number(),
  elapsed: z.number().nullish(),
})
/** What is drawn of an `EpochReport`. */
export type Epoch = z.infer<typeof epochSchema>
