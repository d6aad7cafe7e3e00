/**
 * Dawn's null backend, a driver that runs nothing: it checks WGSL, its uniform control flow, bindings and the limits that
 * every device has, in less than a millisecond a kernel. It makes no code, so it says nothing of what a vendor's compiler does.
 */
import { create } from 'webgpu'
import { Pipelines } from './pipelines.ts'
import type { Plan } from './plan.ts'

const webgpu = create(['backend=null'])
let opened: Promise<GPUDevice> | undefined

async function open(): Promise<GPUDevice> {
  const adapter = await webgpu.requestAdapter()
  return adapter!.requestDevice()
}

export const nullDevice = (): Promise<GPUDevice> => (opened ??= open())

/** What is wrong with kernels of plans, each text once: the driver's words. */
export async function refusals(plans: readonly Pick<Plan, 'dispatches'>[]): Promise<string[]> {
  const pipelines = new Pipelines(await nullDevice())
  const kernels = new Map(plans.flatMap(({ dispatches }) => dispatches.map((dispatch) => [dispatch.code, dispatch])))
  const outcomes = await Promise.allSettled([...kernels.values()].map((dispatch) => pipelines.pipelineOf(dispatch)))
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
}
