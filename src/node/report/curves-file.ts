/** The picture of a run's training curves, kept up to date beside its log. */
import { join } from 'node:path'
import { writeFileAtomic } from '../atomic.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import type { EpochReport } from '../../training/epoch-report.ts'
import { curvesSvg } from '../../report/curves.ts'

/** @param folder of the run */
export function writeCurves(
  folder: string,
  { method, architecture, dataset, epsilon }: TrainingOptions,
  reports: readonly EpochReport[],
): void {
  const title = `${method}, ${architecture} on ${dataset}, ε ${Number(epsilon.toPrecision(3))}`
  writeFileAtomic(join(folder, 'curves.svg'), curvesSvg(reports, title))
}
