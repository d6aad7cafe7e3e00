/**
 * npm run bench -- --only gpu [--adapter NAME --json FILE]
 *
 * Training steps of the paper's networks on a GPU, a batch of 50 from random weights, beside what the paper's own code takes on
 * an H200; how fast products are; memory. Data are random, since no kernel's time depends on them. In under three minutes: what
 * comes later is left out. What fails does not stop the rest. On an adapter that is no GPU it does a little of it, which only
 * shows that it works.
 */
import { writeFileSync } from 'node:fs'
import { openGpu } from '../src/node/webgpu.ts'
import type { Gpu } from '../src/device/webgpu/gpu.ts'
import { type Step, noStep } from '../src/device/webgpu/step.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { initialise } from '../src/model/initialise.ts'
import { microBatches } from '../src/training/batch/step.ts'
import { BATCH, type GpuCase, gpuCases, optionsOf, plannedCase } from './gpu-cases.ts'
import { type Counted, H200, counted } from './gpu-dry-run.ts'
import { peersSource, references } from './gpu-peers.ts'
import { type ProductRate, productRates } from './gpu-products.ts'
import { type GpuTime, timeRuns } from './gpu-timing.ts'
import { column } from './print.ts'

type Measured = Counted &
  GpuTime & { readonly peerMilliseconds?: number | undefined; readonly goalMilliseconds?: number | undefined }

type Failed = Partial<GpuCase> & { readonly error: string }

interface Scope {
  readonly batch: number
  readonly cases: readonly GpuCase[]
  /** Whose products are measured, on how many rows. */
  readonly products: readonly string[]
  readonly rows: number
  /** Of each measurement. */
  readonly seconds: number
}

/** 50 columns and two more, which make them a multiple of 4. */
const whole: Scope = {
  ...{ batch: BATCH, cases: gpuCases, seconds: 1, rows: 52 * BATCH },
  products: ['mnist-large', 'cifar10-large', 'cifar10-resnet'],
}
const tiny: Scope = {
  ...{ batch: 1, seconds: 0.01, rows: 4, products: ['mnist-small'] },
  cases: gpuCases.filter(({ network, objective }) => network === 'mnist-small' && !objective.includes('exact')),
}

const SECONDS = 165

/** Measures all, prints what comes as it comes, and then everything as JSON. */
export async function printGpu(adapter: string | undefined, file: string | undefined): Promise<void> {
  const gpu = await openGpu({ adapter })
  const { name, isSoftware } = gpu.facts
  const scope = isSoftware ? tiny : whole
  const until = performance.now() + 1000 * SECONDS
  console.log(
    isSoftware
      ? `\n${name} is no GPU: a little of the measurement, with batches of ${scope.batch}, shows only that it works`
      : `\n${name}: steps of ${scope.batch} images, against ${peersSource}`,
  )
  console.log(
    `${'network'.padEnd(15)} ${'objective'.padEnd(19)}       ms     peer   ×    goal   CPU ms  dispatches    GFLOP  TFLOP/s     MB`,
  )
  const steps: (Measured | Failed)[] = []
  for (const one of scope.cases) {
    const step = await guarded(one, until, () => timeCase(gpu, one, scope))
    steps.push(step)
    console.log('error' in step ? `${one.network} ${one.objective}: ${step.error}` : lineOf(step))
  }
  console.log(`\nProducts on ${scope.rows} rows: TFLOP/s in f32, and the share of ${H200.teraflops}`)
  const products = await printProducts(gpu, scope, until)
  gpu.close()
  const all = {
    date: new Date().toISOString(),
    gpu: gpu.facts,
    batch: scope.batch,
    peers: peersSource,
    steps,
    products,
  }
  console.log(`\n${JSON.stringify(all)}`)
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`)
}

async function printProducts(gpu: Gpu, { products, rows, seconds }: Scope, until: number) {
  const found: (ProductRate | Failed)[] = []
  for (const network of products) {
    const rates = await guarded({ network }, until, () => productRates(gpu, { network, rows, seconds: seconds / 4 }))
    for (const rate of 'error' in rates ? [rates] : rates) {
      found.push(rate)
      console.log('error' in rate ? `${network}: ${rate.error}` : rateLine(rate))
    }
  }
  return found
}

/** What a measurement gives, or why it gives nothing. */
async function guarded<T>(of: Partial<GpuCase>, until: number, measure: () => Promise<T>): Promise<T | Failed> {
  if (performance.now() > until) return { ...of, error: `left out, since ${SECONDS} s are over` }
  try {
    return await measure()
  } catch (error) {
    return { ...of, error: error instanceof Error ? error.message : String(error) }
  }
}

async function timeCase(gpu: Gpu, one: GpuCase, { batch, seconds }: Scope): Promise<Measured> {
  const planned = plannedCase(gpu.target, one, batch)
  const { plans, networks, data, size } = planned
  const [gradient, update, pack] = await gpu.compile([plans.gradient, plans.update, plans.pack])
  data.images.write(gpu)
  gpu.write(
    data.order,
    Uint32Array.from({ length: data.images.count }, (_, i) => i),
  )
  networks.forEach((network, i) =>
    gpu.write(network.parameters, initialise(architectureNamed(one.network), 1 + i).parameters),
  )
  // the learning rate is 0, so the weights stay as they are
  const step: Step = {
    ...{ ...noStep, count: size, taken: 1, weight: 1 / batch, epsilon: optionsOf(one).epsilon },
    ...{ augmentSeed: 1, attackSeed: 2, projectionSeed: 3, referenceSeed: 4, empiricalShare: 0.5 },
    ...{ firstCorrection: 0.1, secondCorrection: 0.001 },
  }
  gpu.submit([{ program: pack, step }])
  const parts = microBatches(batch, size).map((part, micro) => ({
    program: gradient,
    step: { ...step, ...part, micro },
  }))
  const runs = [...parts, { program: update, step }]
  const time = await timeRuns(gpu, { runs, waitFor: networks[0].parameters }, seconds)
  const { peer, goal } = gpu.facts.isSoftware ? {} : (references[one.network]?.[one.objective] ?? {})
  return { ...counted(one, planned), ...time, peerMilliseconds: peer, goalMilliseconds: goal }
}

function lineOf(step: Measured): string {
  const { network, objective, milliseconds, cpuMilliseconds, peerMilliseconds: peer, goalMilliseconds: goal } = step
  const { dispatches, flop, memory } = step
  return [
    ...[network.padEnd(15), objective.padEnd(19), column(milliseconds, 8, 2)],
    peer === undefined ? '       –   –' : `${column(peer, 8, 1)} ${column(peer / milliseconds, 3, 0)}`,
    goal === undefined ? '      –' : column(goal, 7, 1),
    ...[column(cpuMilliseconds, 8, 2), column(dispatches, 11, 0), column(flop / 1e9, 8, 1)],
    ...[(flop / milliseconds / 1e9).toPrecision(3).padStart(8), column(memory / 2 ** 20, 6, 0)],
  ].join(' ')
}

const rateLine = ({ network, layer, pass, teraflops }: ProductRate) =>
  `${network.padEnd(15)} ${layer.padEnd(34)} ${pass.padEnd(9)} ${teraflops.toPrecision(3).padStart(9)} ${column((100 * teraflops) / H200.teraflops, 5, 0)} %`
