/** robustra attack */
import { type Command, Option } from 'commander'
import {
  type AttackHeader,
  type AttackMethod,
  type AttackRow,
  type AttackSummary,
  attackMethods,
  summariseAttack,
} from '../attacks/attack-row.ts'
import { attack, attackHeader } from '../attacks/attack.ts'
import { AttackArrays } from '../node/attack-arrays.ts'
import { AttackPictures } from '../node/attack-pictures.ts'
import type { AttackRecord } from '../node/attack-record.ts'
import { threads } from '../node/threads.ts'
import { describeDomain } from '../region/domain.ts'
import { describeNorm } from '../region/norm.ts'
import { loadDataset } from '../node/data/load-dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { requireSameRanges } from '../data/feature-ranges.ts'
import type { AnyNetwork, NetworkOptions } from '../formats/any-network.ts'
import type { Network } from '../model/network.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { takeImages } from '../model/normalise.ts'
import { advised } from './advice.ts'
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
  epsilonOption,
  jsonOption,
  normOption,
  pgdSettings,
  queriesOption,
  rangeOf,
  seedOption,
  workersOption,
} from './options.ts'
import { type RadiusFlags, describeRadii, epsilonFileOption, radiiFrom } from './epsilon-file.ts'
import { examples } from './help.ts'
import { Clock, Progress, downloadProgress, readProgress } from './progress.ts'
import { requireOutput } from './streams.ts'
import { formatShare, formatTable, printJson } from './text.ts'
import type { Ball } from '../region/ball.ts'

interface Flags extends Omit<Ball, 'epsilon'>, Omit<RadiusFlags, 'norm'>, RangeFlags, PgdFlags {
  readonly dataset: string
  readonly architecture?: string
  readonly method: string
  readonly seed: number
  readonly queries?: number
  readonly from?: string
  readonly save?: string
  readonly workers: number
  readonly data?: string
  readonly json?: boolean
}

export function attackCommand(command: Command): void {
  command
    .argument('<network>', networkFiles)
    .addOption(architectureOption())
    .addOption(datasetOption())
    .addOption(epsilonOption())
    .addOption(epsilonFileOption())
    .addOption(normOption())
    .addOption(new Option('--method <name>', `attack: ${attackMethods.join(', ')}`).default('pgd'))
  addPgdOptions(command).addOption(queriesOption())
  addRangeOptions(command)
    .addOption(domainOption())
    .addOption(seedOption('decides what attacks draw'))
    .option('--from <network>', 'attack this network instead, and try on the other one what was found: transfer')
    .option('--save <path>', 'write the adversarial examples: pictures to a new folder, or arrays to a new .npz file')
    .addOption(workersOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nauto is an ensemble in the manner of AutoAttack (Croce & Hein 2020): apgd-ce, apgd-t, fab and square, each on what\n' +
        'those before it have left. They choose their own step sizes.\n' +
        'What an attack finds is run again in float64 before it counts. If it finds nothing, that proves nothing.\n' +
        examples([
          'robustra attack runs/first/best.safetensors --epsilon 0.1 --save runs/first/adversarial',
          'robustra attack net.safetensors --dataset mnist --epsilon 2/255 --method fgsm --first 1000',
          'robustra attack net.safetensors --dataset mnist --norm l2 --epsilon 1.5',
          'robustra attack net.safetensors --dataset mnist --epsilon 0.1 --steps 100 --restarts 5 --json',
          'robustra attack net.safetensors --dataset mnist --epsilon 0.1 --method auto --first 1000',
          'robustra attack net.safetensors --dataset mnist --epsilon 0.1 --from other.safetensors',
          'robustra attack net.safetensors --dataset mnist --epsilon 0.1 --save adversarial.npz',
        ]),
    )
    .action(runAttack)
}

