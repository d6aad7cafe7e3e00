/** The losses that a GPU can minimise. A new one is recorded beside this file, and has a line here. */
import type { Method } from '../losses/list.ts'
import { interval, lpDual, robustra } from './bounded.ts'
import { adversarial, natural } from './empirical.ts'
import type { RecordLoss } from './loss.ts'
import { over } from './mixture.ts'

export const batchLosses: Readonly<Partial<Record<Method, RecordLoss>>> = {
  natural,
  adversarial,
  interval: over(interval),
  'lp-dual': over(lpDual),
  robustra: over(robustra),
}
