/** robustra reproduce */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { UserError, unknownName } from '../base/errors.ts'
import {
  type FigureDataset,
  type Reproduction,
  type Scale,
  type Surroundings,
  type Watcher,
  figureDatasets,
} from '../experiments/experiment.ts'
import { figure1 } from '../experiments/figure1.ts'
import { figure3 } from '../experiments/figure3.ts'
import { figure4 } from '../experiments/figure4.ts'
import { table1 } from '../experiments/table1.ts'
import { defaultRows, rowPlan } from '../experiments/table2-rows.ts'
import { table2 } from '../experiments/table2.ts'
import { sameCommand } from './follow-up.ts'
import { onInterrupt } from './interrupt.ts'
import { dataOption, jsonOption, workersOption } from './options.ts'
import { examples } from './help.ts'
import { Clock, Progress, downloadProgress } from './progress.ts'
import { printJson } from './text.ts'
import { TrainingProgress } from './training-progress.ts'
import { parseList, parsePositive, wholeNumber } from './values.ts'

interface Flags {
  readonly rows?: string[]
  readonly dataset?: string
  readonly epochs?: number
  readonly trainingCount?: number
  readonly images?: number
  readonly timeout?: number
  readonly out?: string
  readonly resume?: boolean
  readonly workers: number
  readonly data?: string
  readonly json?: boolean
}

/** Settings that some of them have. */
type Setting = 'rows' | 'dataset' | 'epochs' | 'trainingCount' | 'images' | 'timeout'

interface Entry {
  /** Folder, if no other is given. */
  readonly out: string
  readonly settings: readonly Setting[]
  readonly run: (flags: Flags, around: Surroundings) => Promise<Reproduction>
}

const scaleOf = ({ epochs, trainingCount, images }: Flags): Scale => ({ epochs, trainingCount, images })
const scaling = ['epochs', 'trainingCount', 'images'] as const

const figure = (out: string, run: typeof figure1): Entry => ({
  out: join('runs', out),
  settings: ['dataset', ...scaling],
  run: (flags, around) => run({ dataset: datasetOf(flags), ...scaleOf(flags) }, around),
})

const entries: Readonly<Record<string, Entry>> = {
  table1: { out: join('runs', 'table1'), settings: [], run: (_flags, around) => table1(around) },
  table2: {
    out: join('runs', 'table2'),
    settings: ['rows', ...scaling, 'timeout'],
    run: (flags, around) =>
      table2(flags.rows ?? defaultRows, { ...scaleOf(flags), timeout: flags.timeout ?? 60 }, around),
  },
  figure1: figure('figure1', figure1),
  figure3: figure('figure3-4', figure3),
  figure4: figure('figure3-4', figure4),
}
const names = Object.keys(entries)

export function reproduceCommand(command: Command): void {
  command
    .argument('<what>', `table or figure: ${names.join(', ')}`)
    .addOption(
      new Option('--rows <list>', 'for table2: rows, separated by commas (default: all of them)').argParser(parseList),
    )
    .addOption(
      new Option(
        '--epochs <n>',
        'epochs of each training; schedules shrink in proportion (default: as in the paper)',
      ).argParser(wholeNumber('--epochs', 1)),
    )
    .option(
      '--dataset <name>',
      `for a figure: ${figureDatasets.join(' or ')}, which is for trying it out (default: mnist)`,
    )
    .addOption(
      new Option('--training-count <n>', 'train on the first n images only').argParser(
        wholeNumber('--training-count', 1),
      ),
    )
    .addOption(
      new Option('--images <n>', 'evaluate on the first n test images only').argParser(wholeNumber('--images', 1)),
    )
    .addOption(
      new Option(
        '--timeout <seconds>',
        'for table2: how long the exact answer may take, per image (default: 60)',
      ).argParser((text) => parsePositive('--timeout', text)),
    )
    .option('--out <dir>', 'folder for data, picture and text (default: runs/<what>; runs/figure3-4 for both)')
    .option('--resume', 'continue what is in --out, without repeating what is done')
    .addOption(workersOption(', time limits apart'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nRows of table2: ${defaultRows.join(', ')};\nand synthetic-0.1-small, which needs no files, for trying it out. A whole row takes hours to weeks.\n` +
        'figure3 and figure4 share one training. So give the second one --resume, and it takes no time.\n' +
        examples([
          'robustra reproduce table1',
          'robustra reproduce table2 --rows mnist-0.3-small,mnist-0.1-small --epochs 20',
          'robustra reproduce table2 --rows mnist-0.3-small,mnist-0.1-small --epochs 20 --resume',
          'robustra reproduce figure1',
          'robustra reproduce figure3 --epochs 20',
          'robustra reproduce figure4 --epochs 20 --resume',
          'robustra reproduce figure1 --dataset synthetic --epochs 3 --out runs/try',
        ]),
    )
    .action(runReproduce)
}

async function runReproduce(what: string, flags: Flags): Promise<void> {
  if (!Object.hasOwn(entries, what)) throw unknownName('table or figure', what, names)
  const entry = entries[what]
  requireFitting(what, flags)
  flags.rows?.forEach(rowPlan)
  const progress = new Progress()
  const out = flags.out ?? entry.out
  const done = onInterrupt(() =>
    existsSync(out) ? `Continue with: ${sameCommand('--resume')}` : 'Nothing was written.',
  )
  try {
    const { data, text, files } = await entry.run(flags, {
      ...{ out, resume: flags.resume ?? false, workers: flags.workers },
      dataDirectory: flags.data,
      watch: watcher(progress),
    })
    progress.finish()
    if (flags.json) printJson(data)
    else console.log(`${text}\nfiles: ${files.join(', ')}`)
  } finally {
    progress.finish()
    done()
  }
}

/** @throws UserError for a setting that is not for this table or figure */
function requireFitting(what: string, flags: Flags): void {
  const all: readonly Setting[] = ['rows', 'dataset', ...scaling, 'timeout']
  const idle = all.find((name) => flags[name] !== undefined && !entries[what].settings.includes(name))
  if (idle === undefined) return
  const option = idle === 'trainingCount' ? 'training-count' : idle
  const fitting = names.filter((name) => entries[name].settings.includes(idle))
  throw new UserError(`--${option} is not for ${what} but for ${fitting.join(', ')}: leave it out`)
}

function datasetOf({ dataset }: Flags): FigureDataset | undefined {
  const found = figureDatasets.find((name) => name === dataset)
  if (dataset !== undefined && !found) throw unknownName('data set', dataset, figureDatasets)
  return found
}

const watcher = (progress: Progress): Watcher => ({
  training: (title, options) => {
    progress.line(`\n${title}: ${options.method}, ${options.architecture} on ${options.dataset}`)
    const shown = new TrainingProgress(options, progress)
    return { onProgress: shown.update, onReport: shown.report }
  },
  part: (title, total) => {
    const clock = new Clock()
    progress.start(title, total)
    return (images) => progress.update(images, `${images}/${total} images  ${clock.left(images, total)}`)
  },
  onDownload: downloadProgress(progress),
})
