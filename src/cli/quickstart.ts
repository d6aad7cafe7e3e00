/** robustra quickstart */
import { join } from 'node:path'
import type { Command } from 'commander'
import { loadDataset } from '../node/data/load-dataset.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { makeReport } from '../node/report/measure.ts'
import { readSubjects } from '../node/report/subjects.ts'
import { testImages } from '../node/report/test-images.ts'
import { reportPage } from '../report/page.ts'
import { packageVersion } from '../base/version.ts'
import { curvesSvg } from '../report/curves.ts'
import { trainingOptions } from '../training/options.ts'
import { type RunResult, trainRun } from '../node/training/run.ts'
import { certifyToFile } from '../node/certificates/certify-to-file.ts'
import { targetOf } from '../node/certificates/target-file.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'
import type { Lock } from '../node/lock.ts'
import { fit, widthOf } from './fit.ts'
import { sameCommand } from './follow-up.ts'
import { onInterrupt } from './interrupt.ts'
import { jsonOption, workersOption } from './options.ts'
import { examples } from './help.ts'
import { Clock, Progress } from './progress.ts'
import { prepareFolder } from './quickstart-folder.ts'
import { EPSILON, TEST_IMAGES, quickstartRuns as runs } from './quickstart-settings.ts'
import { type Subject, explain, reportOf } from './quickstart-text.ts'
import { printJson } from './text.ts'
import { TrainingProgress } from './training-progress.ts'

interface Flags {
  readonly out: string
  readonly workers: number
  readonly json?: boolean
}

export function quickstartCommand(command: Command): void {
  command
    .option(
      '--out <dir>',
      'folder for everything that it makes; an earlier quickstart in it is overwritten',
      'runs/quickstart',
    )
    .addOption(workersOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(['robustra quickstart', 'robustra quickstart --workers 2 --out runs/try']))
    .action(runQuickstart)
}

async function runQuickstart({ out, workers, json }: Flags): Promise<void> {
  const started = performance.now()
  const progress = new Progress()
  const done = onInterrupt(() => `Start again with: ${sameCommand()}`)
  let lock: Lock | undefined
  try {
    const place = prepareFolder(out)
    const { path, note } = place
    lock = place.lock
    if (note) progress.line(`quickstart ${note}`)
    const trained = await trainOne('robustra', { path, workers, progress })
    writeFileAtomic(
      join(path, 'curves.svg'),
      curvesSvg(trained.reports, `Robustra: f and g, trained mutually on synthetic digits, ε ${EPSILON}`),
    )
    const compared = await trainOne('natural', { path, workers, progress })
    const subjects: Subject[] = []
    for (const { name, network, path: file } of [...trained.networks, { ...compared.networks[0], name: 'natural' }]) {
      const summary = await certifyOne(name, network, { path, workers, progress })
      subjects.push({ name, path: file, summary })
    }
    progress.start('writing the report', 1)
    const report = await makeReport(readSubjects([path]), testImages(undefined))
    writeFileAtomic(reportOf(path), reportPage(report, packageVersion))
    progress.finish()
    const seconds = (performance.now() - started) / 1000
    if (json) printJson({ out: path, report: reportOf(path), epsilon: EPSILON, seconds, networks: subjects })
    else console.log(fit(explain(path, subjects, betterOf(trained), seconds), widthOf(process.stdout)))
  } finally {
    lock?.release()
    progress.finish()
    done()
  }
}

/** The network of the pair with the lower certified error on validation images after the last epoch. */
function betterOf({ networks, reports }: RunResult): string {
  const error = (name: string) => reports.findLast(({ network }) => network === name)!.certifiedError!
  return networks.map(({ name }) => name).toSorted((a, b) => error(a) - error(b))[0]
}

interface Surroundings {
  /** Folder for everything. */
  readonly path: string
  readonly workers: number
  readonly progress: Progress
}

async function trainOne(kind: keyof typeof runs, { path, workers, progress }: Surroundings): Promise<RunResult> {
  const options = trainingOptions(runs[kind])
  progress.line(
    kind === 'robustra'
      ? `\nTraining a pair with Robustra: in each epoch f against g, then g against f (ε ${EPSILON})`
      : '\nTraining the same network on clean images only, to compare',
  )
  const shown = new TrainingProgress(options, progress, kind === 'natural' ? kind : undefined)
  const result = await trainRun(options, {
    out: join(path, kind),
    workers,
    onProgress: shown.update,
    onReport: shown.report,
  })
  progress.finish()
  return result
}

async function certifyOne(
  name: string,
  network: RunResult['networks'][number]['network'],
  { path, workers, progress }: Surroundings,
): Promise<CertifySummary> {
  const dataset = await loadDataset('synthetic', 'test')
  const clock = new Clock()
  progress.start(`certifying ${name}`, TEST_IMAGES)
  const summary = await certifyToFile(targetOf(network), dataset, {
    ...{ epsilon: EPSILON, first: 0, last: TEST_IMAGES, workers, seed: 0, domain: 'pixels', resume: false },
    // on a network that was trained on clean images, nearly every search runs into its limit
    steps: ['clean', 'pgd', 'lp', ...(name === 'natural' ? [] : (['crown', 'alpha', 'complete'] as const))],
    ...{ pgd: { steps: 20 }, timeout: 5 },
    out: join(path, `certified-${name}.jsonl`),
    onProgress: (images) => progress.update(images, clock.left(images, TEST_IMAGES)),
  })
  progress.finish()
  return summary
}
