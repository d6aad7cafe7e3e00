/** How long a GPU takes for what it repeats. */
import type { Gpu } from '../src/device/webgpu/gpu.ts'
import type { Program } from '../src/device/webgpu/program.ts'
import type { Step } from '../src/device/webgpu/step.ts'
import type { Values } from '../src/device/webgpu/values.ts'
import { median } from './print.ts'

export interface Repeated {
  /** One after the other, all of it counts as once. */
  readonly runs: readonly { readonly program: Program; readonly step: Step }[]
  /** Kept values that they write: reading them waits until all is done. */
  readonly waitFor: Values
}

export interface GpuTime {
  /** From the first submission until the GPU has done everything, over the number of times. */
  readonly milliseconds: number
  /** Of it what the CPU does, until it has submitted: a median. */
  readonly cpuMilliseconds: number
  readonly times: number
}

/** @param seconds how long to measure for, about, after a first time that counts for nothing */
export async function timeRuns(gpu: Gpu, { runs, waitFor }: Repeated, seconds: number): Promise<GpuTime> {
  const submitted: number[] = []
  const timed = async (times: number) => {
    const began = performance.now()
    for (let i = 0; i < times; i++) {
      const before = performance.now()
      gpu.submit(runs)
      submitted.push(performance.now() - before)
    }
    await gpu.read(waitFor, 0, 1)
    return performance.now() - began
  }
  await timed(1)
  let times = 1
  let milliseconds = await timed(times)
  while (milliseconds < 500 * seconds) {
    times = Math.ceil(times * Math.min(10, (1000 * seconds) / milliseconds))
    submitted.length = 0
    milliseconds = await timed(times)
  }
  return { milliseconds: milliseconds / times, cpuMilliseconds: median(submitted), times }
}
