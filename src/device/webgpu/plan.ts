/**
 * A recording of what a GPU is to do, once and then again and again: dispatches in their order, and what memory they need
 * and when. Passes, each in a file beside this one, append to it. Nothing in it needs a GPU, so that dry runs count
 * dispatches, operations and bytes without one.
 */
import { type Dispatch, type KernelText, type Use, dispatchOf, eachOf } from './kernel.ts'
import { type Storage, Values } from './values.ts'

/** What of a device shapes kernels and plans. */
export interface Target {
  /**
   * 'tiled': products in register tiles, for GPUs. 'plain': one result per thread, for drivers that run on the CPU, which
   * take long to compile tiles.
   */
  readonly products: 'tiled' | 'plain'
  /** Bytes that one value may take: the largest binding. */
  readonly largestBinding: number
  /** Bytes of memory that the threads of a workgroup share. */
  readonly sharedMemory: number
  /** Threads in a workgroup. */
  readonly threads: number
  /** Threads that sum together, a power of 2 from 16 on. Software drivers compile a kernel with barriers for each thread anew. */
  readonly team: number
}

/** What every WebGPU device can do, with tiles. */
export const anyGpu: Target = {
  products: 'tiled',
  largestBinding: 2 ** 27,
  sharedMemory: 16384,
  threads: 256,
  team: 256,
}

export class Plan {
  readonly target: Target
  readonly dispatches: Dispatch[] = []

  constructor(target: Target) {
    this.target = target
  }

  /** Values for as long as they are used: the first pass that uses them writes all of them. */
  values(name: string, length: number, wantsGradient = false): Values {
    return this.#make({ name, length, isKept: false }, wantsGradient)
  }

  /** Values that stay from step to step, and can be written and read from outside. They start as zeros. */
  kept(name: string, length: number, wantsGradient = false): Values {
    return this.#make({ name, length, isKept: true }, wantsGradient)
  }

  /** Values of another plan, or of none, as this one sees them: a gradient by them is this plan's. */
  view({ storage }: Values, wantsGradient = false): Values {
    return this.#make(storage, wantsGradient)
  }

  #make(storage: Storage, wantsGradient: boolean): Values {
    return new Values(storage, wantsGradient, () => this.values(`gradient of ${storage.name}`, storage.length))
  }

  /** Records a kernel. */
  run(kernel: KernelText): void {
    this.dispatches.push(dispatchOf(kernel))
  }

  /** Records a kernel that does the same for every `i` from 0 to `count` − 1. */
  each(name: string, count: number, uses: Readonly<Record<string, Use>>, main: string, declarations = ''): void {
    this.run(eachOf(name, count, uses, main, declarations))
  }
}

/** What a plan takes each time it runs. */
export interface Cost {
  readonly dispatches: number
  readonly flop: number
  /** Read and written by kernels that touch every value once. */
  readonly traffic: number
}

export const costOf = ({ dispatches }: Pick<Plan, 'dispatches'>): Cost => ({
  dispatches: dispatches.length,
  flop: dispatches.reduce((sum, { flop }) => sum + flop, 0),
  traffic: dispatches.reduce(
    (sum, { uses }) => sum + uses.reduce((bytes, { values }) => bytes + 4 * values.length, 0),
    0,
  ),
})
