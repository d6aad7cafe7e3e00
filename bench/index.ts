/**
 * npm run bench [-- --data DIR --weights NETWORK.safetensors --peer dense_dual.py --images N --only SECTION]
 *
 * Kernel rates against the machine's own peak; time per image of certification and of training steps; speed-up over
 * workers; and, with --peer, the dense PyTorch peer on the same images and weights. Ratios are what counts: everything is
 * measured in one run, and the peer's turns alternate with ours. Needs an idle machine.
 *
 * Three sections run only if they are named, for some minutes each; --data-cifar10 DIR says where CIFAR-10 is, unless it is
 * in --data, too:
 *   --only networks      training steps of all five networks by exact and projected bounds, from a random start and from
 *                        each --weights, a network or the folder of a run; --network NAME for some of them, --batch N,
 *                        --limit SECONDS for each measurement, --json FILE for the figures
 *   --only peer-cifar10  cifar10-small against a dense peer on 3×32×32
 *   --only gpu           training steps on a GPU (bench/gpu.ts); --adapter NAME, --json FILE; --dry-run needs none
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Dataset } from '../src/data/dataset.ts'
import { loadDataset } from '../src/node/data/load-dataset.ts'
import { detectVariant } from '../src/device/wasm/kernels.ts'
import { UserError } from '../src/base/errors.ts'
import { loadNetwork, saveNetwork } from '../src/node/network-file.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { initialise } from '../src/model/initialise.ts'
import type { Network } from '../src/model/network.ts'
import { timeCertify } from './certification.ts'
import { printGpu } from './gpu.ts'
import { printDryRun } from './gpu-dry-run.ts'
import { kernelRates } from './kernels.ts'
import { printNetworks, printSpeedUp } from './network-table.ts'
import { type GivenWeights, givenWeights, networkNames } from './networks.ts'
import { compareCifar10 } from './peer-cifar10.ts'
import { requireFastBlas, runPeer, timeDensePasses } from './peer.ts'
import { column, compare } from './print.ts'
import { timeSearch } from './search.ts'
import { timeSteps } from './training.ts'

const usual = ['kernels', 'steps', 'certify', 'workers', 'search', 'peer']

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    'data-cifar10': { type: 'string' },
    weights: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string' },
    images: { type: 'string', default: '1000' },
    epsilon: { type: 'string', default: '0.1' },
    network: { type: 'string', multiple: true, default: [...networkNames] },
    batch: { type: 'string', default: '50' },
    limit: { type: 'string', default: '240' },
    json: { type: 'string' },
    adapter: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: usual },
  },
})
const cores = availableParallelism()
const epsilon = Number(values.epsilon)
const workerCounts = [1, 2, 4].filter((workers) => workers <= cores)
/** The folder of a data set; undefined for the one where `robustra data` puts it. */
const dataOf = (dataset: string) => (dataset === 'cifar10' ? (values['data-cifar10'] ?? values.data) : values.data)
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
  saveNetwork(starts[0].path, random)
  const weights = values.weights.map(givenWeights)
  const trained = weights.find(({ architecture }) => architecture === 'mnist-small')
  if (trained) starts.push({ name: 'trained', network: loadNetwork(trained.first).network, path: trained.first })
  console.log(
    `${cpus()[0].model}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.version}; ` +
      `${detectVariant()} kernels; ${dataset.name}, ε = ${epsilon}`,
  )
  const wanted = (section: string) => values.only.includes(section)
  if (values.peer || wanted('peer-cifar10')) await requireFastBlas()
  if (wanted('kernels')) await kernels()
  if (wanted('steps')) await steps(dataset, starts)
  if (wanted('certify')) await certification(dataset, starts)
  const common = { weights, data: dataOf, batch: Number(values.batch), seconds: Number(values.limit) }
  if (wanted('workers')) {
    await scaling(dataset, starts.at(-1)!)
    if (values.data) await printSpeedUp('mnist-large', common, workerCounts, epsilon)
  }
  if (wanted('search')) await searching(dataset, starts.at(-1)!)
  if (wanted('peer') && values.peer) await peer(dataset, starts, values.peer)
  if (wanted('networks')) await printNetworks({ ...common, networks: values.network, workers: cores }, values.json)
  if (wanted('gpu')) await (values['dry-run'] ? printDryRun(values.json) : printGpu(values.adapter, values.json))
  if (wanted('peer-cifar10')) await peerCifar10(weights.filter(({ architecture }) => architecture === 'cifar10-small'))
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

async function certification(dataset: Dataset, starts: readonly Start[]): Promise<void> {
  console.log(`\nLP certification, ${cores} workers, start of the workers included`)
  for (const { name, network } of starts) {
    const images = name === 'trained' ? dataset.count : Math.min(dataset.count, Number(values.images))
    const { millisecondsPerImage, certified, seconds } = await timeCertify(dataset, network, epsilon, images, cores)
    console.log(
      `${name.padEnd(14)} ${images} images in ${seconds.toFixed(1)} s: ${millisecondsPerImage.toFixed(2)} ms per image, ${certified} certified`,
    )
  }
}

async function scaling(dataset: Dataset, { name, network }: Start): Promise<void> {
  console.log(`\nSpeed-up over workers, ${name}     1 worker = 1`)
  const step: number[] = []
  const proof: number[] = []
  for (const workers of workerCounts) {
    step.push((await timeSteps('lp-dual', dataset, epsilon, 500, workers, network)).millisecondsPerImage)
    proof.push(
      (await timeCertify(dataset, network, epsilon, Math.min(dataset.count, 2000), workers)).millisecondsPerImage,
    )
  }
  for (const [i, workers] of workerCounts.entries()) {
    console.log(
      `${workers} workers: LP-dual step ${(step[0] / step[i]).toFixed(2)}, LP certification ${(proof[0] / proof[i]).toFixed(2)}`,
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
        (await timeCertify(dataset, network, epsilon, Number(values.images), cores)).millisecondsPerImage,
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

/** From each network that is given, or from a random start. */
async function peerCifar10(weights: readonly GivenWeights[]): Promise<void> {
  for (const given of weights.length > 0 ? weights : [undefined]) {
    const request = { data: dataOf('cifar10'), weights: given, images: Number(values.images), workers: cores }
    const result = await compareCifar10(request)
    const start = given?.path ?? 'random start'
    console.log(
      `\ncifar10-small, ${start}, ε = ${result.epsilon.toPrecision(3)}          dense peer      ours     ratio`,
    )
    compare('LP certification', result.certification)
    compare('LP-dual step, batch 50', result.step)
    console.log(
      `ours: ${request.images} images in ${result.seconds.toFixed(1)} s, ${result.certified} certified; ` +
        `margins differ from the peer's by ${result.difference.toExponential(1)} at most, ` +
        `of ${result.largestMargin.toPrecision(3)}; peak memory of the peer ${Math.round(result.peerMegabytes)} MB`,
    )
  }
}

/** The peer wants the folder of the idx files itself. */
const existingFolder = (directory: string) => (directory.endsWith('mnist') ? directory : join(directory, 'mnist'))

try {
  await main()
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true, force: true })
}
