/** robustra certify */
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { loadDataset } from '../node/data/load-dataset.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { certifyRadii } from '../node/certificates/certify-radii.ts'
import { defaultSteps } from '../ladder/chosen-steps.ts'
import { type LadderStep, type StepName, stepNames, steps } from '../ladder/steps/index.ts'
import { type CompleteMethod, completeMethods } from '../region/question.ts'
import type { Normalisation } from '../model/normalise.ts'
import { readNetworkFile, targetOfFile } from '../node/certificates/target-file.ts'
import { sameCommand } from './follow-up.ts'
import { onInterrupt } from './interrupt.ts'
import { architectureOption, networkFiles, checkArchitecture } from './network-options.ts'
import {
  type PgdFlags,
  type RangeFlags,
  addPgdOptions,
  addRangeOptions,
  dataOption,
  datasetOption,
  domainOption,
  epsilonsOption,
  jsonOption,
  normOption,
  pgdSettings,
  queriesOption,
  rangeOf,
  outputOption,
  seedOption,
  workersOption,
} from './options.ts'
import { epsilonFileOption, radiiFrom } from './epsilon-file.ts'
import { examples } from './help.ts'
import { Clock, Progress, downloadProgress, readProgress } from './progress.ts'
import { requireOutput } from './streams.ts'
import { printRadii, printSummary } from './certify-text.ts'
import { printJson } from './text.ts'
import { type Radius, parseList, parseNumbers, parsePositive } from './values.ts'
import type { Ball } from '../region/ball.ts'

interface Flags extends Omit<Ball, 'epsilon'>, RangeFlags, PgdFlags {
  readonly epsilon?: readonly Radius[]
  readonly epsilonFile?: string
  readonly dataset: string
  readonly validationOf?: string
  readonly method?: string[]
  readonly out?: string
  readonly resume?: boolean
  readonly mean?: number[]
  readonly std?: number[]
  readonly output?: string
  readonly architecture?: string
  readonly complete?: string
  readonly queries?: number
  readonly timeout?: number
  readonly seed: number
  readonly workers: number
  readonly data?: string
  readonly json?: boolean
}

const completeNames = completeMethods.join(' or ')

