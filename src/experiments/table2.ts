/** Table 2: LP, exact and clean error of Robustra and of the plain LP-dual baseline, beside what the paper prints. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { csv } from '../formats/write-csv.ts'
import { formatCount, formatDuration, formatShare } from '../report/format.ts'
import { barChart } from './bar-chart.ts'
import { type Reproduction, type Surroundings, checkFolder } from './experiment.ts'
import type { PaperError } from './paper.ts'
import { type Measured, type RowResult, type Table2Settings, readRow, rowSettings, table2Row } from './table2-row.ts'
import { PAPER_EPOCHS, type RowPlan, rowMethods, rowPlan, tablePlans } from './table2-rows.ts'
import {
  type Claim,
  claimTable,
  commandOf,
  describeMachine,
  describeScale,
  markdownTable,
  writeReproduction,
} from './text.ts'

/**
 * Does rows one after the other, each in a folder of its name; the table has all rows that are done there, and is written
 * again after each of them.
 * @throws UserError for an unknown row, missing data, and rows that are there if they are not to be resumed
 */
export async function table2(
  rows: readonly string[],
  settings: Table2Settings,
  around: Surroundings,
): Promise<Reproduction> {
  // before the first of them takes its hours
  for (const row of rows) checkFolder(join(around.out, rowPlan(row).name), rowSettings(row, settings), around.resume)
  for (const row of rows) {
    await table2Row(row, settings, { ...around, out: join(around.out, row) })
    writeTable(around.out)
  }
  return writeTable(around.out)
}

/** A row that is done. */
interface Line {
  readonly plan: RowPlan
  readonly result: RowResult
}

/** The table of the rows that lie in a folder. */
function writeTable(out: string): Reproduction {
  const lines = tablePlans.flatMap((plan): Line[] => {
    const result = readRow(join(out, plan.name))
    return result ? [{ plan, result }] : []
  })
  const begun = existsSync(out) ? readdirSync(out) : []
  const unfinished = tablePlans.filter(
    ({ name }) => begun.includes(name) && !lines.some(({ plan }) => plan.name === name),
  )
  const text = [
    '# Table 2: provable and clean errors\n\n',
    markdownTable(
      [
        'dataset, ε, model',
        ...['LP', 'exact', 'clean'].flatMap((error) => columnHeads.map((head) => `${error}: ${head}`)),
      ],
      lines.map(tableLine),
    ),
    '\nSOA and Robustra are the paper’s figures (– not reported, / not computed within 24 hours). “baseline” and “ours” are our own\n',
    'runs with the same settings: the plain LP-dual loss of Wong & Kolter (2018), one network, and Robustra, a pair. The network is\n',
    'the one, of all epochs and of both of a pair, with the lowest LP error on validation images, never on test images. LP bounds\n',
    'are over the whole ball; the exact error is over its part in [0, 1], as the paper’s MILP bound: from what a counterexample is\n',
    'known for, to that and what is undecided.\n\n## What agrees\n\n',
    ...lines.map(({ plan, result }) => `### ${plan.name}\n\n${claimTable(claimsOf({ plan, result }))}\n`),
    '## Details\n\n',
    markdownTable(detailHead, lines.flatMap(detailLines)),
    '\n',
    ...lines.map(originOf),
    unfinished.length > 0 ? `\nNot finished: ${unfinished.map(({ name }) => name).join(', ')}.\n` : '',
  ].join('')
  return writeReproduction(out, 'table2', {
    data: { rows: lines.map(({ plan, result }) => ({ ...result, paper: plan.paper ?? null })) },
    csv: csv(csvHead, lines.flatMap(csvLines)),
    text,
    svg: picture(lines),
  })
}

/** The upper end of a range of exact errors, where undecided images count as errors. */
const picture = (lines: readonly Line[]): string =>
  barChart(
    'Table 2: provable and clean errors',
    ['LP error', 'exact error', 'clean error'].map((title) => ({ title, format: formatShare })),
    [
      { label: 'SOA, in the paper', colour: 'orange', faded: true },
      { label: 'Robustra, in the paper', colour: 'blue', faded: true },
      { label: 'LP-dual, ours', colour: 'orange' },
      { label: 'Robustra, ours', colour: 'blue' },
    ],
    lines.map(({ plan: { name, paper }, result: { methods } }) => {
      const [ours, baseline] = [methods.robustra.chosen, methods['lp-dual'].chosen]
      const figure = (error: PaperError | undefined) => (typeof error === 'number' ? error : null)
      return {
        label: name,
        values: [
          [figure(paper?.soa.lp), figure(paper?.robustra.lp), baseline.lp, ours.lp],
          [figure(paper?.soa.milp), figure(paper?.robustra.milp), baseline.exact.most, ours.exact.most],
          [figure(paper?.soa.clean), figure(paper?.robustra.clean), baseline.clean, ours.clean],
        ],
      }
    }),
  )

