/** A page that computes the scenario itself, or has a worker do it. */
export { driver, here } from './gpu-scenario.testing.ts'

/** What a module worker says. */
export function inWorker(): Promise<unknown> {
  // bundlers look for this very expression
  const worker = new Worker(new URL('./gpu-worker.testing.js', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data))
    worker.addEventListener('error', ({ message }) => reject(new Error(message ?? 'not loaded')))
  })
}
