/** npm run bench -- --only gpu --dry-run: what steps of the paper's networks take on a GPU, counted without one. */
import { writeFileSync } from 'node:fs'
import { type Cost, type Target, anyGpu } from '../src/device/webgpu/plan.ts'
import { type PlannedStep, costOfStep } from '../src/training/batch/planned-step.ts'
import { type GpuCase, gpuCases, plannedCase } from './gpu-cases.ts'

/** What a step takes. */
export interface Counted extends GpuCase, Cost {
  /** Bytes of the device. */
  readonly memory: number
  readonly microBatches: number
}

export const counted = (one: GpuCase, planned: PlannedStep): Counted => ({
  ...one,
  ...costOfStep(planned),
  ...{ memory: planned.memory, microBatches: planned.parts },
})

/** What counts of a GPU of a data centre for plans. */
const dataCentre: Target = { ...anyGpu, largestBinding: 2 ** 31, sharedMemory: 49152 }

/** TFLOP/s in f32 that products are held against, TB/s of element-wise kernels, and µs of a small dispatch on an H200. */
export const H200 = { teraflops: 25, terabytes: 4.1, dispatch: 6 }

/** What a step would take if products and memory were as fast as that, one after the other. */
const estimate = ({ flop, traffic, dispatches }: Cost): number =>
  flop / H200.teraflops / 1e9 + traffic / H200.terabytes / 1e9 + (dispatches * H200.dispatch) / 1e3

const countAll = (): readonly Counted[] => gpuCases.map((one) => counted(one, plannedCase(dataCentre, one)))

/** Every network and objective, as a table of Markdown. */
export function dryRunTable(all = countAll()): string {
  const rows = all.map((row) => {
    const { network, objective, microBatches, dispatches, flop, traffic, memory } = row
    const work = [(flop / 1e9).toFixed(1), (traffic / 1e9).toFixed(2), Math.ceil(memory / 2 ** 20)]
    return [network, objective, microBatches, dispatches, ...work, estimate(row).toFixed(1)]
  })
  const heads = ['micro-batches', 'dispatches', 'GFLOP', 'traffic, GB', 'memory, MB', 'estimate, ms']
  const lines = [['network', 'objective', ...heads], ['---', '---', ...heads.map(() => '---:')], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** @param file for the figures as JSON */
export function printDryRun(file: string | undefined): void {
  const all = countAll()
  console.log(dryRunTable(all))
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`)
}
