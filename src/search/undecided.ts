/** Why bounds or a search end without a verdict, by what they throw. */
import { TimeIsUp } from '../base/deadline.ts'
import { OutOfRange } from './system/range.ts'

/** @throws the error itself if it is another mistake */
export function reasonOf(error: unknown): 'timeout' | 'precision' | 'memory' {
  if (error instanceof TimeIsUp) return 'timeout'
  if (error instanceof OutOfRange) return 'precision'
  if (isOutOfMemory(error)) return 'memory'
  throw error
}

/** Of this program's arrays, or of WebAssembly. */
const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error &&
  ((error.name === 'RangeError' && /allocation failed|(array|buffer|string) length/i.test(error.message)) ||
    (error.name === 'RuntimeError' && /memory|OOM/i.test(error.message)))
