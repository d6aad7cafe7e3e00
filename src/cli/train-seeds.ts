/** robustra train --seeds: runs of several seeds, one after another, and what they come to. */
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { type Seeds, isSeedsFolder, resumeSeeds, trainSeeds } from '../node/training/seeds-run.ts'
import { type SeedError, type SeedResult, type Spread, seedErrors, spreadsOf } from '../training/seeds.ts'
import type { TrainingOptions } from '../training/settings.ts'
import { commandLine, folded } from './follow-up.ts'
import { resumable, resumeCommand } from './device.ts'
import { onInterrupt } from './interrupt.ts'
import { Progress, formatSeconds } from './progress.ts'
import { formatShare, formatTable, printJson } from './text.ts'
import { type RunFlags, dataFlags, watchedRun } from './watched-run.ts'

interface Flags extends RunFlags {
  readonly resume?: boolean
  readonly json?: boolean
}

export async function trainEach(flags: Flags, runs: Seeds): Promise<void> {
  const { out, resume, json } = flags
  const { seeds } = runs
  const progress = new Progress()
  const runFor = (folder: string, options: TrainingOptions) => {
    progress.line(`seed ${options.seed} (${seeds.indexOf(options.seed) + 1} of ${seeds.length})`)
    return watchedRun(flags, { out: folder, options, progress })
  }
  const done = onInterrupt(() =>
    isSeedsFolder(out) ? `Continue with: ${resumeCommand(flags)}` : 'Nothing was written.',
  )
  try {
    const results = await (resume ? resumeSeeds(out, runFor) : trainSeeds(out, runs, runFor))
    progress.finish()
    if (json) printJson({ out, options: runs.options, runs: results, ...spreadsOf(results) })
    else console.log(describe(results, flags))
  } catch (error) {
    throw resumable(error, flags)
  } finally {
    progress.finish()
    done()
  }
}

/** @throws UserError if seeds that the user names differ from those that the runs were started with */
export function requireSameSeeds(given: readonly number[], saved: readonly number[]): void {
  if (given.length === 0 || given.join() === saved.join()) return
  throw new UserError(
    `the runs were started with --seeds ${saved.join(',')}, not ${given.join(',')}: leave it out with --resume, ` +
      'or start others with another --out',
  )
}

const titles: { readonly [name in SeedError]: string } = {
  ...{ trainingError: 'train error', cleanError: 'clean error', attackError: 'PGD error', certifiedError: 'LP error' },
  estimatedError: 'estimated error',
}

function describe(results: readonly SeedResult[], { out, data }: Flags): string {
  const spreads = spreadsOf(results)
  const isEstimated = results.some(({ estimatedError }) => estimatedError !== undefined)
  const columns = seedErrors.filter((name) => isEstimated || name !== 'estimatedError')
  const rows = results.map((result) => [
    ...[String(result.seed), `${result.network}, epoch ${result.epoch}`],
    ...columns.map((name) => formatShare(result[name] ?? null)),
    formatSeconds(result.elapsed),
  ])
  const row = (title: string, of: (spread: Spread) => number | null) => [
    ...[title, ''],
    ...columns.map((name) => {
      const spread = spreads[name]
      return formatShare(spread && of(spread))
    }),
    '',
  ]
  const head = ['seed', 'network', ...columns.map((name) => titles[name]), 'time']
  const means = [row('mean', ({ mean }) => mean), row('deviation', ({ deviation }) => deviation)]
  return [
    `\n${formatTable([head, ...rows, ...means], 2)}`,
    '(of the network that each run has chosen on validation images; the deviation is that of the sample)',
    ...(isEstimated ? ['(a GPU estimates, certify proves)'] : []),
    `written: ${join(out, 'summary.json')}`,
    `\nNext:\n${folded(commandLine('report', out, ...dataFlags(data)), '  ')}`,
  ].join('\n')
}
