/**
 * npm run bench [-- --data DIR --weights NETWORK.safetensors --peer dense_dual.py --images N --only SECTION]
 *
 * Kernel rates against the machine's own peak; time per image of certification and of training steps; speed-up over
 * workers; and, with --peer, the dense PyTorch peer on the same images and weights. Ratios are what counts: everything is
 * measured in one run, and the peer's turns alternate with ours. Needs an idle machine.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Dataset, loadDataset } from '../src/data/dataset.ts'
import { detectVariant } from '../src/engine/kernels.ts'
import { UserError } from '../src/errors.ts'
import { loadNetwork, saveNetwork } from '../src/formats/network-file.ts'
import { architectureNamed } from '../src/networks/architectures.ts'
import { initialise } from '../src/networks/initialise.ts'
import type { Network } from '../src/networks/network.ts'
import { certify } from '../src/verification/certify.ts'
import { kernelRates } from './kernels.ts'
import { runPeer, timeDensePasses } from './peer.ts'
import { timeSearch } from './search.ts'
import { timeSteps } from './training.ts'

const sections = ['kernels', 'steps', 'certify', 'workers', 'search', 'peer'] as const

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    weights: { type: 'string' },
    peer: { type: 'string' },
    images: { type: 'string', default: '1000' },
    epsilon: { type: 'string', default: '0.1' },
    only: { type: 'string', multiple: true, default: [...sections] },
  },
})
const cores = availableParallelism()
const epsilon = Number(values.epsilon)
const folder = mkdtempSync(join(tmpdir(), 'robustra-bench-'))

interface Start {
  readonly name: string
  readonly network: Network
  readonly path: string
}

async function main(): Promise<void> {
  const dataset = await loadDataset(
    values.data ? 'mnist' : 'synthetic',
    'test',
    values.data ? { dataDirectory: values.data } : {},
  )
  const random = initialise(architectureNamed('mnist-small'), 1)
  const starts: Start[] = [{ name: 'random start', network: random, path: join(folder, 'random.safetensors') }]
  saveNetwork(starts[0]!.path, random)
  if (values.weights)
    starts.push({ name: 'trained', network: loadNetwork(values.weights).network, path: values.weights })
  console.log(
    `${cpus()[0]!.model}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.version}; ` +
      `${detectVariant()} kernels; ${dataset.name}, ε = ${epsilon}`,
  )
  const wanted = (section: string) => values.only.includes(section)
  if (wanted('kernels')) await kernels()
  if (wanted('steps')) await steps(dataset, starts)
  if (wanted('certify')) await certification(dataset, starts)
  if (wanted('workers')) await scaling(dataset, starts.at(-1)!)
  if (wanted('search')) await searching(dataset, starts.at(-1)!)
  if (wanted('peer') && values.peer) await peer(dataset, starts, values.peer)
  console.log(`\npeak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`)
}

async function kernels(): Promise<void> {
  console.log('\nKernels, one thread        rows  GFLOP/s  of peak')
  for (const { shape, operation, rows, gigaflops, fraction } of await kernelRates()) {
    console.log(
      `${shape.padEnd(27)} ${operation.padEnd(10)} ${column(rows, 4, 0)} ${column(gigaflops, 8, 1)} ${column(100 * fraction, 7, 0)} %`,
    )
  }
}

async function steps(dataset: Dataset, starts: readonly Start[]): Promise<void> {
  console.log(`\nTraining steps, batch 50, ${cores} workers        ms per image`)
  for (const { name, network } of starts) {
    for (const method of ['natural', 'interval', 'lp-dual', 'robustra'] as const) {
      const { millisecondsPerImage } = await timeSteps(method, dataset, epsilon, 500, cores, network)
      console.log(`${name.padEnd(14)} ${method.padEnd(10)} ${column(millisecondsPerImage, 10, 2)}`)
    }
  }
}

async function timeCertify(dataset: Dataset, network: Network, images: number, workers: number) {
  const out = join(folder, 'rows.jsonl')
  rmSync(out, { force: true })
  const { lp, seconds } = await certify(network, dataset, {
    ...{ epsilon, methods: ['lp'], first: 0, last: images, workers, domain: 'unbounded', seed: 0, out, resume: false },
  })
  return { millisecondsPerImage: (1000 * seconds) / images, certified: images - lp!.errors, seconds }
}

async function certification(dataset: Dataset, starts: readonly Start[]): Promise<void> {
  console.log(`\nLP certification, ${cores} workers, start of the workers included`)
  for (const { name, network } of starts) {
    const images = name === 'trained' ? dataset.count : Math.min(dataset.count, Number(values.images))
    const { millisecondsPerImage, certified, seconds } = await timeCertify(dataset, network, images, cores)
    console.log(
      `${name.padEnd(14)} ${images} images in ${seconds.toFixed(1)} s: ${millisecondsPerImage.toFixed(2)} ms per image, ${certified} certified`,
    )
  }
}

async function scaling(dataset: Dataset, { name, network }: Start): Promise<void> {
  console.log(`\nSpeed-up over workers, ${name}     1 worker = 1`)
  const counts = [1, 2, 4].filter((workers) => workers <= cores)
  const step: number[] = []
  const proof: number[] = []
  for (const workers of counts) {
    step.push((await timeSteps('lp-dual', dataset, epsilon, 500, workers, network)).millisecondsPerImage)
    proof.push((await timeCertify(dataset, network, Math.min(dataset.count, 2000), workers)).millisecondsPerImage)
  }
  for (const [i, workers] of counts.entries()) {
    console.log(
      `${workers} workers: LP-dual step ${(step[0]! / step[i]!).toFixed(2)}, LP certification ${(proof[0]! / proof[i]!).toFixed(2)}`,
    )
  }
}

/** The peer's dense passes bound one margin with the hidden bounds given; a sub-problem of ours takes dozens. */
async function searching(dataset: Dataset, { network, path }: Start): Promise<void> {
  const times = await timeSearch(network, dataset, epsilon, Math.min(dataset.count, Number(values.images)), cores, 10)
  if (!times) return console.log('\nBranch and bound: no image needs it')
  const ours = times.subProblemsPerSecond
  console.log(
    `\nBranch and bound, ${cores} workers, ${times.images} images: ${ours.toFixed(0)} sub-problems per second`,
  )
  if (!values.peer || !values.data) return
  const common = ['--weights', path, '--eps', String(epsilon), '--data', existingFolder(values.data)]
  const whole = await runPeer(values.peer, cores, ['certify', ...common, '--count', '100', '--batch', '50'])
  console.log(
    `as many dense bounds by the peer, hidden layers too: ${(1000 / whole.millisecondsPerImage).toFixed(1)} per second`,
  )
  const last = await timeDensePasses(cores, [values.peer, path, existingFolder(values.data), String(epsilon), '8'])
  console.log(`dense passes of the margin alone by the peer: ${last.toFixed(0)} per second`)
}

