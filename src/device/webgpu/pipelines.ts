/** Kernels that a driver has compiled, each once. */
import { UserError } from '../../base/errors.ts'
import type { Dispatch } from './kernel.ts'
import { stepBytes } from './step.ts'

/** As WebGPU numbers it: COMPUTE. */
const VISIBILITY = 4

export class Pipelines {
  readonly device: GPUDevice
  readonly stepLayout: GPUBindGroupLayout
  readonly #layouts = new Map<string, GPUBindGroupLayout>()
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()

  constructor(device: GPUDevice) {
    this.device = device
    const buffer = { type: 'uniform', hasDynamicOffset: true, minBindingSize: stepBytes } as const
    this.stepLayout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: VISIBILITY, buffer }] })
  }

  /** How the values of a kernel are bound. */
  layoutOf({ uses }: Dispatch): GPUBindGroupLayout {
    const key = uses.map(({ access }) => (access === 'read' ? 'r' : 'w')).join('')
    const known = this.#layouts.get(key)
    if (known) return known
    const layout = this.device.createBindGroupLayout({
      entries: uses.map(({ access }, binding) => {
        const type = access === 'read' ? ('read-only-storage' as const) : ('storage' as const)
        return { binding, visibility: VISIBILITY, buffer: { type } }
      }),
    })
    this.#layouts.set(key, layout)
    return layout
  }

  /** @throws UserError if the driver refuses it */
  pipelineOf(dispatch: Dispatch): Promise<GPUComputePipeline> {
    const { code } = dispatch
    const known = this.#pipelines.get(code)
    if (known) return known
    const made = this.#compile(dispatch)
    this.#pipelines.set(code, made)
    return made
  }

  async #compile(dispatch: Dispatch): Promise<GPUComputePipeline> {
    const { device } = this
    device.pushErrorScope('validation')
    const layouts = [this.layoutOf(dispatch), ...(dispatch.readsStep ? [this.stepLayout] : [])]
    const module = device.createShaderModule({ code: dispatch.code, label: dispatch.name })
    const layout = device.createPipelineLayout({ bindGroupLayouts: layouts })
    const making = device.createComputePipelineAsync({ layout, compute: { module, entryPoint: 'main' } })
    const scope = device.popErrorScope()
    try {
      return await making
    } catch (error) {
      const invalid = await scope
      const message = (invalid?.message ?? String(error)).trim().split('\n').slice(0, 3).join(' ')
      throw new UserError(`the GPU's driver refuses the kernel '${dispatch.name}': ${message}`, { code: 'no-gpu' })
    }
  }
}
