/**
 * Instances decided in a thread of their own, so that a limit of time holds against anything, a long load as well as a
 * long loop: a thread that overruns is stopped, and the next instance gets a new one.
 */
import { type Crew, collect } from '../../jobs/executor.ts'
import type { SearchChoice } from '../../ladder/verify-question.ts'
import { threads } from '../threads.ts'
import { type InstanceJob, epochNow } from './instance-files.ts'
import { instanceTask, registry } from './instance-task.ts'
import type { PropertyResult } from '../../ladder/verify-property.ts'

/** Milliseconds behind the end that an answer may still take, since one that stops in time says what it proved. */
const GRACE = 150

const overrun: PropertyResult = {
  ...{ verdict: 'timeout', method: undefined, bound: undefined, reason: 'timeout', counterexample: undefined },
}

/** Why a thread is stopped. */
const OVERRUN = new Error('the limit of time is past')

export class LimitedDecider {
  readonly #start: () => Crew<InstanceJob, PropertyResult>
  #crew: Crew<InstanceJob, PropertyResult> | undefined

  /** @param start a crew of one */
  constructor(start: () => Crew<InstanceJob, PropertyResult>) {
    this.#start = start
  }

  /** A `Decide`. @throws UserError for files that cannot be read, or if the thread runs out of memory */
  async decide(job: InstanceJob): Promise<PropertyResult> {
    this.#crew ??= this.#start()
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(OVERRUN), Math.max(0, job.end + GRACE - epochNow()))
    try {
      const [result] = await collect(this.#crew.run(job, 1, limit.signal))
      return result!
    } catch (error) {
      // a thread that has failed may be dead
      await this.close()
      if (error === OVERRUN) return overrun
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    const crew = this.#crew
    this.#crew = undefined
    await crew?.close()
  }
}

/** One that decides with a complete search of this kind. */
export const limitedDecider = (complete: SearchChoice): LimitedDecider =>
  new LimitedDecider(() => threads(1, registry).start(instanceTask, { complete }))
