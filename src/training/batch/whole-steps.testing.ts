/** The same step of training on the CPU's engine and on a GPU: loss, gradient, and what is counted. */
import { attackOf } from '../step.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { relaxNetwork } from '../../bounds/dual.ts'
import { dualMargins } from '../../bounds/margins.ts'
import { philoxErrors } from '../../bounds/philox-errors.testing.ts'
import { type Dataset, toNumbers } from '../../data/dataset.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { Tape } from '../../device/tape.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { DeviceImages, loadBatch } from '../../device/webgpu/images.ts'
import { checkIndices } from '../../device/webgpu/index-checks.testing.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import { Plan } from '../../device/webgpu/plan.ts'
import { poison } from '../../device/webgpu/poison.testing.ts'
import { record, recordsOf } from '../../device/webgpu/statistics.ts'
import { type Step, noStep } from '../../device/webgpu/step.ts'
import { sizeOf } from '../../model/layers.ts'
import type { Network } from '../../model/network.ts'
import { robustraMargins } from '../../reference-space/reference-space.ts'
import { boundLoss } from '../losses/classification.ts'
import { type LossInput, lossAlone } from '../losses/loss.ts'
import { layLoss } from '../losses/mixture.ts'
import type { TrainingOptions } from '../settings.ts'
import { foldBatch } from './batch-norm.ts'
import { type BatchLossInput, columns } from './loss.ts'
import { batchLosses } from './losses.ts'
import { foldChunk } from '../batch-norm.ts'
import { isNormalised } from '../normalised.ts'
import { paperBall } from '../../region/ball.ts'
import type { Variant } from './variant.ts'

export interface WholeStep {
  readonly options: TrainingOptions
  readonly variant: Variant
  /** Numbers of the step; its seeds are those of the random columns on both sides. */
  readonly step: Pick<
    Step,
    'epsilon' | 'empiricalShare' | 'lossExponent' | 'regularisation' | 'projectionSeed' | 'referenceSeed'
  >
  readonly f: Network
  readonly g: Network | undefined
  readonly data: Dataset
  /** Images of the batch, by their index. */
  readonly indices: readonly number[]
}

export interface Outcome {
  readonly loss: number
  readonly gradient: Float32Array
  readonly counts: Readonly<Record<'t' | 'loose' | 'tight' | 'infeasible', number>>
}

const engine = await Engine.create()

/** On the CPU. Adversarial examples start at the images. */
export function stepOnCpu(whole: WholeStep): Outcome {
  const { options, variant, step, f, g, data, indices } = whole
  const mark = engine.mark()
  const load = ({ architecture, parameters }: Network) => {
    const loaded = new LoadedNetwork(engine, architecture, true)
    loaded.setParameters(parameters)
    return loaded
  }
  const network = load(f)
  const size = sizeOf(data.shape)
  const images = indices.map((i) => toNumbers(data.images.subarray(i * size, (i + 1) * size)))
  const labels = indices.map((i) => data.labels[i])
  const { norm, domain } = options
  const chunk = loadChunk(network, { images, labels }, { epsilon: step.epsilon, norm, domain })
  const tape = new Tape()
  const input: LossInput = {
    ...{ network, tape, chunk, attacked: chunk, weight: 1 / indices.length, identifiers: indices },
    ...(g && { reference: load(g) }),
    empirical: { loss: options.empirical, combine: variant.combine, share: step.empiricalShare },
    ...{ boxShare: variant.boxShare, lossExponent: step.lossExponent, regularisation: step.regularisation },
    attackedLayers: 1,
    attack: { ...attackOf(options, 0), randomStart: false },
    bounds: { mode: options.bounds, dimension: options.projectionDimension, memory: 2 ** 24, seed: 0 },
  }
  const clean = () => loadChunk(network, { images, labels }, paperBall(0))
  const unfold = isNormalised(f.architecture) ? foldChunk(network, f.parameters, clean()) : undefined
  network.clearGradient()
  const isProjected = options.bounds === 'projected' && (variant.method === 'lp-dual' || variant.method === 'robustra')
  const { loss, t, loose, tight, infeasible } = isProjected
    ? layProjected(whole, input)
    : layLoss(variant.method, input)
  tape.backward()
  const gradient = new Float32Array(f.parameters.length)
  network.readGradient(gradient)
  unfold?.(gradient)
  engine.release(mark)
  return { loss, gradient, counts: { t, loose, tight, infeasible } }
}