const columnHeads = ['SOA', 'Robustra', 'baseline', 'ours']

const sayPaper = (error: PaperError | undefined): string =>
  error === undefined || error === '-' ? '–' : error === '/' ? '/' : formatShare(error)

const sayExact = ({ exact: { least, most } }: Measured): string =>
  least === most ? formatShare(most) : `${formatShare(least)} to ${formatShare(most)}`

function tableLine({ plan: { dataset, epsilon, model, paper }, result: { methods } }: Line): string[] {
  const [ours, baseline] = [methods.robustra.chosen, methods['lp-dual'].chosen]
  return [
    `${dataset}, ${epsilon}, ${model}`,
    ...[sayPaper(paper?.soa.lp), sayPaper(paper?.robustra.lp), formatShare(baseline.lp), formatShare(ours.lp)],
    ...[sayPaper(paper?.soa.milp), sayPaper(paper?.robustra.milp), sayExact(baseline), sayExact(ours)],
    ...[
      sayPaper(paper?.soa.clean),
      sayPaper(paper?.robustra.clean),
      formatShare(baseline.clean),
      formatShare(ours.clean),
    ],
  ]
}

/** By how much our error may exceed the paper's and still agree with it. */
const CLOSE = 0.01

function claimsOf({ plan: { paper }, result: { methods } }: Line): Claim[] {
  const [ours, baseline] = [methods.robustra.chosen, methods['lp-dual'].chosen]
  const parts = [
    ['LP error', paper?.robustra.lp, paper?.soa.lp, ours.lp, baseline.lp],
    ['exact error', paper?.robustra.milp, paper?.soa.milp, ours.exact.most, baseline.exact.most],
    ['clean error', paper?.robustra.clean, paper?.soa.clean, ours.clean, baseline.clean],
  ] as const
  return parts.flatMap(([name, robustra, soa, mine, plain]): Claim[] => {
    const gains = typeof robustra === 'number' && typeof soa === 'number' ? robustra < soa : undefined
    return [
      ...(typeof robustra === 'number'
        ? [
            {
              paper: `${name} of Robustra ${formatShare(robustra)}`,
              ours: `${formatShare(mine)}, ${mine <= robustra + CLOSE ? 'at most a point' : 'more than a point'} above`,
              agrees: mine <= robustra + CLOSE,
            },
          ]
        : []),
      {
        paper:
          gains === undefined
            ? `${name}: nothing to compare`
            : `${name}: Robustra ${gains ? 'better' : 'no better'} than SOA`,
        ours: `${formatShare(mine)} against ${formatShare(plain)} of our baseline`,
        agrees: gains === undefined ? undefined : mine < plain === gains,
      },
    ]
  })
}

const detailHead = [
  ...['network', 'epoch', 'validation LP', 'validation clean', 'LP', 'exact', 'undecided', 'PGD', 'clean'],
  ...['training', 'certificates (one core)'],
]

/** Everything that was measured: for both methods, the network that was chosen and the one after the last epoch. */
const measurements = ({ plan, result: { methods } }: Line) =>
  rowMethods.flatMap((method) =>
    (['chosen', 'last'] as const).map((which) => ({
      ...{ row: plan.name, method, which, errors: methods[method][which] },
      trainingSeconds: methods[method].trainingSeconds,
    })),
  )

const detailLines = (line: Line): string[][] =>
  measurements(line).map(({ row, method, which, errors, trainingSeconds }) => [
    `${row}, ${method}, ${which}: ${errors.network}`,
    ...[`${errors.epoch}`, formatShare(errors.validation.lp), formatShare(errors.validation.clean)],
    ...[formatShare(errors.lp), sayExact(errors), formatShare(errors.undecided), formatShare(errors.pgd)],
    ...[formatShare(errors.clean), formatDuration(trainingSeconds), formatDuration(errors.seconds)],
  ])

const csvHead = [
  ...['row', 'method', 'which', 'network', 'epoch', 'validation_lp', 'validation_clean', 'lp', 'exact_least'],
  ...['exact_most', 'undecided', 'pgd', 'clean', 'training_seconds', 'certificate_seconds'],
]

const csvLines = (line: Line) =>
  measurements(line).map(({ row, method, which, errors: e, trainingSeconds }) => [
    ...[row, method, which, e.network, e.epoch, e.validation.lp, e.validation.clean, e.lp, e.exact.least],
    ...[e.exact.most, e.undecided, e.pgd, e.clean, trainingSeconds, e.seconds],
  ])

function originOf({ plan, result: { settings, seed, epochs, images, machine } }: Line): string {
  const command = `${commandOf('table2', settings, plan.name)} --timeout ${settings.timeout}`
  const scale = describeScale(settings, PAPER_EPOCHS).trim()
  return (
    `- ${plan.name}: \`${command}\`, seed ${seed}, ${epochs} epochs, ${formatCount(images)} test images, ` +
    `${describeMachine(machine)}. ${scale}`.trim() +
    '\n'
  )
}
