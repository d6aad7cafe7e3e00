/**
 * Dawn's null backend, a driver that runs nothing: it checks WGSL, its uniform control flow, bindings and the limits that
 * every device has, in a millisecond a kernel. It makes no code, so it says nothing of what a vendor's compiler does.
 */
import { create } from 'webgpu'
import { Gpu } from './gpu.ts'
import { Pipelines } from './pipelines.ts'
import { type Plan, anyGpu } from './plan.ts'

const webgpu = create(['backend=null'])
let opened: Promise<GPUDevice> | undefined

async function adapterOf(): Promise<GPUAdapter> {
  const adapter = await webgpu.requestAdapter()
  return adapter!
}

/** What is wrong with kernels of plans, each text once: the driver's words. */
export async function refusals(plans: readonly Pick<Plan, 'dispatches'>[]): Promise<string[]> {
  const pipelines = new Pipelines(await (opened ??= adapterOf().then((adapter) => adapter.requestDevice())))
  const kernels = new Map(plans.flatMap(({ dispatches }) => dispatches.map((dispatch) => [dispatch.code, dispatch])))
  const outcomes = await Promise.allSettled([...kernels.values()].map((dispatch) => pipelines.pipelineOf(dispatch)))
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
}

/** A GPU with the least limits and register tiles, on which everything comes out as zeros. */
export const nullGpu = async (): Promise<Gpu> => Gpu.open(await adapterOf(), anyGpu)
