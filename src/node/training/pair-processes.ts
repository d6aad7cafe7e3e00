/**
 * A Robustra pair in two processes (Section 5.6): in every epoch f is trained against g and, at the same time, g against
 * f, both as they were after the epoch before. The run's folder is how the weights get from one to the other: each
 * learner leaves its own checkpoint after an epoch; once both have, they become the checkpoint of the whole epoch, which
 * both processes read before the next. Messages only say what to do and what is done.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { scriptBeside } from '../threads.ts'
import { UserError } from '../../base/errors.ts'
import type { RunFolder } from './checkpoint.ts'
import type { EpochReport, Progress } from '../../training/epoch-report.ts'
import type { Learner } from '../../training/learner.ts'

/** What a learner's process is started with, as JSON on its command line. */
export interface LearnerSetup {
  /** Of the learner, 'f' or 'g'. */
  readonly name: string
  /** The run's folder, with its settings and checkpoints. */
  readonly folder: string
  readonly workers: number
  readonly dataDirectory?: string | undefined
}

/** To a learner's process: train this epoch. */
export interface Order {
  readonly epoch: number
}

/** From it. The checkpoint of an epoch that is done is in the folder. */
export type Answer =
  | { readonly progress: Progress }
  | { readonly done: number }
  | { readonly error: { readonly name: string; readonly message: string; readonly stack: string | undefined } }

interface PairSetup {
  /** Threads for both; each gets at least one. */
  readonly workers: number
  readonly dataDirectory?: string | undefined
}

/** Trains learners epoch by epoch as `Trainer` does, each in a process of its own. */
export class PairProcesses {
  /** By learner. If one ends, the run fails, and `close` ends the other. */
  readonly processes: readonly ChildProcess[]
  readonly #folder: RunFolder
  readonly #learners: readonly Learner[]
  /** Never resolves; rejects with what goes wrong first, in whichever process. */
  readonly #failed: Promise<never>
  #fail!: (error: unknown) => void
  readonly #ended: readonly Promise<unknown>[]
  /** By learner: called when its epoch is done. */
  readonly #onDone: (() => void)[] = []
  #onProgress: ((progress: Progress) => void) | undefined

  /** @param learners as they are in the folder's checkpoint; `epoch` changes them */
  constructor(folder: RunFolder, learners: readonly Learner[], { workers, dataDirectory }: PairSetup) {
    this.#folder = folder
    this.#learners = learners
    this.#failed = new Promise((_, reject) => (this.#fail = reject))
    // It may reject while nobody waits; whoever waits next is told.
    this.#failed.catch(() => undefined)
    const script = fileURLToPath(scriptBeside(import.meta.url, './pair-learner'))
    const shares = [Math.ceil(workers / 2), Math.max(1, Math.floor(workers / 2))]
    this.processes = learners.map(({ name }, i) => {
      const setup: LearnerSetup = { name, folder: folder.path, workers: shares[i], dataDirectory }
      const child = fork(script, [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      child.on('message', (answer: Answer) => this.#onAnswer(i, answer))
      child.on('error', (error) => this.#fail(new UserError(`no process for ${name}: ${error.message}`)))
      child.on('exit', (code, signal) => this.#fail(ended(name, signal ? `killed by ${signal}` : `exit code ${code}`)))
      return child
    })
    // A process that could not be started emits 'error' alone.
    this.#ended = this.processes.map((child) => once(child, 'exit').catch(() => undefined))
  }

  /**
   * Trains every learner for one epoch, except for those of which the folder has that epoch already.
   * @param epoch counts from 0; those before must be in the folder's checkpoint
   * @throws UserError if a process ends, or the loss of a learner is not finite any more
   */
  async *epoch(epoch: number, onProgress?: (progress: Progress) => void): AsyncGenerator<EpochReport> {
    this.#onProgress = onProgress
    yield* await Promise.all(this.#learners.map((learner, i) => this.#train(learner, i, epoch)))
  }

  /** Ends both processes, and waits until they have ended. */
  async close(): Promise<void> {
    for (const child of this.processes) if (child.connected) child.disconnect()
    await Promise.all(this.#ended)
  }

  async #train(learner: Learner, index: number, epoch: number): Promise<EpochReport> {
    const before = this.#folder.restoreLearner(learner, epoch + 1)
    if (before) return before
    const done = new Promise<void>((resolve) => (this.#onDone[index] = resolve))
    // What cannot be sent was for a process that has ended, which `#failed` tells.
    this.processes[index].send({ epoch } satisfies Order, () => undefined)
    await Promise.race([done, this.#failed])
    return this.#folder.restoreLearner(learner, epoch + 1)!
  }

  #onAnswer(index: number, answer: Answer): void {
    if ('error' in answer) {
      const { name, message, stack } = answer.error
      this.#fail(name === 'UserError' ? new UserError(message) : Object.assign(new Error(message), { stack }))
    } else if ('done' in answer) {
      this.#onDone[index]()
    } else {
      try {
        this.#onProgress?.(answer.progress)
      } catch (error) {
        this.#fail(error)
      }
    }
  }
}

const ended = (name: string, how: string) =>
  new UserError(
    `the process that trains ${name} ended (${how}), so the other was stopped: continue with --resume; ` +
      'if memory ran out, use fewer --workers',
  )
