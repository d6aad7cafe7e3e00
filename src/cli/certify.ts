/** robustra certify */
import { type Command, Option } from 'commander'
import { loadDataset } from '../data/dataset.ts'
import { UserError, unknownName } from '../errors.ts'
import { loadNetwork } from '../formats/network-file.ts'
import { certify } from '../verification/certify.ts'
import { type CertifyMethod, certifyMethods } from '../verification/rows.ts'
import type { CertifySummary } from '../verification/summary.ts'
import { onInterrupt } from './interrupt.ts'
import {
  type PgdFlags,
  type RangeFlags,
  addPgdOptions,
  addRangeOptions,
  dataOption,
  datasetOption,
  epsilonOption,
  jsonOption,
  pgdSettings,
  rangeOf,
  seedOption,
  workersOption,
} from './options.ts'
import { examples } from './program.ts'
import { Clock, Progress, downloadProgress } from './progress.ts'
import { formatShare, formatTable, printJson } from './text.ts'
import { parseList } from './values.ts'

interface Flags extends RangeFlags, PgdFlags {
  readonly dataset: string
  readonly epsilon: number
  readonly method: string[]
  readonly out: string
  readonly resume?: boolean
  readonly clip: boolean
  readonly seed: number
  readonly workers: number
  readonly data?: string
  readonly json?: boolean
}

export function certifyCommand(command: Command): void {
  command
    .argument('<network>', 'a .safetensors file')
    .addOption(datasetOption())
    .addOption(epsilonOption())
    .addOption(
      new Option('--method <list>', `what to find, by commas: ${certifyMethods.join(', ')}`)
        .argParser(parseList)
        .default([...certifyMethods], 'all'),
    )
    .requiredOption('--out <file>', 'new .jsonl file: one row per image')
    .option('--resume', 'go on with --out if it is there, without repeating an image')
  addRangeOptions(command)
  addPgdOptions(command)
    .option('--no-clip', 'let PGD leave [0, 1]; certificates always hold for the whole ball')
    .addOption(seedOption('decides the starts of PGD'))
    .addOption(workersOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nClean error ≤ PGD error ≤ true robust error ≤ LP error ≤ interval error. An image counts as certified only if\n' +
        'it is also classified correctly.\n' +
        examples([
          'robustra certify runs/first/best.safetensors --epsilon 0.1 --out first.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 0.1 --method clean,lp --first 1000 --out lp.jsonl',
          'robustra certify net.safetensors --dataset mnist --epsilon 2/255 --images 500-599 --out some.jsonl --json',
        ]),
    )
    .action(runCertify)
}

async function runCertify(path: string, flags: Flags): Promise<void> {
  const { epsilon, out, resume = false, clip, seed, workers, data: dataDirectory } = flags
  const methods = flags.method.map((method) => {
    if (!isMethod(method)) throw unknownName('method', method, certifyMethods)
    return method
  })
  if (!resume && flags.out === path) throw new UserError('--out is the network itself: choose another file')
  const { network } = loadNetwork(path)
  const progress = new Progress()
  const done = onInterrupt('Go on with the same command and --resume.')
  try {
    const onDownload = downloadProgress(progress)
    const dataset = await loadDataset(flags.dataset, 'test', {
      ...(dataDirectory && { dataDirectory }),
      onProgress: onDownload,
    })
    const range = rangeOf(flags, dataset.count)
    const total = range.last - range.first
    progress.start('certifying', total)
    const clock = new Clock()
    const summary = await certify(network, dataset, {
      ...{ epsilon, methods, ...range, workers, clip, seed, out, resume },
      pgd: pgdSettings(flags),
      onProgress: (images) => progress.update(images, `${images}/${total} images  ${clock.left(images, total)}`),
    })
    progress.finish()
    if (flags.json) printJson(summary)
    else printSummary(summary, out)
  } finally {
    progress.finish()
    done()
  }
}

const isMethod = (name: string): name is CertifyMethod => (certifyMethods as readonly string[]).includes(name)

const meanings: Record<CertifyMethod, string> = {
  clean: 'misclassified',
  pgd: 'misclassified or attacked',
  interval: 'not proved robust by interval bounds',
  lp: 'not proved robust by LP bounds',
}

function printSummary(summary: CertifySummary, out: string): void {
  const { network, dataset, epsilon, images, domain } = summary
  const rows = certifyMethods.flatMap((method) => {
    const count = summary[method]
    if (!count) return []
    const time = `${(1000 * count.secondsPerImage).toFixed(2)} ms`
    return [[method, meanings[method], formatShare(count.error), `${count.errors}`, time]]
  })
  console.log(`${network.name} on ${images} test images of ${dataset.name}, ε ${epsilon}\n`)
  console.log(formatTable([['error', 'meaning', 'share', 'images', 'per image'], ...rows], 2))
  const over = summary.pgd ? `; attacks over ${domain.attacks}, certificates over the ${domain.certificates}` : ''
  console.log(`\n${summary.imagesDone} images in ${summary.seconds.toFixed(1)} s${over}`)
  console.log(`rows: ${out}`)
}
