/** A page that trains itself, or has a worker train. */
import { weightsHere } from './gpu-scenario.testing.ts'
import { openGpu } from './webgpu.ts'

export const interval = () => weightsHere('interval')

/** What a module worker says. */
export function projected(): Promise<unknown> {
  // bundlers look for this very expression
  const worker = new Worker(new URL('./gpu-worker.testing.js', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data))
    worker.addEventListener('error', ({ message }) => reject(new Error(message ?? 'not loaded')))
  })
}

export const driver = async () => (await openGpu()).facts.architecture
