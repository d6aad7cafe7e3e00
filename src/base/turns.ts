/** For long work in the calling thread: lets the event loop have its turn now and then, and stops after an abort. */

/** Milliseconds between two turns. */
const BETWEEN = 50

export class Turns {
  readonly #signal: AbortSignal | undefined
  #last = performance.now()

  /** @param signal without one, nobody waits for a turn */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Waits for others if it is time. @throws the signal's reason */
  async give(): Promise<void> {
    const signal = this.#signal
    signal?.throwIfAborted()
    if (!signal || performance.now() - this.#last < BETWEEN) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    this.#last = performance.now()
    signal.throwIfAborted()
  }
}
