/**
 * A pair at the same time (Section 5.6): in every epoch f is trained against g and, meanwhile, g against f, both as they
 * were after the epoch before. Each has workers of its own, and a copy of the other that does not change in an epoch. On a
 * GPU their steps take turns.
 */
import { sharedFloats } from '../base/shared-memory.ts'
import type { LearnerReport, Progress } from './epoch-report.ts'
import { type Learner, outcome } from './learner.ts'
import type { TrainingOptions } from './settings.ts'
import { type Workers, Trainer } from './trainer.ts'
import type { TrainingData } from './training-data.ts'

/** Where one learner's epoch is kept until the other has finished it, too, so that it need not be repeated. */
export interface HalfEpochs {
  /** Puts a learner where it was after its first `epochs` epochs. @returns the report of the last; undefined if not kept */
  restoreLearner(learner: Learner, epochs: number): LearnerReport | undefined
  saveLearner(learner: Learner, report: LearnerReport): void
}

/** The learner that is trained, and a copy of the other's network. */
interface Half {
  readonly trainer: Trainer
  readonly learner: Learner
  readonly index: number
  readonly copy: Learner
}

export class SideBySide {
  readonly #halves: readonly Half[]
  readonly #learners: readonly Learner[]
  readonly #kept: HalfEpochs | undefined

  /** @param workers the two share them, but each has at least one */
  constructor(
    options: TrainingOptions,
    data: TrainingData,
    learners: readonly Learner[],
    workers: Workers & { readonly halves?: HalfEpochs | undefined },
  ) {
    const { executor, gpu, signal, halves } = workers
    const sizes = [Math.ceil(executor.workers / 2), Math.max(1, Math.floor(executor.workers / 2))]
    this.#learners = learners
    this.#kept = halves
    this.#halves = learners.map((learner, index) => {
      const copy = emptyCopy(learners[1 - index])
      const both = index === 0 ? [learner, copy] : [copy, learner]
      const trainer = new Trainer(options, data, both, { executor, gpu, signal, size: sizes[index] })
      return { trainer, learner, index, copy }
    })
  }

  /**
   * Trains both for one epoch, except for one whose epoch was kept.
   * @param epoch counts from 0
   * @throws as `Trainer.trainLearner`, as soon as one of them does
   */
  async *epoch(epoch: number, onProgress?: (progress: Progress) => void): AsyncGenerator<LearnerReport> {
    for (const { index, copy } of this.#halves) {
      const other = this.#learners[1 - index]
      copy.state.parameters.set(outcome(other))
      copy.steps = other.steps
    }
    const trainHalf = async ({ trainer, learner, index }: Half): Promise<LearnerReport> => {
      const kept = this.#kept?.restoreLearner(learner, epoch + 1)
      if (kept) return kept
      const report = await trainer.trainLearner(index, epoch, onProgress)
      this.#kept?.saveLearner(learner, report)
      return report
    }
    yield* await Promise.all(this.#halves.map(trainHalf))
  }

  async close(): Promise<void> {
    await Promise.all(this.#halves.map(({ trainer }) => trainer.close()))
  }
}

/** A network that is only read. */
function emptyCopy({ name, state: { parameters } }: Learner): Learner {
  const none = sharedFloats(0)
  return { name, state: { parameters: sharedFloats(parameters.length), first: none, second: none }, steps: 0 }
}