/** Peer and ours take turns; the ratio is between the medians. */
async function peer(dataset: Dataset, starts: readonly Start[], script: string): Promise<void> {
  console.log(`\nAgainst ${script}, ${cores} threads each        peer      ours     ratio`)
  const data = values.data ? ['--data', existingFolder(values.data)] : []
  const turns = 3
  for (const { name, network, path } of starts) {
    const common = ['--weights', path, '--eps', String(epsilon), ...data]
    const certifyTurns: [number, number][] = []
    const stepTurns: [number, number][] = []
    let memory = 0
    for (let turn = 0; turn < turns; turn++) {
      const theirs = await runPeer(script, cores, ['certify', ...common, '--count', '100', '--batch', '50'])
      certifyTurns.push([
        theirs.millisecondsPerImage,
        (await timeCertify(dataset, network, Number(values.images), cores)).millisecondsPerImage,
      ])
      const theirStep = await runPeer(script, cores, ['step', ...common, '--count', '100', '--batch', '50'])
      stepTurns.push([
        theirStep.millisecondsPerImage,
        (await timeSteps('lp-dual', dataset, epsilon, 500, cores, network)).millisecondsPerImage,
      ])
      memory = Math.max(memory, theirs.peakMegabytes, theirStep.peakMegabytes)
    }
    compare(`${name}: LP certification`, certifyTurns)
    compare(`${name}: LP-dual step`, stepTurns)
    console.log(`${name}: peak memory of the peer ${Math.round(memory)} MB`)
  }
}

function compare(what: string, turns: [number, number][]): void {
  const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1]!
  const [theirs, ours] = [median(turns.map(([a]) => a)), median(turns.map(([, b]) => b))]
  console.log(`${what.padEnd(34)} ${column(theirs, 9, 2)} ms ${column(ours, 7, 2)} ms ${column(theirs / ours, 7, 1)} ×`)
}

/** The peer wants the folder of the idx files itself. */
const existingFolder = (directory: string) => (directory.endsWith('mnist') ? directory : join(directory, 'mnist'))

const column = (value: number, width: number, digits: number) => value.toFixed(digits).padStart(width)

try {
  await main()
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true, force: true })
}
