/** How fast a GPU is, in about a second: a matrix product, and values that are read and written. */
import { affine } from './affine.ts'
import { type Extents, extentsOf, weightsOf } from './extents.ts'
import type { Gpu } from './gpu.ts'
import { update } from './kernel.ts'
import { Plan, costOf } from './plan.ts'
import { noStep } from './step.ts'
import type { Values } from './values.ts'

export interface Speed {
  /** Operations per second of a product, 2 per multiply-add. */
  readonly flops: number
  /** Bytes per second that are read and written. */
  readonly bandwidth: number
}

/** Seconds that a repeated kernel must take to be measured. */
const LEAST = 0.25

/** Submitted at once. */
const AT_ONCE = 64

/** @throws UserError if the GPU fails */
export async function measure(gpu: Gpu): Promise<Speed> {
  const { isSoftware } = gpu.facts
  const width = isSoftware ? 128 : 2048
  const product = new Plan(gpu.target)
  const input = product.kept('factors', width * width)
  const bias = product.kept('biases', width)
  const extents = square(width)
  const weight = product.kept('weights', weightsOf(extents))
  affine(product, undefined, { products: [{ extents, weight, input }], bias, rows: width, biasEvery: 1, relu: false })
  const stream = new Plan(gpu.target)
  const length = Math.min(2 ** (isSoftware ? 20 : 26), Math.floor(gpu.target.largestBinding / 4))
  const values = stream.kept('stream', length)
  stream.each('stream', length, { x: update(values) }, '  x[i] = 0.5 * x[i] + 1.0;')
  return {
    flops: costOf(product).flop / (await secondsOf(gpu, product, bias)),
    bandwidth: (2 * 4 * length) / (await secondsOf(gpu, stream, values)),
  }
}

/** A matrix of equally many rows and columns. */
function square(width: number): Extents {
  const shape = { channels: width, height: 1, width: 1 }
  return extentsOf(shape, shape, { kernel: 1, stride: 1, padding: 0, groups: 1 })
}

/** Of one run of a plan. @param kept what is read to know when it is done */
async function secondsOf(gpu: Gpu, plan: Plan, kept: Values): Promise<number> {
  const [program] = await gpu.compile([plan])
  const run = { program, step: noStep }
  const timeOf = async (repeats: number) => {
    const started = performance.now()
    for (let left = repeats; left > 0; left -= AT_ONCE)
      gpu.submit(Array.from({ length: Math.min(left, AT_ONCE) }, () => run))
    await gpu.read(kept, 0, 1)
    return (performance.now() - started) / 1000
  }
  await timeOf(1)
  for (let repeats = 1; ; repeats *= 4) {
    const seconds = await timeOf(repeats)
    if (seconds > LEAST) return seconds / repeats
  }
}
