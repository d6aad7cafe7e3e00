/**
 * Until when long work may continue. The work asks again and again. Times are those of performance.now(), in milliseconds.
 */
import { Turns } from './turns.ts'

/** A moment, and perhaps a signal. */
export class Deadline {
  static readonly never = new Deadline(Infinity)
  /** Ends the work before. */
  readonly signal: AbortSignal | undefined
  readonly #time: number
  readonly #turns: Turns

  constructor(time: number, signal?: AbortSignal, turns = new Turns(signal)) {
    this.#time = time
    this.signal = signal
    this.#turns = turns
  }

  /** In so many milliseconds. */
  static in(milliseconds: number, signal?: AbortSignal): Deadline {
    return new Deadline(performance.now() + milliseconds, signal)
  }

  /** This deadline, or one in so many milliseconds if that is earlier. */
  orIn(milliseconds: number): Deadline {
    return new Deadline(Math.min(this.#time, performance.now() + milliseconds), this.signal, this.#turns)
  }

  /** @throws the signal's reason after an abort */
  isOver(): boolean {
    this.signal?.throwIfAborted()
    return performance.now() > this.#time
  }

  /** Lets others have their turn: no signal comes while a thread is busy. @throws the signal's reason after an abort */
  giveTurn(): Promise<void> {
    return this.#turns.give()
  }

  /** @throws TimeIsUp if it is over; the signal's reason after an abort */
  check(): void {
    if (this.isOver()) throw new TimeIsUp('time is up')
  }

  /** Milliseconds; below 0 if it is over. */
  left(): number {
    return this.#time - performance.now()
  }
}

/** Thrown by long work when its deadline is over. The code that set the deadline catches it. */
export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp'
}
