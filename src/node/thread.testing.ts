/** What the pool's tests run in workers: a job's kind says what to do. */
import { UserError } from '../base/errors.ts'
import { serve } from './threads.ts'

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

serve<{ readonly offset: number; readonly failStart?: boolean }>(async ({ offset, failStart }) => {
  if (failStart) throw new UserError('this worker cannot start')
  return async (kind, payload: { readonly task?: number; readonly wait?: number }, task) => {
    const chosen = payload?.task === undefined || payload.task === task
    switch (kind) {
      case 'square':
        return task * task + offset
      case 'wait':
        await wait(payload.wait ?? 0)
        return `waited ${task}`
      case 'late':
        // later tasks answer first
        await wait(10 * (3 - (task % 4)))
        return task
      case 'throw':
        if (chosen) throw new Error(`task ${task} failed`)
        await wait(payload.wait ?? 0)
        return 'unharmed'
      case 'throw a user error':
        if (chosen) throw new UserError(`task ${task} was given nonsense`)
        return 'unharmed'
      case 'exit':
        if (chosen) process.exit(7)
        await wait(20)
        return 'unharmed'
      case 'throw later':
        if (chosen) {
          setTimeout(() => {
            throw new Error('thrown behind the back of the task')
          })
          await wait(60_000)
        }
        return 'unharmed'
      case 'reject later':
        if (chosen) {
          void Promise.reject(new Error('nobody awaits this'))
          await wait(60_000)
        }
        return 'unharmed'
      case 'uncloneable':
        return () => task
      default:
        throw new Error(`unknown kind ${kind}`)
    }
  }
})
