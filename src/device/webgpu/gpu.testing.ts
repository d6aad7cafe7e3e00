/**
 * The GPU of the tests: SwiftShader, a driver for the CPU that comes with Chromium, so that kernels really run on machines
 * without a GPU. vitest.config.ts tells the loader of Vulkan where it is.
 */
import { create } from 'webgpu'
import { Gpu, targetOf, factsOf } from './gpu.ts'
import { type Step, noStep } from './step.ts'
import { Plan, type Target } from './plan.ts'
import type { Values } from './values.ts'

/** Kept: a driver whose object is collected takes its adapters and devices with it, and the process, too. */
const webgpu = create([])
let opened: Promise<Gpu> | undefined

async function adapterOf(): Promise<GPUAdapter> {
  const adapter = await webgpu.requestAdapter()
  if (!adapter) throw new Error('no adapter of WebGPU: the tests need the package chromium, which brings SwiftShader')
  return adapter
}

/** The same for all tests of a file. */
export const testGpu = (): Promise<Gpu> => (opened ??= adapterOf().then((adapter) => Gpu.open(adapter)))

/** One with register tiles, as GPUs have them: SwiftShader takes seconds to compile each. */
export async function tiledGpu(target: Partial<Target> = {}): Promise<Gpu> {
  const adapter = await adapterOf()
  return Gpu.open(adapter, { ...targetOf(factsOf(adapter)), products: 'tiled', team: 256, ...target })
}

/** A plan for a GPU, whose inputs come from arrays and whose outputs are read at the end. */
export class Trial {
  readonly gpu: Gpu
  readonly plan: Plan
  readonly #inputs: { values: Values; data: Float32Array | Uint32Array | Int32Array }[] = []

  constructor(gpu: Gpu) {
    this.gpu = gpu
    this.plan = new Plan(gpu.target)
  }

  /** Values with this content. */
  input(data: ArrayLike<number> | Uint32Array | Int32Array, wantsGradient = false): Values {
    const values = this.plan.kept('input', data.length, wantsGradient)
    const isWhole = data instanceof Uint32Array || data instanceof Int32Array
    this.#inputs.push({ values, data: isWhole ? data : Float32Array.from(data) })
    return values
  }

  /** Puts a gradient where something flows back from. */
  seed(values: Values, gradient: ArrayLike<number>): void {
    const from = this.input(gradient)
    const { values: to, accumulate } = values.intoGradient()
    if (accumulate) throw new RangeError('the gradient is there already')
    this.plan.each(
      'copy',
      to.length,
      { x: { values: from, access: 'read', type: 'f32' }, y: { values: to, access: 'write', type: 'f32' } },
      'y[i] = x[i];',
    )
  }

  /** Runs the plan once. @returns what is in these values at the end */
  async run(wanted: readonly Values[], step: Partial<Step> = {}): Promise<Float32Array[]> {
    const outputs = wanted.map((values) => {
      if (values.storage.isKept) return values
      const kept = this.plan.kept('output', values.length)
      this.plan.each(
        'copy',
        values.length,
        { x: { values, access: 'read', type: 'u32' }, y: { values: kept, access: 'write', type: 'u32' } },
        'y[i] = x[i];',
      )
      return kept
    })
    const [program] = await this.gpu.compile([this.plan])
    for (const { values, data } of this.#inputs) this.gpu.write(values, data)
    this.gpu.submit([{ program, step: { ...noStep, ...step } }])
    return Promise.all(outputs.map((output) => this.gpu.read(output)))
  }
}
