/**
 * A run's folder. `checkpoint.safetensors` holds weights and optimiser of every learner after the last whole epoch, in one
 * file that is replaced atomically. With the settings it is all the state there is: the seed and the epoch's number name
 * every random stream. Beside it lie `config.json`, the log (log-file.ts) and the networks as other commands read them, `f.safetensors`, `g.safetensors` and `best.safetensors`.
 * While a pair is trained side by side, the learner that has finished an epoch leaves a checkpoint of its own,
 * `f.checkpoint.safetensors`, until the other has finished, too, and both are in `checkpoint.safetensors`.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { writeFileAtomic } from '../atomic.ts'
import { makeFolder } from '../folder.ts'
import { Lock, withoutLocks } from '../lock.ts'
import { saveNetwork } from '../network-file.ts'
import { readSafetensors, writeSafetensors } from '../safetensors-file.ts'
import type { Tensor } from '../../formats/tensors.ts'
import { rangesIn } from '../../data/feature-ranges.ts'
import { trainingOptions } from '../../training/options.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import type { LearnerReport } from '../../training/epoch-report.ts'
import { type Learner, networkOf } from '../../training/learner.ts'
import type { TrainingState } from '../../training/train.ts'
import type { TrainingData } from '../../training/training-data.ts'
import { writeLog } from './log-file.ts'

const file = {
  checkpoint: 'checkpoint.safetensors',
  config: 'config.json',
} as const

/** What a checkpoint says besides weights and optimisers. */
export type Checkpoint = Omit<TrainingState, 'learners'>

/** The same of one learner of a pair, which does not know when the run began. */
type OwnCheckpoint = Omit<Checkpoint, 'reports'> & { readonly reports: readonly LearnerReport[] }

/** What has to be saved of a learner. */
const arraysOf = ({ state, average, folded }: Learner): [name: string, values: Float32Array][] =>
  Object.entries({ ...state, ...(average && { average }), ...(folded && { folded }) })

export class RunFolder {
  readonly path: string
  #lock: Lock | undefined

  constructor(path: string) {
    this.path = path
  }

  /** Whether there is a run in that folder, which can be continued. */
  static isAt = (path: string): boolean => existsSync(join(path, file.config))

  /** @throws UserError if another process writes to the folder, or there is something in it already */
  requireNew(): void {
    if (!existsSync(this.path)) return
    const isFolder = statSync(this.path).isDirectory()
    if (isFolder && !this.#lock) Lock.requireFree(this.path)
    if (!isFolder || withoutLocks(readdirSync(this.path)).length > 0) {
      throw new UserError(`${this.path} exists already`, { code: 'exists' })
    }
  }

  /**
   * Makes the folder for a new run. What learners start from, if not from random weights, is its first checkpoint, so that
   * the run depends on no other file afterwards. No other process writes to it until `close`.
   * @throws UserError if it exists and is not empty, or cannot be made
   */
  create(options: TrainingOptions, learners: readonly Learner[] = []): void {
    makeFolder(this.path)
    this.#lock = Lock.ofFolder(this.path)
    // only now can nobody else put anything there
    this.requireNew()
    if (learners.length > 0) {
      writeState(join(this.path, file.checkpoint), learners, { epochs: 0, reports: [], best: undefined })
    }
    // last, so that there is no run to resume without what it starts from
    writeFileAtomic(join(this.path, file.config), `${JSON.stringify(options, undefined, 2)}\n`)
  }

  /** For a run that is there. Until `close`, no other process writes to it. @throws UserError if one does already */
  lock(): void {
    this.#lock = Lock.ofFolder(this.path)
  }

  close(): void {
    this.#lock?.release()
  }

  /** The settings that the run was started with. @throws UserError if there is no run or its config is damaged */
  options(): TrainingOptions {
    const path = join(this.path, file.config)
    if (!existsSync(path))
      throw new UserError(`there is no run in ${this.path} (no ${file.config}): give the folder of one`)
    try {
      return trainingOptions(JSON.parse(readFileSync(path, 'utf8')))
    } catch (error) {
      throw new UserError(`${path} is damaged: ${(error as Error).message}`)
    }
  }

  /**
   * Writes everything after an epoch. The checkpoint comes last; only what can be rebuilt from it follows.
   */
  save(
    { architecture, training }: Pick<TrainingData, 'architecture' | 'training'>,
    { learners, ...checkpoint }: TrainingState,
  ): void {
    const newest = checkpoint.reports.at(-1)!.epoch
    for (const learner of learners) {
      const metadata = { epoch: String(newest), network: learner.name, ...rangesIn(training) }
      saveNetwork(join(this.path, `${learner.name}.safetensors`), networkOf(architecture, learner), metadata)
      const { best } = checkpoint
      if (best?.epoch === newest && best.network === learner.name) {
        saveNetwork(join(this.path, 'best.safetensors'), networkOf(architecture, learner), metadata)
      }
    }
    writeLog(this.path, checkpoint.reports)
    writeState(join(this.path, file.checkpoint), learners, checkpoint)
    for (const { name } of learners) rmSync(this.#ownCheckpoint(name), { force: true })
  }

  /** Writes what one learner of a pair has done in an epoch, whether the other is as far or not. */
  saveLearner(learner: Learner, report: LearnerReport): void {
    writeState(this.#ownCheckpoint(learner.name), [learner], {
      epochs: report.epoch,
      reports: [report],
      best: undefined,
    })
  }

  /**
   * Puts learners back where the last whole epoch left them, and the log, which a crash may have torn.
   * @returns what was done so far; nothing if no epoch was finished
   * @throws UserError if the checkpoint is damaged or belongs to other networks
   */
  restore(learners: readonly Learner[]): Checkpoint {
    const path = join(this.path, file.checkpoint)
    const saved = existsSync(path) ? readState(path, learners) : undefined
    if (saved) putBack(learners, saved, path)
    const { state } = saved ?? { state: { epochs: 0, reports: [], best: undefined } }
    writeLog(this.path, state.reports)
    return state
  }

  /**
   * Puts a learner of a pair where it was after its first `epochs` epochs.
   * @returns the report of the last of them; undefined, with the learner as it was, if its own checkpoint is not of then
   * @throws UserError if that is damaged or belongs to another network
   */
  restoreLearner(learner: Learner, epochs: number): LearnerReport | undefined {
    const path = this.#ownCheckpoint(learner.name)
    if (!existsSync(path)) return undefined
    const saved = readState(path, [learner])
    // an older epoch's was left by a kill: the epoch is done again, with the same result
    if (saved.state.epochs !== epochs) return undefined
    putBack([learner], saved, path)
    return saved.state.reports[0]
  }

  #ownCheckpoint(name: string): string {
    return join(this.path, `${name}.checkpoint.safetensors`)
  }
}

