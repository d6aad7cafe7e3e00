/** robustra certify */
import { type Command, Option } from 'commander'
import { describeDomain } from '../region/domain.ts'
import { describeNorm } from '../region/norm.ts'
import type { Split } from '../data/dataset.ts'
import { loadDataset } from '../node/data/load-dataset.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { certifyToFile } from '../node/certificates/certify-to-file.ts'
import { defaultSteps } from '../ladder/chosen-steps.ts'
import { type LadderStep, type StepName, stepNames, steps } from '../ladder/steps/index.ts'
import { type CompleteMethod, completeMethods } from '../region/question.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'
import type { Normalisation } from '../model/normalise.ts'
import { readNetworkFile, targetOfFile } from '../node/certificates/target-file.ts'
import { onInterrupt } from './interrupt.ts'
import {
  type PgdFlags,
  type RangeFlags,
  addPgdOptions,
  addRangeOptions,
  dataOption,
  datasetOption,
  domainOption,
  epsilonOption,
  jsonOption,
  normOption,
  pgdSettings,
  rangeOf,
  outputOption,
  seedOption,
  workersOption,
} from './options.ts'
import { examples } from './help.ts'
import { Clock, Progress, downloadProgress } from './progress.ts'
import { formatShare, formatTable, printJson } from './text.ts'
import { parseList, parseNumbers, parsePositive, requireRadius } from './values.ts'
import type { Ball } from '../region/ball.ts'

interface Flags extends Ball, RangeFlags, PgdFlags {
  readonly dataset: string
  readonly validationOf?: string
  readonly method?: string[]
  readonly out: string
  readonly resume?: boolean
  readonly mean?: number[]
  readonly std?: number[]
  readonly output?: string
  readonly complete?: string
  readonly timeout?: number
  readonly seed: number
  readonly workers: number
  readonly data?: string
  readonly json?: boolean
}

const completeNames = completeMethods.join(' or ')

