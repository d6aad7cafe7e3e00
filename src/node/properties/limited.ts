/**
 * Instances decided in a thread of their own, so that a limit of time holds against anything, a long load as well as a
 * long loop: a thread that overruns is stopped, and the next instance gets a new one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SearchChoice } from '../../ladder/verify-question.ts'
import { WorkerPool, scriptBeside } from '../threads.ts'
import { type InstanceTask, epochNow } from './instance-files.ts'
import type { PropertyResult } from '../../ladder/verify-property.ts'

/** Milliseconds behind the end that an answer may still take, since one that stops in time says what it proved. */
const GRACE = 150

const overrun: PropertyResult = {
  ...{ verdict: 'timeout', method: undefined, bound: undefined, reason: 'timeout', counterexample: undefined },
}

export class LimitedDecider {
  readonly #complete: SearchChoice
  readonly #script: URL
  #pool: WorkerPool | undefined

  /** @param script of the thread */
  constructor(complete: SearchChoice, script: URL = scriptBeside(import.meta.url, './instance-worker')) {
    this.#complete = complete
    this.#script = script
  }

  /** A `Decide`. @throws UserError for files that cannot be read, or if the thread runs out of memory */
  async decide(task: InstanceTask): Promise<PropertyResult> {
    this.#pool ??= new WorkerPool(this.#script, 1, { complete: this.#complete })
    const stop = new AbortController()
    const decided = this.#pool.run<PropertyResult>('decide', task, 1).then(([result]) => result!)
    const late = sleep(Math.max(0, task.end + GRACE - epochNow()), overrun, { signal: stop.signal })
    // the loser of the race may fail: nobody asks any more
    decided.catch(() => {})
    late.catch(() => {})
    try {
      const result = await Promise.race([decided, late])
      if (result === overrun) await this.close()
      return result
    } catch (error) {
      // a thread that has failed may be dead
      await this.close()
      throw error
    } finally {
      stop.abort()
    }
  }

  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.close()
  }
}
