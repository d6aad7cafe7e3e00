/** GPUs in Node: the adapters that the package `webgpu` finds. It is an optional one, since most machines do without. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UserError } from '../base/errors.ts'
import { type AdapterFacts, Gpu } from '../device/webgpu/gpu.ts'
import type { Listed } from './adapters.ts'

/** An adapter of this machine. */
export interface GpuAdapter extends AdapterFacts {
  /** What drives it: 'vulkan', 'metal', 'd3d12'. */
  readonly backend: string
  /** Gives the GPU. Close it at the end: it keeps Node alive. @throws UserError if it gives no device */
  readonly open: () => Promise<Gpu>
}

/** Kept: a driver whose object is collected takes its adapters and devices with it, and the process, too. */
const drivers: GPU[] = []

/** Milliseconds after which drivers that have not said what there is are taken to hang. */
const PATIENCE = 30_000

/**
 * Without this, every access to an array is checked. On an H200 that slows convolutions of stride 2 down from 22 to 7 TFLOP/s.
 * Kernels keep within their values; those that run on software, as in tests, are checked.
 */
const UNCHECKED = 'enable-dawn-features=disable_robustness'

/** The script beside this one, in the language that this module is running in. */
const script = new URL(import.meta.url.endsWith('.ts') ? './adapters.ts' : './adapters.js', import.meta.url)

/**
 * The adapters of this machine, GPUs before software. Each comes once, by the backend that names it first.
 * @throws UserError if the package `webgpu` is not installed, or does not load
 */
export async function listGpus(): Promise<GpuAdapter[]> {
  return (await listed()).map((facts) => ({ ...facts, open: () => open(facts) }))
}

/**
 * Opens a GPU of this machine. Close it at the end: it keeps Node alive.
 * @param adapter its name, or a part of it; if left out, the first that `listGpus` has
 * @throws UserError if the package `webgpu` is not installed, or there is no adapter, or none of that name
 */
export async function openGpu({ adapter }: { readonly adapter?: string | undefined } = {}): Promise<Gpu> {
  return chosenOf(await listGpus(), adapter).open()
}

/** @throws UserError if there is no adapter, or none of that name */
export function chosenOf(adapters: readonly GpuAdapter[], name: string | undefined): GpuAdapter {
  const [first] = adapters
  if (!first) {
    throw new UserError(
      'there is no GPU: WebGPU finds no adapter; on Debian it needs libvulkan1 and the Vulkan driver of the vendor',
      { code: 'no-gpu' },
    )
  }
  if (name === undefined) return first
  const wanted = name.toLowerCase()
  const chosen =
    adapters.find((one) => one.name.toLowerCase() === wanted) ??
    adapters.find((one) => one.name.toLowerCase().includes(wanted))
  if (chosen) return chosen
  throw new UserError(`there is no GPU '${name}': choose one of: ${adapters.map((one) => one.name).join(', ')}`, {
    code: 'no-gpu',
  })
}

/** In a process of its own: drivers complain on its stderr if there is no GPU. */
async function listed(): Promise<readonly Listed[]> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(script)], { timeout: PATIENCE })
    return JSON.parse(stdout) as readonly Listed[]
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string }
    if (stderr.includes('ERR_MODULE_NOT_FOUND')) {
      throw new UserError("GPUs need the package 'webgpu': npm install webgpu", { code: 'no-gpu' })
    }
    const why = /^\w*Error: .*/m.exec(stderr)?.[0] ?? String(error).split('\n')[0]
    throw new UserError(`the package 'webgpu' does not work here: ${why}`, { code: 'no-gpu', cause: error })
  }
}

async function open(facts: Listed): Promise<Gpu> {
  const { create } = await import('webgpu')
  const driver = create([`adapter=${facts.name}`, `backend=${facts.backend}`, ...(facts.isSoftware ? [] : [UNCHECKED])])
  drivers.push(driver)
  const adapter = await driver.requestAdapter()
  if (!adapter) throw new UserError(`the GPU ${facts.name} is gone`, { code: 'no-gpu' })
  return Gpu.open(adapter, undefined, facts)
}
