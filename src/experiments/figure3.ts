/** Figure 3: LP and clean error of both networks of a mutual pair after each epoch, on test images, MNIST at ε = 0.3. */
import { csv } from '../formats/write-csv.ts'
import { formatCount, formatDuration, formatShare } from '../report/format.ts'
import { epochChart } from './epoch-chart.ts'
import type { FigureSettings, Reproduction, Surroundings } from './experiment.ts'
import { type MutualRun, PAPER_EPOCHS, type TestRow, mutualRun, timesOf } from './mutual-run.ts'
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
import { paperTable2 } from './paper.ts'

/** @throws UserError as `mutualRun` */
export const figure3 = (settings: FigureSettings, around: Surroundings): Promise<Reproduction> =>
  mutualRun(settings, around, (run) => describe(run, settings, around))

function describe(run: MutualRun, settings: FigureSettings, { out, workers }: Surroundings): Reproduction {
  const { options, tests, images } = run
  const { training, evaluation } = timesOf(run)
  const command = commandOf('figure3', settings)
  const made = { ...provenance(command, options, workers), images, training, evaluation }
  const of = (network: 'f' | 'g', column: 'certifiedError' | 'cleanError') => tests.map((row) => row[network][column])
  const text = [
    '# Figure 3: errors of a mutual pair by epoch\n\n![LP and clean error by epoch](figure3.svg)\n\n',
    `LP error (over the whole ball, ε = ${options.epsilon}) and clean error of both networks on ${formatCount(images)} test images, as the paper\n`,
    'has them. They are for this plot only: the training chooses by validation images, and its log has no test figure.\n\n',
    describeProgress(run.tests.length, options.epochs),
    claimTable(claimsOf(run)),
    `\n${describeScale(settings, PAPER_EPOCHS)}Made by \`${command}\`, seed ${options.seed}: training ${formatDuration(training)} (shared with Figure 4),\n`,
    `evaluation ${formatDuration(evaluation)} on ${describeMachine(made.machine)}.\n`,
  ].join('')
  return writeReproduction(out, 'figure3', {
    data: { ...made, options, rows: tests },
    csv: csv(
      ['epoch', 'f_lp', 'f_clean', 'g_lp', 'g_clean'],
      tests.map(({ epoch, f, g }) => [epoch, f.certifiedError, f.cleanError, g.certifiedError, g.cleanError]),
    ),
    text,
    svg: epochChart(`A mutual pair on ${options.dataset}, ε = ${options.epsilon}`, [
      {
        title: 'error on test images',
        unit: 'share',
        series: [
          { label: 'f, LP', colour: 'blue', values: of('f', 'certifiedError') },
          { label: 'g, LP', colour: 'orange', values: of('g', 'certifiedError') },
          { label: 'f, clean', colour: 'blue', dotted: true, values: of('f', 'cleanError') },
          { label: 'g, clean', colour: 'orange', dotted: true, values: of('g', 'cleanError') },
        ],
      },
    ]),
  })
}

function claimsOf({ options, tests }: MutualRun): Claim[] {
  const last = tests.at(-1)
  if (!last) return []
  const ramp = Math.ceil(options.rampEpochs)
  const [during, after] = [tests.slice(0, ramp), tests.slice(ramp)]
  const lp = ({ f, g }: TestRow) => Math.min(f.certifiedError, g.certifiedError)
  const half = during.slice(0, Math.max(1, Math.floor(ramp / 2)))
  const ahead = after.filter(({ f, g }) => g.certifiedError < f.certifiedError).length
  const least = Math.min(...half.map(lp))
  const better = last.f.certifiedError < last.g.certifiedError ? last.f : last.g
  const { lp: paperLp, clean: paperClean } = paperTable2['mnist-0.3-small'].robustra
  return [
    {
      paper: 'while ε grows, the LP error stays at 100 %',
      ours: `at least ${formatShare(least)} in the first half of these ${ramp} epochs, ${formatShare(lp(during.at(-1)!))} at their end`,
      agrees: least > 0.99,
    },
    {
      paper: 'then it drops, and falls on',
      ours: after.length > 0 ? `${formatShare(lp(after[0]))} → ${formatShare(lp(last))}` : '–',
      agrees: after.length > 0 ? lp(last) < 0.99 && lp(last) <= lp(after[0]) : undefined,
    },
    {
      paper: 'the error of g, trained after f, is slightly smaller',
      ours: `LP, after the ramp: in ${ahead} of ${after.length} epochs`,
      agrees: after.length > 0 ? ahead > after.length / 2 : undefined,
    },
    {
      paper: `at the end LP ${formatShare(paperLp as number)}, clean ${formatShare(paperClean as number)} (Table 2)`,
      ours: `the better of the two: LP ${formatShare(better.certifiedError)}, clean ${formatShare(better.cleanError)}`,
      agrees: better.certifiedError <= (paperLp as number) + 0.01,
    },
  ]
}
