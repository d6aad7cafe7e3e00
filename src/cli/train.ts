/** robustra train */
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { UserError, unknownName } from '../base/errors.ts'
import { loadDataset } from '../node/data/load-dataset.ts'
import { describeNorm } from '../region/norm.ts'
import { RunFolder } from '../node/training/checkpoint.ts'
import { trainingOptions } from '../training/options.ts'
import type { GivenOptions, TrainingOptions } from '../training/settings.ts'
import { losses } from '../training/losses/list.ts'
import { presets } from '../training/presets.ts'
import { isSeedsFolder, readSeeds } from '../node/training/seeds-run.ts'
import { type RunResult, resumeRun, trainRun } from '../node/training/run.ts'
import { architectureOfStart } from '../node/training/start-files.ts'
import { layersHelp } from './architecture.ts'
import { readConfig } from './config.ts'
import { commandLine, folded } from './follow-up.ts'
import { addDeviceOptions, resumable, resumeCommand } from './device.ts'
import { onInterrupt } from './interrupt.ts'
import { dataOption, jsonOption, requireOption, workersOption } from './options.ts'
import { describeRadii, epsilonFileOption, radiiFrom } from './epsilon-file.ts'
import { examples } from './help.ts'
import { Progress } from './progress.ts'
import { formatShare, formatTable, printJson } from './text.ts'
import { addTrainingOptions, requireSame, trainingFlags } from './training-flags.ts'
import { requireSameSeeds, trainEach } from './train-seeds.ts'
import { parseSeeds } from './values.ts'
import { type RunFlags, dataFlags, watchedRun } from './watched-run.ts'

interface Flags extends RunFlags {
  readonly preset?: string
  readonly epsilonFile?: string
  readonly config?: string
  readonly resume?: boolean
  readonly seeds?: readonly number[]
  readonly json?: boolean
}

export function trainCommand(command: Command): void {
  command
    .option('--out <dir>', 'new folder, for networks, log, curves and checkpoint')
    .addOption(
      new Option(
        '--preset <name>',
        `settings of the paper, or of a loss by its name: ${Object.keys(presets).join(', ')}`,
      ),
    )
    .option('--config <file>', 'settings from a .json or .toml file; names as below in camelCase')
    .option('--resume', 'continue the run in --out after its last whole epoch, with its own settings')
    .addOption(
      new Option(
        '--seeds <list>',
        'train once with each of these seeds, such as 1-5 or 1,4,7, and say what the runs come to',
      ).argParser(parseSeeds),
    )
    .addOption(workersOption())
    .addOption(dataOption())
    .addOption(jsonOption())
  addDeviceOptions(command)
  addTrainingOptions(command)
    .addOption(epsilonFileOption())
    .addHelpText(
      'after',
      `\nMethods, by what they minimise:\n${methodHelp()}\n\n${layersHelp}\n\n` +
        'The command line overrides --config, which overrides --preset, which overrides the defaults.\n' +
        'The same settings and seed give the same weights on one machine, with any number of workers. A GPU gives others, the\n' +
        'same ones each time. GPUs need the package webgpu (npm install webgpu) and the driver of their vendor.\n' +
        examples([
          'robustra train --out runs/first --epochs 5',
          'robustra train --out runs/mnist --preset paper-mnist-0.1 --epochs 20',
          'robustra train --out runs/wk --dataset mnist --method lp-dual --epsilon 0.1',
          'robustra train --out runs/pair --preset paper-mnist-0.1 --parallel-pair',
          'robustra train --out runs/warm --preset paper-mnist-0.3 --epochs 20 --warm-up interval --warm-up-epochs 3',
          'robustra train --out runs/tuned --preset paper-mnist-0.3 --epochs 5 --start runs/warm',
          'robustra train --out runs/mine --dataset mnist --method lp-dual --start net.onnx',
          'robustra train --out runs/five --dataset mnist --method interval --epsilon 0.1 --seeds 1-5',
          "robustra train --out runs/own --architecture 'conv 16 4 2 1, relu, linear 100, relu, linear'",
          'robustra train --out runs/large --preset paper-mnist-0.1 --architecture mnist-large --device gpu',
          'robustra train --out runs/mnist --resume',
        ]),
    )
    .action((flags: Flags) => {
      requireOption('--out', flags.out, 'the folder for everything that it writes')
      return runTrain(flags)
    })
}

