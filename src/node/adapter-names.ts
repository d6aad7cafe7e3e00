/**
 * A program of its own: prints the adapters of this machine as JSON, [{ name, backend }]. Whoever starts it reads no stderr:
 * that is where drivers complain when there is no GPU, and nobody can ask them to be silent.
 */
import { create } from 'webgpu'

/** No adapter has that name, and then the driver says which names there are. */
const NOBODY = 'adapter=\u0001'

/** An adapter as the driver names it. */
export interface AdapterName {
  readonly name: string
  readonly backend: string
}

async function adapterNames(): Promise<AdapterName[]> {
  try {
    await create([NOBODY]).requestAdapter()
    return []
  } catch (error) {
    const lines = String(error).matchAll(/backend: '(.*?)', name: '(.*)'/g)
    return [...lines].map(([, backend, name]) => ({ name: name!, backend: backend! }))
  }
}

process.stdout.write(JSON.stringify(await adapterNames()))