function writeState(path: string, learners: readonly Learner[], checkpoint: OwnCheckpoint): void {
  const tensors = new Map<string, Tensor>()
  for (const learner of learners) {
    for (const [field, data] of arraysOf(learner)) {
      tensors.set(`${learner.name}.${field}`, { shape: [data.length], data })
    }
  }
  const steps = Object.fromEntries(learners.map(({ name, steps }) => [name, steps]))
  writeSafetensors(path, tensors, { 'robustra.checkpoint': JSON.stringify({ ...checkpoint, steps }) })
}

interface SavedState {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly state: Checkpoint & { readonly steps: Record<string, number> }
}

function readState(path: string, learners: readonly Learner[]): SavedState {
  const { tensors, metadata } = readSafetensors(path)
  return { tensors, state: parseState(metadata['robustra.checkpoint'], learners, path) }
}

function putBack(learners: readonly Learner[], { tensors, state }: SavedState, path: string): void {
  for (const learner of learners) {
    for (const [field, values] of arraysOf(learner)) {
      const tensor = tensors.get(`${learner.name}.${field}`)
      if (tensor?.data.length !== values.length || tensor.data instanceof Float64Array) {
        throw new UserError(`${path} does not fit the run's networks`, { code: 'other-run' })
      }
      values.set(tensor.data)
    }
    learner.steps = state.steps[learner.name]
  }
}

function parseState(text: string | undefined, learners: readonly Learner[], path: string): SavedState['state'] {
  try {
    const state = JSON.parse(text!)
    const complete = learners.every(({ name }) => typeof state.steps?.[name] === 'number')
    if (!Number.isInteger(state.epochs) || !Array.isArray(state.reports) || !complete) throw new Error()
    return { ...state, ...epochsFromOne(state) }
  } catch {
    throw new UserError(`${path} is not a checkpoint of robustra`, { code: 'other-run' })
  }
}

/** What older versions counted from 0: there the newest report after n epochs is of epoch n − 1. */
function epochsFromOne({ epochs, reports, best }: Checkpoint): Pick<Checkpoint, 'reports' | 'best'> {
  if (reports.at(-1)?.epoch !== epochs - 1) return { reports, best }
  const later = <T extends { readonly epoch: number }>(row: T): T => ({ ...row, epoch: row.epoch + 1 })
  return { reports: reports.map(later), best: best && later(best) }
}