/** A line for each training method. */
function methodHelp(): string {
  const widest = Math.max(...losses.map(({ name }) => name.length))
  return losses.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`).join('\n')
}

async function runTrain(flags: Flags): Promise<void> {
  if (flags.seeds || (flags.resume && isSeedsFolder(flags.out))) return runSeeds(flags)
  const { out, data, json } = flags
  const options = flags.resume ? await resumedOptions(flags, new RunFolder(out).options()) : await newOptions(flags)
  const progress = new Progress()
  const run = watchedRun(flags, { out, options, progress })
  const done = onInterrupt(() =>
    RunFolder.isAt(out) ? `Continue with: ${resumeCommand(flags)}` : 'Nothing was written.',
  )
  try {
    const result = await (flags.resume ? resumeRun(run) : trainRun(options, run))
    progress.finish()
    if (json) printJson({ out, ...result, networks: result.networks.map(({ name, path }) => ({ name, path })) })
    else printResult(out, result, data)
  } catch (error) {
    throw resumable(error, flags)
  } finally {
    progress.finish()
    done()
  }
}

async function runSeeds(flags: Flags): Promise<void> {
  const { out, seeds = [], resume } = flags
  if (givenBy(flags).seed !== undefined)
    throw new UserError('--seed and --seeds exclude each other: give only one of them')
  if (!resume) return trainEach(flags, { seeds, options: { ...(await newOptions(flags)), seed: seeds[0] } })
  const saved = readSeeds(out)
  requireSameSeeds(seeds, saved.seeds)
  await resumedOptions(flags, saved.options)
  return trainEach(flags, saved)
}

async function newOptions(flags: Flags): Promise<TrainingOptions> {
  const options = await settingsOf(flags)
  requireRamp(givenBy(flags), options)
  return options
}

async function settingsOf(flags: Flags): Promise<TrainingOptions> {
  const given = givenBy(flags)
  const { start = '', architecture } = given
  return optionsOf(flags, start === '' || architecture !== undefined ? given : withLayersOf(given, start))
}

/** A run that starts from a network has its layers, if nothing else is said. */
const withLayersOf = (given: GivenOptions, start: string) => ({ ...given, architecture: architectureOfStart(start) })

async function optionsOf(flags: Flags, given: GivenOptions): Promise<TrainingOptions> {
  const options = trainingOptions(given, flags.preset)
  if (flags.epsilonFile === undefined) return options
  const { epsilon } = flagsOf(flags)
  const radiiOver = radiiFrom({ epsilon, epsilonFile: flags.epsilonFile })
  const { dataset, seed, validationCount } = options
  const read = { seed, validationCount, ...(flags.data !== undefined && { dataDirectory: flags.data }) }
  return trainingOptions({ ...given, ...radiiOver(await loadDataset(dataset, 'train', read)) }, flags.preset)
}

/** With a small ε the defaults of the ramp shrink; what the user says must make sense. */
function requireRamp({ epsilonStart = 0 }: GivenOptions, { epsilon }: TrainingOptions): void {
  if (epsilonStart <= epsilon) return
  throw new UserError(`--epsilon-start is ${epsilonStart}, above the ε of ${epsilon} that it grows to: give less`)
}

/** @param saved the settings of the run itself; what the user repeats must be the same */
async function resumedOptions(flags: Flags, saved: TrainingOptions): Promise<TrainingOptions> {
  const radii = flags.epsilonFile === undefined ? {} : { epsilons: undefined }
  const named = { ...presets[presetName(flags) ?? ''], ...givenBy(flags), ...radii }
  const given = givenBy(flags)
  // the networks that a run has started from need not be there any more
  const own = {
    ...(given.start !== undefined && { architecture: saved.architecture }),
    ...(flags.epsilonFile !== undefined && { dataset: saved.dataset }),
  }
  const repeated = await optionsOf(flags, { ...own, ...given })
  requireSame(Object.keys(named) as (keyof TrainingOptions)[], repeated, saved)
  return saved
}

/** One radius on the command line stands in place of several in the file. */
function givenBy(flags: Flags): GivenOptions {
  const own = flagsOf(flags)
  const { epsilons, ...config } = flags.config === undefined ? {} : readConfig(flags.config)
  return { ...config, ...(epsilons && own.epsilon === undefined && { epsilons }), ...own }
}

const flagsOf = (flags: Flags): GivenOptions => trainingFlags(flags as unknown as Record<string, unknown>)

function presetName({ preset }: Flags): string | undefined {
  if (preset !== undefined && !Object.hasOwn(presets, preset)) throw unknownName('preset', preset, Object.keys(presets))
  return preset
}

function printResult(out: string, { options, networks, reports, best }: RunResult, data?: string): void {
  let isProved = true
  const rows = networks.map(({ name, path }) => {
    const last = reports.findLast((report) => report.network === name)
    if (!last) throw new UserError(`the log of ${out} has no epoch of ${name}: start again with another --out`)
    isProved &&= last.estimatedError === undefined
    return [name, formatShare(last.cleanError), formatShare(last.certifiedError ?? last.estimatedError ?? null), path]
  })
  const bound = isProved ? 'LP error' : 'estimated error'
  console.log(`\n${formatTable([['network', 'clean error', bound, 'file'], ...rows], 1)}`)
  console.log(
    `(after epoch ${options.epochs}, on validation images, ${describeRadii(options)} in ${describeNorm(options.norm)}` +
      `${isProved ? '' : '; a GPU estimates, certify proves'})`,
  )
  if (best) console.log(`best of all: ${best.network} of epoch ${best.epoch}, in ${join(out, 'best.safetensors')}`)
  const radius = options.epsilons ? ['--epsilon-file', join(out, 'config.json')] : ['--epsilon', `${options.epsilon}`]
  const next = commandLine(
    ...['certify', join(out, best ? 'best.safetensors' : 'f.safetensors'), '--dataset', options.dataset],
    ...[...radius, ...(options.norm === 'linf' ? [] : ['--norm', options.norm])],
    ...[...dataFlags(data), '--out', join(out, 'certified.jsonl')],
  )
  console.log(`\nNext:\n${folded(next, '  ')}`)
}
