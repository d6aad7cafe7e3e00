/** robustra info --devices: the GPUs of this machine, their limits and what they do in a second. */
import { UserError } from '../base/errors.ts'
import type { Gpu } from '../device/webgpu/gpu.ts'
import { type Speed, measure } from '../device/webgpu/measure.ts'
import { type GpuAdapter, chosenOf, listGpus } from '../node/webgpu.ts'
import { formatTable, printJson } from './text.ts'

/** @throws UserError if there is none */
export async function printDevices(json = false): Promise<void> {
  const adapters = await listGpus()
  // says what is missing
  chosenOf(adapters, undefined)
  const measured: { adapter: GpuAdapter; speed: Speed | { readonly fault: string } }[] = []
  for (const adapter of adapters) measured.push({ adapter, speed: await speedOf(adapter) })
  if (json) {
    printJson(measured.map(({ adapter, speed }) => ({ ...adapter, ...speed })))
    return
  }
  const mb = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`
  const rows = measured.map(({ adapter, speed }) => [
    ...[adapter.name, adapter.backend, adapter.isSoftware ? 'software' : 'GPU'],
    ...[mb(adapter.largestBuffer), mb(adapter.largestBinding)],
    ...('fault' in speed
      ? [speed.fault, '']
      : [`${(speed.flops / 1e9).toPrecision(3)} GFLOP/s`, `${(speed.bandwidth / 1e9).toPrecision(3)} GB/s`]),
  ])
  const head = ['adapter', 'backend', 'kind', 'largest buffer', 'largest binding', 'product', 'memory']
  console.log(formatTable([head, ...rows], 3))
  console.log(`\nrobustra train --device gpu takes the first one; --adapter NAME another`)
}

/** One that fails must not hide the others. */
export async function speedOf({ open }: Pick<GpuAdapter, 'open'>): Promise<Speed | { readonly fault: string }> {
  let gpu: Gpu | undefined
  try {
    gpu = await open()
    return await measure(gpu)
  } catch (error) {
    if (error instanceof UserError) return { fault: error.message }
    throw error
  } finally {
    gpu?.close()
  }
}
