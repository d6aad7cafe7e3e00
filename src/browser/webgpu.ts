/** The GPU of a browser. */
import { UserError } from '../base/errors.ts'
import { Gpu } from '../device/webgpu/gpu.ts'

/**
 * Opens the GPU that the browser gives to pages and workers. Close it at the end.
 * @throws UserError if it gives none
 */
export async function openGpu(): Promise<Gpu> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter) return Gpu.open(adapter)
  throw new UserError(
    navigator.gpu
      ? 'there is no GPU: the browser gives no adapter'
      : 'there is no GPU: this browser has no WebGPU, or the page does not come by https or from localhost',
    { code: 'no-gpu' },
  )
}