async function runAttack(path: string, flags: Flags): Promise<void> {
  const { norm, domain, seed, save, workers, data: dataDirectory } = flags
  const { method } = flags
  const radiiOver = radiiFrom(flags)
  if (!isMethod(method)) throw unknownName('method', method, attackMethods)
  const { architecture } = flags
  const early = architecture === undefined ? attacked(path) : undefined
  if (save === undefined) requireOutput()
  const from = flags.from === undefined ? undefined : attacked(flags.from)
  const progress = new Progress()
  let record: AttackRecord | undefined
  const rows: (AttackRow & { readonly file?: string })[] = []
  const done = onInterrupt(() => {
    const saved = rows.filter(({ file }) => file !== undefined).length
    return saved > 0 ? `There are ${saved} pictures in ${save}.` : 'Nothing was written.'
  })
  try {
    const onDownload = downloadProgress(progress)
    const dataset = await loadDataset(flags.dataset, 'test', {
      ...(dataDirectory && { dataDirectory }),
      onProgress: onDownload,
      onRead: readProgress(progress),
    })
    const range = rangeOf(flags, dataset.count)
    const total = range.last - range.first
    progress.start('attacking', total)
    const clock = new Clock()
    const network = early ?? attacked(path, { architecture, input: dataset.shape })
    const target = takeImages(network.network, dataset.shape)
    requireSameRanges(network.metadata, dataset, path)
    if (from) requireSameRanges(from.metadata, dataset, flags.from!)
    const options = {
      method,
      from: from && takeImages(from.network, dataset.shape),
      ...radiiOver(dataset),
      norm,
      ...range,
      domain,
      seed,
      ...pgdSettings(flags),
      queries: flags.queries,
      executor: threads(workers),
    }
    const header = attackHeader(target, dataset, options)
    if (save !== undefined) record = recordOf(save, dataset, header)
    for await (const row of attack(target, dataset, options)) {
      const file = record?.save(row)
      rows.push({ ...row, ...(file !== undefined && { file }) })
      progress.update(rows.length, `${rows.length}/${total} images  ${clock.left(rows.length, total)}`)
    }
    record?.finish()
    const seconds = clock.seconds
    const summary = summariseAttack(header, rows)
    progress.finish()
    if (flags.json) {
      const images = rows.map(({ adversarial, ...row }) => ({ ...row, adversarialPrediction: adversarial?.prediction }))
      printJson({ ...summary, seconds, rows: images })
      return
    }
    console.log(
      `${network.network.architecture.name} on ${summary.images} test images of ${dataset.name}, ${describeRadii(header)}\n`,
    )
    const table = [
      ['clean', 'misclassified', formatShare(summary.cleanError), `${summary.cleanErrors}`],
      [method, 'misclassified or attacked', formatShare(summary.attackError), `${summary.attackErrors}`],
    ]
    console.log(formatTable([['error', 'meaning', 'share', 'images'], ...table], 2))
    for (const line of [...findersOf(rows, header), ...transferOf(summary, flags.from)]) console.log(line)
    console.log(`\n${seconds.toFixed(1)} s; norm ${describeNorm(norm)}, domain ${describeDomain(domain)}`)
    if (save !== undefined) console.log(`adversarial examples: ${save}`)
  } finally {
    record?.close()
    progress.finish()
    done()
  }
}

/** @throws UserError if it is not made of our layers */
function attacked(
  path: string,
  options: NetworkOptions = {},
): Pick<AnyNetwork, 'metadata'> & { readonly network: Network } {
  const loaded = loadAnyNetwork(path, options)
  checkArchitecture(path, options.architecture, loaded)
  const { network, metadata, rounded, misfit } = loaded
  if (network) return { network, metadata }
  const advice = rounded
    ? 'convert rounds them, which makes another network; certify with --method pgd takes this one'
    : 'certify with --method pgd takes this one'
  throw new UserError(
    `${path}: ${misfit}: attack takes networks of robustra's own layers with 32-bit floats only; ${advice}`,
  )
}

function recordOf(path: string, dataset: Dataset, header: AttackHeader): AttackRecord {
  try {
    return path.toLowerCase().endsWith('.npz')
      ? new AttackArrays(path, dataset, header)
      : new AttackPictures(path, dataset)
  } catch (error) {
    throw error instanceof UserError ? advised(error, '--save') : error
  }
}

/** Of an ensemble: how many images each attack has found, of those that the ones before it had left. */
function findersOf(rows: readonly AttackRow[], { attack }: AttackHeader): string[] {
  if (!('attacks' in attack) || attack.attacks.length === 1) return []
  const counts = attack.attacks.map((name) => `${name} ${rows.filter(({ by }) => by === name).length}`)
  return [`\nfound by ${counts.join(', ')}`]
}

/** Of images that were attacked on another network: how many of those that are classified correctly they fool. */
function transferOf({ images, cleanErrors, attackErrors }: AttackSummary, from: string | undefined): string[] {
  if (from === undefined) return []
  const [fooled, correct] = [attackErrors - cleanErrors, images - cleanErrors]
  const share = formatShare(correct > 0 ? fooled / correct : 0)
  return [`\ntransfer: of ${correct} correctly classified images, what was made on ${from} fools ${fooled} (${share})`]
}

const isMethod = (name: string): name is AttackMethod => (attackMethods as readonly string[]).includes(name)
