/** What the tests of executors have done: a job says what, and to which part it happens. */
import { UserError } from '../base/errors.ts'
import { type Part, type Registry, task } from '../jobs/task.ts'

export interface TestSetup {
  readonly offset?: number
  readonly failStart?: boolean
}

export interface TestJob {
  readonly kind: string
  /** The part that it happens to; all if left out. */
  readonly part?: number
  readonly wait?: number
  /** Incremented with every part that begins. */
  readonly begun?: Int32Array
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function prepare({ offset = 0, failStart }: TestSetup): Promise<Part<TestJob, unknown>> {
  if (failStart) throw new UserError('this worker cannot start')
  return async (job, part, signal) => {
    if (job.begun) Atomics.add(job.begun, 0, 1)
    if (job.part !== undefined && job.part !== part) {
      await wait(job.wait ?? 0)
      return 'unharmed'
    }
    switch (job.kind) {
      case 'square':
        return part * part + offset
      case 'wait':
        await wait(job.wait ?? 0)
        return `waited ${part}`
      case 'late':
        // later parts answer first
        await wait(10 * (3 - (part % 4)))
        return part
      case 'spin':
        for (;;);
      case 'ask the signal':
        while (!signal?.aborted) await wait(1)
        return 'asked'
      case 'throw':
        throw new RangeError(`part ${part} failed`, { cause: new TypeError('why', { cause: 'what was there' }) })
      case 'throw a user error':
        throw Object.assign(new UserError(`part ${part} was given nonsense`), { code: 'nonsense' })
      case 'exit':
        process.exit(7)
      case 'throw later':
        setTimeout(() => {
          throw new Error('thrown behind the back of the part')
        })
        await wait(60_000)
        return undefined
      case 'reject later':
        void Promise.reject(new Error('nobody awaits this'))
        await wait(60_000)
        return undefined
      case 'exhaust': {
        const all: unknown[] = []
        for (;;) all.push(Array.from({ length: 1000 }, () => ({})))
      }
      case 'uncloneable':
        return () => part
      default:
        throw new Error(`unknown kind ${job.kind}`)
    }
  }
}

export const testTask = task('test', async () => ({ prepare }))

export const registry: Registry = { url: import.meta.url, tasks: [testTask] }
