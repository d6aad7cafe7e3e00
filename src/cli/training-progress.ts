/** What training shows while it runs: a bar per network and epoch, then a line. */
import type { TrainingOptions } from '../training/options.ts'
import type { EpochReport, Progress as TrainingStep } from '../training/trainer.ts'
import { Clock, type Progress } from './progress.ts'
import { formatShare } from './text.ts'

export class TrainingProgress {
  readonly #options: TrainingOptions
  readonly #progress: Progress
  readonly #clock = new Clock()
  #part = ''
  /** Under which name to show the networks, if not their own. */
  readonly #title: string | undefined

  constructor(options: TrainingOptions, progress: Progress, title?: string) {
    this.#options = options
    this.#progress = progress
    this.#title = title
  }

  readonly update = ({ epoch, network, done, total, loss }: TrainingStep): void => {
    const part = this.#name(epoch, network)
    if (part !== this.#part) this.#progress.start((this.#part = part), total)
    const perEpoch = this.#options.method === 'robustra' ? 2 : 1
    const parts = perEpoch * epoch + (network === 'g' ? 1 : 0)
    const left = this.#clock.left(parts * total + done, perEpoch * this.#options.epochs * total)
    this.#progress.update(done, `${done}/${total} images  loss ${loss.toFixed(3)}  ${left}`)
  }

  readonly report = (report: EpochReport): void => {
    const { epoch, network, loss, cleanError, certifiedError, epsilon, learningRate, unstable, space, seconds } = report
    const parts = [
      this.#name(epoch, network),
      `loss ${loss.toFixed(3)}`,
      ...(cleanError === null
        ? []
        : [
            `clean ${formatShare(cleanError).padStart(7)}`,
            `LP ${formatShare(certifiedError).padStart(8)}`,
            `unstable ${formatShare(unstable, 1).padStart(6)}`,
          ]),
      ...(this.#options.method === 'natural' ? [] : [`ε ${Number(epsilon.toPrecision(3))}`]),
      `lr ${learningRate.toExponential(1)}`,
      ...(space
        ? [
            `t ${space.t.toFixed(2)}`,
            `loose/tight/infeasible ${[space.loose, space.tight, space.infeasible].map((s) => (100 * s).toFixed(0)).join('/')} %`,
          ]
        : []),
      `${seconds.toFixed(1)} s`,
    ]
    this.#progress.line(parts.join('  '))
    this.#part = ''
  }

  #name(epoch: number, network: string): string {
    const { epochs } = this.#options
    return `${String(epoch + 1).padStart(String(epochs).length)}/${epochs} ${this.#title ?? network}`
  }
}
