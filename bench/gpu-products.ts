/**
 * TFLOP/s of a network's products on a GPU: of each layer behind the first, on as many rows as the projections of a batch
 * have, forward, and back to its inputs and weights.
 */
import { affine } from '../src/device/webgpu/affine.ts'
import { type Extents, inputsOf, outputsOf, padded, weightsOf } from '../src/device/webgpu/extents.ts'
import type { Gpu } from '../src/device/webgpu/gpu.ts'
import { write } from '../src/device/webgpu/kernel.ts'
import { BatchNetwork } from '../src/device/webgpu/network.ts'
import { Plan, costOf } from '../src/device/webgpu/plan.ts'
import { noStep } from '../src/device/webgpu/step.ts'
import type { Values } from '../src/device/webgpu/values.ts'
import { Tape } from '../src/device/tape.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { timeRuns } from './gpu-timing.ts'

export interface ProductRate {
  readonly network: string
  /** Such as '32×28×28 → 32×14×14, 4×4/2'. */
  readonly layer: string
  readonly pass: 'forward' | 'backward'
  readonly rows: number
  readonly teraflops: number
}

interface Request {
  readonly network: string
  /** A multiple of 4; fewer are taken where a binding is too small for them. */
  readonly rows: number
  /** For each measurement. */
  readonly seconds: number
}

export async function productRates(gpu: Gpu, { network, rows, seconds }: Request): Promise<ProductRate[]> {
  const loaded = new BatchNetwork(architectureNamed(network))
  const stages = loaded.stages(new Plan(gpu.target), false)
  const layers = stages.flatMap(({ terms }) => terms.filter(({ source }) => source >= 0).map(({ extents }) => extents))
  const different = new Map(layers.map((extents) => [nameOf(extents), extents]))
  const rates: ProductRate[] = []
  for (const [layer, extents] of different) {
    const most = Math.floor(gpu.target.largestBinding / 16 / Math.max(inputsOf(extents), outputsOf(extents))) * 4
    const shape = { network, layer, rows: Math.min(rows, most) }
    const forward = await timeLayer(gpu, extents, { rows: shape.rows, seconds, tape: undefined })
    const both = await timeLayer(gpu, extents, { rows: shape.rows, seconds, tape: new Tape() })
    rates.push({ ...shape, pass: 'forward', teraflops: forward.flop / forward.milliseconds / 1e9 })
    const milliseconds = both.milliseconds - forward.milliseconds
    rates.push({ ...shape, pass: 'backward', teraflops: (both.flop - forward.flop) / milliseconds / 1e9 })
  }
  return rates
}

/** A layer, and with a tape also the way back. What the way back starts from is written either way. */
async function timeLayer(
  gpu: Gpu,
  extents: Extents,
  { rows, seconds, tape }: { readonly rows: number; readonly seconds: number; readonly tape: Tape | undefined },
): Promise<{ readonly flop: number; readonly milliseconds: number }> {
  const plan = new Plan(gpu.target)
  const filled = (values: Values) => {
    plan.each('fill', values.length, { x: write(values) }, 'x[i] = fract(0.618 * f32(i % 1000u)) - 0.5;')
    return values
  }
  const weight = filled(plan.kept('weight', weightsOf(extents), true))
  const input = filled(plan.values('input', inputsOf(extents) * rows, true))
  const bias = filled(plan.kept('bias', padded(extents.outChannels)))
  const output = affine(plan, tape, { products: [{ extents, weight, input }], bias, rows, biasEvery: 1, relu: false })
  filled(tape ? output.intoGradient().values : plan.values('not used', output.length))
  tape?.backward()
  const [program] = await gpu.compile([plan])
  const { milliseconds } = await timeRuns(gpu, { runs: [{ program, step: noStep }], waitFor: weight }, seconds)
  return { flop: costOf(plan).flop, milliseconds }
}

const nameOf = ({ inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernel, stride }: Extents): string =>
  `${inChannels}×${inHeight}×${inWidth} → ${outChannels}×${outHeight}×${outWidth}, ${kernel}×${kernel}/${stride}`
