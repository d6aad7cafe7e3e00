/**
 * Figure 4: (a) the t that Robustra selects, by epoch; (b) what the constraint of the reference space would be with t = 0:
 * loose, tight or infeasible. MNIST at ε = 0.3, from the log of Figure 3's run.
 */
import { csv } from '../formats/write-csv.ts'
import { formatDuration, formatShare } from '../report/format.ts'
import { type Series, epochChart } from './epoch-chart.ts'
import type { FigureSettings, Reproduction, Surroundings } from './experiment.ts'
import { seriesColours } from './frame.ts'
import { type MutualRun, PAPER_EPOCHS, mutualRun, timesOf } from './mutual-run.ts'
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

const kinds = ['loose', 'tight', 'infeasible'] as const
type Column = 't' | (typeof kinds)[number]

/** @throws UserError as `mutualRun` */
export const figure4 = (settings: FigureSettings, around: Surroundings): Promise<Reproduction> =>
  mutualRun(settings, around, (run) => describe(run, settings, around))

function describe(run: MutualRun, settings: FigureSettings, { out, workers }: Surroundings): Reproduction {
  const { options, reports } = run
  const { training } = timesOf(run)
  const command = commandOf('figure4', settings)
  const made = { ...provenance(command, options, workers), training }
  const rows = Array.from({ length: options.epochs }, (_, i) => ({
    epoch: i + 1,
    f: spaceOf(run, 'f', i + 1),
    g: spaceOf(run, 'g', i + 1),
  }))
  const columns = ['t', ...kinds] as const
  const curve = (network: 'f' | 'g', column: Column) => rows.map((row) => row[network]?.[column] ?? null)
  const series = (network: 'f' | 'g', column: Column, colour: Series['colour']): Series => ({
    ...{ label: `${network}, ${column}`, colour, values: curve(network, column) },
    dotted: network === 'g' && column !== 't',
  })
  const text = [
    '# Figure 4: the selected t, and the constraint at t = 0\n\n![t and the shares by epoch](figure4.svg)\n\n',
    `(a) Mean of the t that makes the constraint tight (Section 5.4), over all training images and targets of an epoch. (b) Shares\n`,
    'of constraints that with t = 0 would be loose (η = 0 is best), tight, or infeasible. Both while the network that is named is\n',
    'trained against the other, at the ε of the moment. The paper takes (b) on test images; the training knows none.\n\n',
    describeProgress(run.tests.length, options.epochs),
    claimTable(claimsOf(run)),
    `\n${describeScale({ ...settings, images: undefined }, PAPER_EPOCHS)}Made by \`${command}\`, seed ${options.seed}: training ${formatDuration(training)} (shared with Figure 3) on\n`,
    `${describeMachine(made.machine)}.\n`,
  ].join('')
  return writeReproduction(out, 'figure4', {
    data: { ...made, options, rows },
    csv: csv(
      ['epoch', 'epsilon', ...columns.map((column) => `f_${column}`), ...columns.map((column) => `g_${column}`)],
      rows.map(({ epoch, f, g }) => [
        epoch,
        reports.find((report) => report.epoch === epoch)?.epsilon,
        ...[f, g].flatMap((space) => columns.map((column) => space?.[column])),
      ]),
    ),
    text,
    svg: epochChart(`The reference space on ${options.dataset}, ε = ${options.epsilon}`, [
      { title: '(a) selected t', unit: 'number', series: [series('f', 't', 'blue'), series('g', 't', 'orange')] },
      {
        title: '(b) constraints at t = 0',
        unit: 'share',
        series: (['f', 'g'] as const).flatMap((network) =>
          kinds.map((kind, i) => series(network, kind, seriesColours[i])),
        ),
      },
    ]),
  })
}

const spaceOf = ({ reports }: MutualRun, network: string, epoch: number) =>
  reports.find((report) => report.epoch === epoch && report.network === network)?.space

function claimsOf(run: MutualRun): Claim[] {
  const { options } = run
  const ramp = Math.ceil(options.rampEpochs)
  const mean = (column: Column, first: number, last: number) => {
    const values = Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap((epoch) =>
      (['f', 'g'] as const).flatMap((network) => spaceOf(run, network, epoch)?.[column] ?? []),
    )
    return values.length > 0 ? values.reduce((a, b) => a + b) / values.length : undefined
  }
  const at = (epoch: number) => mean('t', epoch, epoch)
  const [start, top, end] = [at(1), at(ramp), at(options.epochs)]
  const [loose, infeasible] = [mean('loose', 1, ramp), mean('infeasible', ramp + 1, options.epochs)]
  const say = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2).replace('-', '−'))
  const compare = (test: (a: number, b: number) => boolean, a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : test(a, b)
  return [
    {
      paper: 'while ε grows, t rises sharply, to about −3',
      ours: `${say(start)} → ${say(top)}`,
      agrees: ramp > 1 ? compare((a, b) => b > a && b < 0, start, top) : undefined,
    },
    {
      paper: 'then it falls gradually',
      ours: `${say(top)} → ${say(end)}`,
      agrees: options.epochs > ramp ? compare((a, b) => b < a, top, end) : undefined,
    },
    {
      paper: 'while ε grows, almost all constraints are loose at t = 0',
      ours: `${formatShare(loose)} on average`,
      agrees: loose === undefined ? undefined : loose > 0.9,
    },
    {
      paper: 'afterwards almost all are infeasible',
      ours: `${formatShare(infeasible)} on average`,
      agrees: infeasible === undefined ? undefined : infeasible > 0.9,
    },
  ]
}
