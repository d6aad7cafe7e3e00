/** What training shows while it runs: a bar per network and epoch, or for both networks at once, then a line for each. */
import { lossOf, trainsPair } from '../training/losses/list.ts'
import type { TrainingOptions } from '../training/settings.ts'
import type { EpochReport, Progress as TrainingStep } from '../training/epoch-report.ts'
import { Clock, type Progress, formatSeconds } from './progress.ts'
import { formatShare } from './text.ts'

export class TrainingProgress {
  readonly #options: TrainingOptions
  readonly #progress: Progress
  readonly #clock = new Clock()
  #part = ''
  /** The newest of each network that is in training now. */
  readonly #steps = new Map<string, TrainingStep>()
  /** Under which name to show the networks, if not their own. */
  readonly #title: string | undefined

  constructor(options: TrainingOptions, progress: Progress, title?: string) {
    this.#options = options
    this.#progress = progress
    this.#title = title
  }

  readonly update = (step: TrainingStep): void => {
    if (this.#options.parallelPair) return this.#updatePair(step)
    const { epoch, network, done, total, loss } = step
    const part = this.#name(epoch, network)
    if (part !== this.#part) this.#progress.start((this.#part = part), total)
    const perEpoch = trainsPair(this.#options.method) ? 2 : 1
    const parts = perEpoch * (epoch - 1) + (network === 'g' ? 1 : 0)
    const left = this.#clock.left(parts * total + done, perEpoch * this.#options.epochs * total)
    this.#progress.update(done, `${done}/${total} images  loss ${loss.toFixed(3)}  ${left}`)
  }

  /** Two learners at once: as far as the slower one, for which the other waits at the end of the epoch. */
  #updatePair(step: TrainingStep): void {
    const { epoch, network, total } = step
    this.#steps.set(network, step)
    const steps = [...this.#steps.values()].toSorted((a, b) => (a.network < b.network ? -1 : 1))
    const part = this.#name(epoch, 'f and g')
    if (part !== this.#part) this.#progress.start((this.#part = part), total)
    const done = Math.min(...steps.map((one) => one.done))
    const each = steps.map((one) => `${one.network} ${one.done}/${total} loss ${one.loss.toFixed(3)}`).join('  ')
    this.#progress.update(
      done,
      `${each}  ${this.#clock.left((epoch - 1) * total + done, this.#options.epochs * total)}`,
    )
  }

  readonly report = (report: EpochReport): void => {
    const {
      epoch,
      network,
      method,
      loss,
      trainingError,
      cleanError,
      certifiedError,
      estimatedError,
      epsilon,
      learningRate,
      unstable,
      space,
      seconds,
      elapsed,
    } = report
    const parts = [
      this.#name(epoch, network),
      ...(epoch <= this.#options.warmUpEpochs ? [`${method} warm-up`] : []),
      `loss ${loss.toFixed(3)}`,
      `train ${formatShare(trainingError).padStart(7)}`,
      ...(cleanError === null
        ? []
        : [
            `clean ${formatShare(cleanError).padStart(7)}`,
            ...(estimatedError === undefined
              ? [`LP ${formatShare(certifiedError).padStart(8)}`, `unstable ${formatShare(unstable, 1).padStart(6)}`]
              : [`estimate ${formatShare(estimatedError).padStart(7)}`]),
          ]),
      ...(lossOf(method).over === 'images' ? [] : [`ε ${Number(epsilon.toPrecision(3))}`]),
      `lr ${learningRate.toExponential(1)}`,
      ...(space
        ? [
            `t ${space.t.toFixed(2)}`,
            `loose/tight/infeasible ${[space.loose, space.tight, space.infeasible].map((s) => (100 * s).toFixed(0)).join('/')} %`,
          ]
        : []),
      `${seconds.toFixed(1)} s`,
      `${formatSeconds(elapsed)} in all`,
    ]
    this.#progress.line(...parts)
    this.#part = ''
    this.#steps.clear()
  }

  #name(epoch: number, network: string): string {
    const { epochs } = this.#options
    return `${String(epoch).padStart(String(epochs).length)}/${epochs} ${this.#title ?? network}`
  }
}