export function certifyCommand(command: Command): void {
  command
    .argument('<network>', networkFiles)
    .addOption(outputOption())
    .addOption(architectureOption())
    .addOption(datasetOption())
    .option(
      '--validation-of <run>',
      'use the images that this training run kept for validation, instead of test images',
    )
    .addOption(epsilonsOption())
    .addOption(epsilonFileOption())
    .addOption(normOption())
    .addOption(
      new Option(
        '--method <list>',
        `steps of the ladder, separated by commas: ${stepNames.join(', ')} (default: ${defaultSteps('layers').join()})`,
      ).argParser(parseList),
    )
    .addOption(new Option('--complete <name>', `how the step 'complete' searches: ${completeNames} (default: bab)`))
    .addOption(
      new Option('--timeout <seconds>', "how long the step 'complete' may take per image (default: 60)").argParser(
        (text) => parsePositive('--timeout', text),
      ),
    )
    .addOption(domainOption())
    .option(
      '--mean <list>',
      'subtracted from pixels, per channel, if the network does not do it itself',
      numbers('--mean'),
    )
    .option('--std <list>', 'by which pixels are then divided, per channel', numbers('--std'))
    .option(
      '--out <file>',
      'new .jsonl file for the rows, one per image; with several ε one file for each, with ε in its name (default: rows ' +
        'are not kept)',
    )
    .option('--resume', 'continue --out if it exists, without repeating an image')
  addRangeOptions(command)
  addPgdOptions(command)
    .addOption(queriesOption())
    .addOption(seedOption('decides what attacks draw'))
    .addOption(workersOption(', time limits apart'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nEach step tries what the steps before it left open:\n${steps.map(helpOf).join('')}` +
        'So clean error ≤ PGD error ≤ auto error ≤ true robust error ≤ … ≤ LP error ≤ interval error, all over the same\n' +
        'domain. What is undecided never counts as robust. Of several ε the largest comes first, and what it proves is not proved again.\n' +
        examples([
          'robustra certify runs/first/best.safetensors --epsilon 0.1 --out first.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.1 --method clean,lp --domain unbounded --out lp.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.1 --method pgd,lp,crown,alpha,complete \\\n' +
            '    --timeout 120 --out exact.jsonl',
          'robustra certify net.safetensors --dataset mnist --norm l2 --epsilon 1.5 --method lp,alpha,complete --out l2.jsonl',
          'robustra certify runs/a/f.safetensors --dataset mnist --epsilon 0.1 --validation-of runs/a \\\n' +
            '    --method clean,pgd,lp,alpha,complete --timeout 5 --out runs/a/validation.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.02,0.05,0.1 --out radii.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 2/255 --images 500-599 --out some.jsonl --json',
        ]),
    )
    .action(runCertify)
}

async function runCertify(path: string, flags: Flags): Promise<void> {
  const { epsilon: asked, norm, out, resume = false, domain, seed, timeout, workers, data: dataDirectory } = flags
  const balls = (asked ?? [undefined]).map((each) => radiiFrom({ ...flags, epsilon: each?.epsilon }))
  const outOf = (epsilon: number) =>
    out !== undefined && asked && asked.length > 1 ? fileOf(out, asked, epsilon) : out
  const outs = (asked ?? [{ epsilon: 0 }]).flatMap(({ epsilon }) => outOf(epsilon) ?? [])
  const named = flags.method?.map((method) => {
    if (!isStep(method)) throw unknownName('method', method, stepNames)
    return method
  })
  if (out === undefined && resume)
    throw new UserError('--resume continues a file: give it by --out, or leave --resume out')
  const search = searchOf(flags, named ?? defaultSteps('layers'))
  const normalisation = normalisationOf(flags)
  const { output, architecture } = flags
  const early = architecture === undefined ? await readNetworkFile(path, { output }) : undefined
  if (out === undefined) requireOutput()
  if (!resume) outs.forEach(requireNew)
  const progress = new Progress()
  const done = onInterrupt(() =>
    outs.some(existsSync) ? `Continue with: ${sameCommand('--resume')}` : 'Nothing was written.',
  )
  try {
    const onDownload = downloadProgress(progress)
    const run = flags.validationOf === undefined ? undefined : await validationPart(flags.dataset, flags.validationOf)
    const dataset = await loadDataset(flags.dataset, run ? 'validation' : 'test', {
      ...run,
      ...(dataDirectory && { dataDirectory }),
      onProgress: onDownload,
      onRead: readProgress(progress),
    })
    const file = early ?? (await readNetworkFile(path, { output, architecture, input: dataset.shape }))
    checkArchitecture(path, architecture, file)
    const target = targetOfFile(file, dataset, normalisation)
    const range = rangeOf(flags, dataset.count)
    const total = range.last - range.first
    progress.start('certifying', total)
    // images that need a search take a thousand times as long as others: they have an estimate of their own
    const clocks = new Map<string, Clock>()
    const left = (key: string, images: number) => {
      if (!clocks.has(key)) clocks.set(key, new Clock())
      return clocks.get(key)!.left(images, total)
    }
    const summaries = await certifyRadii(target, dataset, {
      ...{ norm, steps: named, ...range, workers, domain, seed, outOf, resume, search, timeout },
      radii: balls.map((over) => over(dataset)),
      pgd: pgdSettings(flags),
      auto: { steps: flags.steps, queries: flags.queries },
      onProgress: (epsilon, images, _, isHard) => {
        const ball = balls.length === 1 ? '' : `ε ${epsilon}  `
        const time = left(`${epsilon} ${isHard}`, images)
        progress.update(images, `${ball}${images}/${total} images  ${time}${isHard ? ' (hard ones)' : ''}`)
      },
    })
    progress.finish()
    const texts = { split: run ? ('validation' as const) : ('test' as const), normalisation, outOf }
    if (flags.json) printJson(balls.length === 1 ? summaries[0] : { radii: summaries })
    else if (balls.length === 1) printSummary(summaries[0]!, texts)
    else printRadii(summaries, texts)
  } finally {
    progress.finish()
    done()
  }
}

/** @throws UserError if there is such a file */
function requireNew(path: string): void {
  if (existsSync(path)) throw new UserError(`${path} exists already`, { code: 'exists' })
}

/** The file of one radius among several: 'exact.jsonl' becomes 'exact-0.1.jsonl', or 'exact-2-255.jsonl' for 2/255. */
function fileOf(out: string, radii: readonly Radius[], epsilon: number): string {
  const { text } = radii.find((radius) => radius.epsilon === epsilon)!
  return out.replace(/(\.jsonl)?$/, (ending) => `-${text.replace('/', '-')}${ending}`)
}

interface ValidationPart {
  readonly seed: number
  readonly validationCount: number
}

/** Which training images a run kept for validation. @throws UserError if there is none, or of another data set */
async function validationPart(dataset: string, path: string): Promise<ValidationPart> {
  // most certifications know nothing of runs
  const { RunFolder } = await import('../node/training/checkpoint.ts')
  const options = new RunFolder(path).options()
  if (options.dataset !== dataset) {
    throw new UserError(
      `${path} was trained on ${options.dataset}, not on ${dataset}: give --dataset ${options.dataset}`,
    )
  }
  const { seed, validationCount } = options
  if (validationCount === 0) throw new UserError(`${path} kept no validation images: choose another run`)
  return { seed, validationCount }
}

const isStep = (name: string): name is StepName => stepNames.some((one) => one === name)

const helpOf = ({ name, help, source }: LadderStep): string =>
  `  ${name.padEnd(9)} ${help}${source === undefined ? '' : ` (${source})`}\n`

/** @throws UserError if it is unknown, or set without effect */
function searchOf(flags: Flags, steps: readonly StepName[]): CompleteMethod | undefined {
  if (!steps.includes('complete')) {
    const idle = (['complete', 'timeout'] as const).find((name) => flags[name] !== undefined)
    if (idle) throw new UserError(`--${idle} is for the step 'complete': add it to --method, or leave --${idle} out`)
  }
  if (flags.queries !== undefined && !steps.includes('auto')) {
    throw new UserError("--queries is for the step 'auto': add it to --method, or leave --queries out")
  }
  const method = completeMethods.find((name) => name === flags.complete)
  if (flags.complete !== undefined && method === undefined) {
    throw unknownName('complete method', flags.complete, completeMethods)
  }
  return method
}

/** @throws UserError if only one of the two is there, or a deviation is not positive */
function normalisationOf({ mean, std: deviation }: Flags): Normalisation | undefined {
  if (!mean && !deviation) return undefined
  if (!mean || !deviation) throw new UserError('--mean and --std belong together: give both')
  if (deviation.some((value) => !(value > 0))) throw new UserError('--std must be numbers above 0')
  return { mean, deviation }
}

const numbers = (option: string) => (text: string) => parseNumbers(option, text)
