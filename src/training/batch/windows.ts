/**
 * What steps have found out, read back in windows of some steps while the GPU goes on with the next ones: at most two
 * windows are on their way. How long they are changes nothing but when one hears of them.
 */
import type { Gpu } from '../../device/webgpu/gpu.ts'
import type { Records } from '../../device/webgpu/statistics.ts'
import { type LossResult, noResult } from '../losses/loss.ts'
import { type Column, columns } from './loss.ts'

/** Most steps in a window. */
export const MOST_STEPS = 32

/** A window grows until it takes so many milliseconds. */
const LONG = 100

/** What a step has found. */
export interface StepResult extends LossResult {
  /** Whether loss and gradient are. */
  readonly isFinite: boolean
}

export class Windows {
  readonly #gpu: Gpu
  readonly #records: Records
  readonly #onResults: (results: readonly StepResult[]) => void
  readonly #onTheirWay: Promise<Float32Array>[] = []
  #size = 1
  #started = performance.now()

  /** @param onResults hears of each window's steps, in their order */
  constructor(gpu: Gpu, records: Records, onResults: (results: readonly StepResult[]) => void) {
    this.#gpu = gpu
    this.#records = records
    this.#onResults = onResults
  }

  /** Steps to submit before the next `end`; the i-th of them is recorded in row i. */
  get size(): number {
    return this.#size
  }

  /** Ends a window of so many steps, and waits for the one before it. @throws UserError if the GPU has failed */
  async end(steps: number): Promise<void> {
    const rows = this.#gpu.read(this.#records.values, 0, steps * columns.length)
    // nobody waits for it any more if one before it fails
    rows.catch(() => undefined)
    this.#onTheirWay.push(rows)
    if (this.#onTheirWay.length < 2) return
    await this.#finish()
    const now = performance.now()
    if (now - this.#started < LONG) this.#size = Math.min(MOST_STEPS, 2 * this.#size)
    this.#started = now
  }

  /** Waits for all windows. */
  async drain(): Promise<void> {
    while (this.#onTheirWay.length > 0) await this.#finish()
  }

  async #finish(): Promise<void> {
    this.#onResults(resultsOf(await this.#onTheirWay.shift()!))
  }
}

function resultsOf(rows: Float32Array): StepResult[] {
  return Array.from({ length: rows.length / columns.length }, (_, row) => {
    const own = Object.fromEntries(columns.map((name, i) => [name, rows[row * columns.length + i]]))
    const { loss, empiricalLoss, penalty, squares, ...counts } = own as Record<Column, number>
    const total = loss + empiricalLoss + penalty
    return { ...noResult, ...counts, loss: total, isFinite: Number.isFinite(total + squares) }
  })
}
