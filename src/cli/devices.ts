/** robustra info --devices: the GPUs of this machine, their limits and what they do in a second. */
import { type Speed, measure } from '../device/webgpu/measure.ts'
import { type GpuAdapter, chosenOf, listGpus } from '../node/webgpu.ts'
import { formatTable, printJson } from './text.ts'

/** @throws UserError if there is none */
export async function printDevices(json = false): Promise<void> {
  const adapters = await listGpus()
  // says what is missing
  chosenOf(adapters, undefined)
  const measured: { adapter: GpuAdapter; speed: Speed }[] = []
  for (const adapter of adapters) measured.push({ adapter, speed: await speedOf(adapter) })
  if (json) {
    printJson(measured.map(({ adapter, speed }) => ({ ...adapter, ...speed })))
    return
  }
  const mb = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`
  const rows = measured.map(({ adapter, speed }) => [
    ...[adapter.name, adapter.backend, adapter.isSoftware ? 'software' : 'GPU'],
    ...[mb(adapter.largestBuffer), mb(adapter.largestBinding)],
    ...[`${(speed.flops / 1e9).toPrecision(3)} GFLOP/s`, `${(speed.bandwidth / 1e9).toPrecision(3)} GB/s`],
  ])
  const head = ['adapter', 'backend', 'kind', 'largest buffer', 'largest binding', 'product', 'memory']
  console.log(formatTable([head, ...rows], 3))
  console.log(`\nrobustra train --device gpu takes the first one; --adapter NAME another`)
}

async function speedOf(adapter: GpuAdapter): Promise<Speed> {
  const gpu = await adapter.open()
  try {
    return await measure(gpu)
  } finally {
    gpu.close()
  }
}
