/** Reading of many files: with progress, and with pauses in which signals are heard. */
import { setImmediate } from 'node:timers/promises'

export interface ReadProgress {
  /** What is being done, for people. */
  readonly what: string
  readonly done: number
  readonly total: number
}

export interface Reading {
  readonly onRead?: ((progress: ReadProgress) => void) | undefined
}

const TURN_MS = 50

/** Does `work` for one item after another. */
export async function inTurns<T>(
  items: ArrayLike<T>,
  { what, onRead }: Reading & { readonly what: string },
  work: (item: T, index: number) => void,
): Promise<void> {
  let since = performance.now()
  for (let i = 0; i < items.length; i++) {
    work(items[i], i)
    if (performance.now() - since < TURN_MS) continue
    onRead?.({ what, done: i + 1, total: items.length })
    await setImmediate()
    since = performance.now()
  }
}