/** The losses over projected bounds, with the GPU's random numbers. */
function layProjected({ step, indices }: WholeStep, input: LossInput) {
  const { network, reference, tape, chunk, bounds } = input
  const relax = (of: LoadedNetwork, on: Tape | undefined, stream: 'projection' | 'reference') =>
    relaxNetwork(of, on, chunk, {
      estimates: {
        dimension: bounds.dimension,
        ifCheaper: false,
        errors: (example) => philoxErrors(stream, step[`${stream}Seed`], indices[example]),
      },
    })
  const f = relax(network, tape, 'projection')
  const g = reference && relax(reference, undefined, 'reference')
  const total = lossAlone(0)
  indices.forEach((_, e) => {
    if (!g) {
      total.loss += boundLoss(input, dualMargins(f, tape, e), e)
      return
    }
    const { margins, statistics } = robustraMargins(f, tape, g, e)
    total.loss += boundLoss(input, margins, e)
    for (const name of ['t', 'loose', 'tight', 'infeasible'] as const) total[name] += statistics[name]
  })
  return total
}

/** On a GPU, in micro-batches of this size. @returns also which kernels have reached beyond their values */
export async function stepOnGpu(
  gpu: Gpu,
  whole: WholeStep,
  size: number,
): Promise<Outcome & { readonly faults: readonly string[] }> {
  const { options, variant, step, f, g, data, indices } = whole
  const plan = new Plan(gpu.target)
  const packing = new Plan(gpu.target)
  const networks = [f, ...(g ? [g] : [])].map((one) => ({ one, network: new BatchNetwork(one.architecture) }))
  for (const { network } of networks) network.pack(packing)
  const images = new DeviceImages(gpu.target, data)
  const order = plan.kept('order', data.count)
  const batch = batchOf(size)
  const [{ network }] = networks
  const { normalisation } = network
  const moves = { flips: false, most: 0 }
  const loaded = loadBatch(plan, { images, order, batch, moves, normalisation, ball: { domain: options.domain } })
  const tape = new Tape()
  const stages = network.stages(plan, true)
  const { architecture } = f
  const { folded, behind } = foldBatch(plan, tape, { architecture, stages }, { images: loaded.pixels, batch })
  const input: BatchLossInput = {
    ...{ options, variant, loaded, behind, ball: { ...loaded, batch }, network, stages: folded, tape },
    reference: networks[1]?.network,
    ...{ attack: { ...attackOf(options, 0), randomStart: false }, attacked: loaded.box },
  }
  const records = recordsOf(plan, 1, columns)
  const sums = batchLosses[variant.method]!(plan, input)
  record(plan, records, sums)
  tape.backward()
  const flat = plan.kept('gradient', f.parameters.length)
  network.gatherGradient(plan, stages, flat)
  for (const one of [packing, plan]) poison(one)
  const faults = [packing, plan].map(checkIndices)
  const [pack, program] = await gpu.compile([packing, plan])
  for (const { one, network: on } of networks) gpu.write(on.parameters, one.parameters)
  images.write(gpu)
  gpu.write(
    order,
    Uint32Array.from({ length: data.count }, (_, i) => indices[i] ?? 0),
  )
  gpu.submit([{ program: pack, step: noStep }])
  const starts = Array.from({ length: Math.ceil(indices.length / size) }, (_, i) => i * size)
  gpu.submit(
    starts.map((first, micro) => {
      const count = Math.min(size, indices.length - first)
      return { program, step: { ...noStep, ...step, first, count, micro, weight: 1 / indices.length } }
    }),
  )
  const [found, gradient] = await Promise.all([gpu.read(records.values), gpu.read(flat)])
  const of = (name: (typeof columns)[number]) => found[columns.indexOf(name)]
  const counts = { t: of('t'), loose: of('loose'), tight: of('tight'), infeasible: of('infeasible') }
  const all = await Promise.all(faults.map((found) => found(gpu)))
  return { loss: of('loss') + of('empiricalLoss') + of('penalty'), gradient, counts, faults: all.flat() }
}
