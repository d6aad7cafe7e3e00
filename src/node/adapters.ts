/**
 * A program of its own: prints the adapters of this machine as JSON. Whoever starts it shows nobody its stderr: that is where
 * drivers complain when there is no GPU, and nobody can ask them to be silent.
 */
import { create } from 'webgpu'
import { type AdapterFacts, factsOf } from '../device/webgpu/gpu.ts'

/** An adapter, and what drives it: 'vulkan', 'metal', 'd3d12'. */
export interface Listed extends AdapterFacts {
  readonly backend: string
}

/** No adapter has that name, and then the driver says which names there are. */
const NOBODY = 'adapter=\u0001'

async function namesAndBackends(): Promise<{ readonly name: string; readonly backend: string }[]> {
  try {
    await create([NOBODY]).requestAdapter()
    return []
  } catch (error) {
    const lines = String(error).matchAll(/backend: '(.*?)', name: '(.*)'/g)
    return [...lines].map(([, backend, name]) => ({ name: name!, backend: backend! }))
  }
}

const drivers: GPU[] = []
const found: Listed[] = []
for (const { name, backend } of await namesAndBackends()) {
  // one that several backends have comes once
  if (found.some((other) => other.name === name)) continue
  const driver = create([`adapter=${name}`, `backend=${backend}`])
  drivers.push(driver)
  const adapter = await driver.requestAdapter()
  if (adapter) found.push({ ...factsOf(adapter), name, backend })
}
process.stdout.write(JSON.stringify(found.toSorted((a, b) => Number(a.isSoftware) - Number(b.isSoftware))))
