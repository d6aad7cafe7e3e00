/**
 * Figure 1 (Section 4): f is trained with its input gradients kept orthogonal to those of g, which is trained naturally.
 * After each epoch, untargeted PGD at ε = 0.1 attacks both, and what it finds against one is tried on the other. The paper
 * names neither the network nor the epochs: here MNIST Small and 20.
 */
import { registry } from './transfer-task.ts'
import { csv } from '../formats/write-csv.ts'
import { threads } from '../node/threads.ts'
import { join } from 'node:path'
import { COSINE_WEIGHT } from '../training/losses/orthogonality.ts'
import { trainingOptions } from '../training/options.ts'
import type { TrainingOptions } from '../training/settings.ts'
import { formatCount, formatDuration, formatShare } from '../report/format.ts'
import { epochChart } from './epoch-chart.ts'
import { EpochRows, readLog, savedPair } from './epoch-rows.ts'
import { type FigureSettings, type Reproduction, type Surroundings, workIn, testImages, trainIn } from './experiment.ts'
import {
  type Claim,
  claimTable,
  commandOf,
  describeMachine,
  describeProgress,
  describeScale,
  provenance,
  writeReproduction,
} from './text.ts'
import { transferColumns, transferErrors } from './transfer.ts'
import type { TransferErrors } from './transfer-worker.ts'

const EPSILON = 0.1
const EPOCHS = 20

interface Row extends TransferErrors {
  /** Counts from 1. */
  readonly epoch: number
  readonly seconds: number
}

/** Adam with a constant learning rate, batches of 50: natural training, except for f's second term. */
export const figure1Options = ({ dataset = 'mnist', epochs = EPOCHS, ...scale }: FigureSettings): TrainingOptions =>
  trainingOptions({
    ...{ dataset, epochs, method: 'orthogonal', architecture: 'mnist-small', epsilon: EPSILON, halveEvery: 0 },
    // nothing is chosen by validation images
    validationCount: scale.validationCount ?? 0,
    trainingCount: scale.trainingCount,
  })

/** @throws UserError for missing data and for what `workIn` refuses */
export async function figure1(settings: FigureSettings, around: Surroundings): Promise<Reproduction> {
  const { out, resume, workers, watch } = around
  const executor = threads(workers, registry)
  const options = figure1Options(settings)
  const test = await testImages(options.dataset, settings.images, around)
  return workIn({ out, settings: { figure: 'figure1', ...settings }, resume }, async () => {
    const run = join(out, 'run')
    const rows = new EpochRows<Row>(join(out, 'transfer.jsonl'))
    const drawn = () => describe({ options, images: test.count, rows: rows.rows }, settings, around)
    const measure = async () => {
      const pair = savedPair(run)
      if (!pair || rows.has(pair.epoch)) return
      const started = performance.now()
      const onProgress = watch.part(`epoch ${pair.epoch}, attacks`, test.count)
      const { epoch, f, g } = pair
      const errors = await transferErrors({ f, g, dataset: test }, EPSILON, executor, onProgress)
      rows.add({ epoch, ...errors, seconds: (performance.now() - started) / 1000 })
      drawn()
    }
    // an epoch whose attacks were cut off
    await measure()
    await trainIn(run, options, around, { title: 'Figure 1', onSaved: measure })
    return drawn()
  })
}

interface Found {
  readonly options: TrainingOptions
  /** Test images. */
  readonly images: number
  readonly rows: readonly Row[]
}

function describe(
  { options, images, rows }: Found,
  settings: FigureSettings,
  { out, workers }: Surroundings,
): Reproduction {
  const training = readLog(join(out, 'run')).reduce((sum, { seconds }) => sum + seconds, 0)
  const attacks = rows.reduce((sum, { seconds }) => sum + seconds, 0)
  const of = (column: keyof TransferErrors) => rows.map((row) => row[column])
  const command = commandOf('figure1', settings)
  const made = { ...provenance(command, options, workers), images, training, attacks }
  const title = `PGD error and transfer on ${options.dataset}, ε = ${EPSILON}`
  const text = [
    '# Figure 1: keeping gradients across those of another network\n\n![Errors by epoch](figure1.svg)\n\n',
    `f is trained with ℓ_f + ${COSINE_WEIGHT}·|cos(∇ₓℓ_f, ∇ₓℓ_g)|, g naturally, f before g in each epoch. After it, untargeted PGD\n`,
    `(40 steps of ε/10 from a random point, within [0, 1]) attacks both at ε = ${EPSILON} on ${formatCount(images)} test images. Transfer:\n`,
    'share of the images that one network gets wrong at the worst point found against the other.\n\n',
    describeProgress(rows.length, options.epochs),
    claimTable(claimsOf(rows)),
    `\nThe paper says neither which network and optimiser it took, nor how long: here ${options.architecture}, Adam at `,
    `${options.learningRate}, ${options.epochs} epochs.\n${describeScale(settings)}\n`,
    `Made by \`${command}\`, seed ${options.seed}: training ${formatDuration(training)}, attacks ${formatDuration(attacks)} on\n`,
    `${describeMachine(made.machine)}.\n`,
  ].join('')
  return writeReproduction(out, 'figure1', {
    data: { ...made, options, rows },
    csv: csv(
      ['epoch', ...transferColumns],
      rows.map((row) => [row.epoch, ...transferColumns.map((column) => row[column])]),
    ),
    text,
    svg: epochChart(title, [
      {
        title: 'error on test images',
        unit: 'share',
        series: [
          { label: 'g, PGD', colour: 'orange', values: of('gPgd') },
          { label: 'f, PGD', colour: 'blue', values: of('fPgd') },
          { label: 'from g to f', colour: 'blue', dotted: true, values: of('gToF') },
          { label: 'from f to g', colour: 'orange', dotted: true, values: of('fToG') },
        ],
      },
    ]),
  })
}

function claimsOf(rows: readonly Row[]): Claim[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return []
  const least = rows.reduce((a, b) => (b.fPgd < a.fPgd ? b : a))
  const course = (column: keyof TransferErrors) => `${formatShare(first[column])} → ${formatShare(last[column])}`
  const later = rows.length > 1
  return [
    {
      paper: 'after a few epochs the PGD error of f is below 20 %',
      ours: `least ${formatShare(least.fPgd)}, after epoch ${least.epoch}; at the end ${formatShare(last.fPgd)}`,
      agrees: last.fPgd < 0.2,
    },
    {
      paper: 'the PGD error of g slightly increases',
      ours: course('gPgd'),
      agrees: later ? last.gPgd >= first.gPgd : undefined,
    },
    {
      paper: 'transfer falls, from g to f',
      ours: course('gToF'),
      agrees: later ? last.gToF < first.gToF : undefined,
    },
    {
      paper: 'transfer falls, from f to g',
      ours: course('fToG'),
      agrees: later ? last.fToG < first.fToG : undefined,
    },
  ]
}