export function certifyCommand(command: Command): void {
  command
    .argument('<network>', 'a .safetensors, .onnx or .npz file')
    .addOption(outputOption())
    .addOption(datasetOption())
    .option(
      '--validation-of <run>',
      'use the images that this training run kept for validation, instead of test images',
    )
    .addOption(epsilonOption())
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
    .requiredOption('--out <file>', 'new .jsonl file for the rows, one per image')
    .option('--resume', 'continue --out if it exists, without repeating an image')
  addRangeOptions(command)
  addPgdOptions(command)
    .addOption(seedOption('decides the starts of PGD'))
    .addOption(workersOption(', time limits apart'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nEach step tries what the steps before it left open:\n${steps.map(helpOf).join('')}` +
        'So clean error ≤ PGD error ≤ true robust error ≤ … ≤ LP error ≤ interval error, all over the same domain. What is\n' +
        'undecided never counts as robust.\n' +
        examples([
          'robustra certify runs/first/best.safetensors --epsilon 0.1 --out first.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.1 --method clean,lp --domain unbounded --out lp.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.1 --method pgd,lp,crown,alpha,complete \\\n' +
            '    --timeout 120 --out exact.jsonl',
          'robustra certify net.safetensors --dataset mnist --norm l2 --epsilon 1.5 --method lp,alpha,complete --out l2.jsonl',
          'robustra certify runs/a/f.safetensors --dataset mnist --epsilon 0.1 --validation-of runs/a \\\n' +
            '    --method clean,pgd,lp,alpha,complete --timeout 5 --out runs/a/validation.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 2/255 --images 500-599 --out some.jsonl --json',
        ]),
    )
    .action(runCertify)
}

async function runCertify(path: string, flags: Flags): Promise<void> {
  const { epsilon, norm, out, resume = false, domain, seed, timeout, workers, data: dataDirectory } = flags
  requireRadius(epsilon, norm)
  const named = flags.method?.map((method) => {
    if (!isStep(method)) throw unknownName('method', method, stepNames)
    return method
  })
  const search = searchOf(flags, named ?? defaultSteps('layers'))
  const normalisation = normalisationOf(flags)
  if (!resume && flags.out === path) throw new UserError('--out is the network itself: choose another file')
  const file = await readNetworkFile(path, flags.output)
  const progress = new Progress()
  const done = onInterrupt('Continue with the same command and --resume.')
  try {
    const onDownload = downloadProgress(progress)
    const run = flags.validationOf === undefined ? undefined : await validationPart(flags.dataset, flags.validationOf)
    const dataset = await loadDataset(flags.dataset, run ? 'validation' : 'test', {
      ...run,
      ...(dataDirectory && { dataDirectory }),
      onProgress: onDownload,
    })
    const target = targetOfFile(file, dataset, normalisation)
    const range = rangeOf(flags, dataset.count)
    const total = range.last - range.first
    progress.start('certifying', total)
    // images that need a search take a thousand times as long as others: they have an estimate of their own
    const clocks = { all: new Clock(), hard: undefined as Clock | undefined }
    const left = (images: number, isHard: boolean) =>
      (isHard ? (clocks.hard ??= new Clock()) : clocks.all).left(images, total)
    const summary = await certifyToFile(target, dataset, {
      ...{ epsilon, norm, steps: named, ...range, workers, domain, seed, out, resume, search, timeout },
      pgd: pgdSettings(flags),
      onProgress: (images, _, isHard) =>
        progress.update(images, `${images}/${total} images  ${left(images, isHard)}${isHard ? ' (hard ones)' : ''}`),
    })
    progress.finish()
    if (flags.json) printJson(summary)
    else printSummary(summary, run ? 'validation' : 'test', normalisation, out)
  } finally {
    progress.finish()
    done()
  }
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

function printSummary(
  summary: CertifySummary,
  split: Split,
  normalisation: Normalisation | undefined,
  out: string,
): void {
  const { network, dataset, epsilon, norm, images, domain, robustError, vulnerable, undecided, robust } = summary
  const rows = steps.flatMap(({ name, meaning }) => {
    const count = summary[name]
    if (!count) return []
    const { error, errors, tried, settled, secondsPerImage, seconds } = count
    const perImage =
      secondsPerImage < 1 ? `${(1000 * secondsPerImage).toFixed(2)} ms` : `${secondsPerImage.toFixed(2)} s`
    const times = [perImage, `${seconds.toFixed(1)} s`]
    return [[name, meaning, formatShare(error), `${errors}`, `${tried}`, `${settled}`, ...times]]
  })
  const head = ['step', 'meaning', 'error', 'images', 'tried', 'settled', 'per image', 'in all']
  console.log(`${network.name} on ${images} ${split} images of ${dataset.name}`)
  if (normalisation) {
    const { mean, deviation } = normalisation
    console.log(`pixels p enter the network as (p − mean) / std: mean ${mean.join(', ')}, std ${deviation.join(', ')}`)
  }
  console.log(`ε ${epsilon} in pixel units, domain ${describeDomain(domain)}, norm ${describeNorm(norm)}\n`)
  console.log(formatTable([head, ...rows], 2))
  console.log(`\n${robust} images robust, ${vulnerable} vulnerable, ${undecided} undecided${reasonsOf(summary)}`)
  const { least, most } = robustError
  console.log(`robust error ${formatShare(least)}${undecided > 0 ? ` to ${formatShare(most)}` : ', exactly'}`)
  console.log(`${summary.imagesDone} images in ${summary.seconds.toFixed(1)} s`)
  console.log(`rows: ${out}`)
}

const whys: Readonly<Record<string, string>> = {
  timeout: 'out of time',
  memory: 'out of memory',
  precision: 'too close to call in floating point',
  incomplete: 'left open by all steps asked for',
  error: 'failed: see the rows',
}

const reasonsOf = ({ reasons }: CertifySummary): string => {
  const parts = Object.entries(reasons).map(([reason, count]) => `${count} ${whys[reason] ?? reason}`)
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}
