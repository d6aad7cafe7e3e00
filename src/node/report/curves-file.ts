/** The picture of a run's training curves, kept up to date beside its log. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../atomic.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import type { EpochReport } from '../../training/epoch-report.ts'
import { curvesSvg } from '../../report/curves.ts'

export class CurvesFile {
  readonly path: string
  readonly #title: string
  /** By epoch and network, since a resumed run repeats an epoch that was cut short. */
  readonly #reports = new Map<string, EpochReport>()

  /** @param folder of the run; epochs in its log are drawn too */
  constructor(folder: string, { method, architecture, dataset, epsilon }: TrainingOptions) {
    this.path = join(folder, 'curves.svg')
    this.#title = `${method}, ${architecture} on ${dataset}, ε ${Number(epsilon.toPrecision(3))}`
    const log = join(folder, 'log.jsonl')
    if (!existsSync(log)) return
    for (const line of readFileSync(log, 'utf8').split('\n')) if (line !== '') this.#keep(JSON.parse(line))
  }

  add(report: EpochReport): void {
    this.#keep(report)
    writeFileAtomic(this.path, curvesSvg([...this.#reports.values()], this.#title))
  }

  #keep(report: EpochReport): void {
    this.#reports.set(`${report.epoch} ${report.network}`, report)
  }
}
