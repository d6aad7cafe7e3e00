/** A plan that a GPU can run: its kernels compiled, its values in buffers. */
import type { Dispatch } from './kernel.ts'
import type { Pipelines } from './pipelines.ts'
import type { Plan } from './plan.ts'
import type { Storage } from './values.ts'

interface Ready {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
  readonly groups: Dispatch['groups']
}

/** How many kernels a driver compiles at once. */
const AT_ONCE = 16

export class Program {
  readonly #dispatches: readonly Ready[]

  private constructor(dispatches: readonly Ready[]) {
    this.#dispatches = dispatches
  }

  /** @throws UserError if the driver refuses a kernel */
  static async make(plan: Plan, pipelines: Pipelines, bufferOf: (storage: Storage) => GPUBuffer): Promise<Program> {
    const ready: Ready[] = []
    for (let first = 0; first < plan.dispatches.length; first += AT_ONCE) {
      const some = plan.dispatches.slice(first, first + AT_ONCE)
      const compiled = await Promise.all(some.map((dispatch) => pipelines.pipelineOf(dispatch)))
      some.forEach((dispatch, i) => {
        const { uses, groups } = dispatch
        const group = pipelines.device.createBindGroup({
          layout: pipelines.layoutOf(dispatch),
          entries: uses.map(({ values: { storage } }, binding) => ({
            binding,
            resource: { buffer: bufferOf(storage), size: Math.max(16, 4 * storage.length) },
          })),
        })
        ready.push({ pipeline: compiled[i], group, groups })
      })
    }
    return new Program(ready)
  }

  /** Appends all dispatches. Calls from JavaScript are what costs the CPU time, so nothing is said twice. */
  encode(pass: GPUComputePassEncoder, stepGroup: GPUBindGroup, stepOffset: number): void {
    pass.setBindGroup(1, stepGroup, [stepOffset])
    let current: GPUComputePipeline | undefined
    for (const { pipeline, group, groups } of this.#dispatches) {
      if (pipeline !== current) pass.setPipeline((current = pipeline))
      pass.setBindGroup(0, group)
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2])
    }
  }
}
