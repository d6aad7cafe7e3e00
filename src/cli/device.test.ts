/** Which device trains, on SwiftShader, which is asked for by name: nobody gets software without asking. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { UserError } from '../base/errors.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call } from './command.testing.ts'
import type { Gpu } from '../device/webgpu/gpu.ts'
import type { GpuAdapter } from '../node/webgpu.ts'
import { chooserOf, resumable } from './device.ts'
import type { Progress } from './progress.ts'
import { speedOf } from './devices.ts'
import { trainingOptions } from '../training/options.ts'
import { tinyData } from '../training/tiny.testing.ts'

/** In place of those of this machine, if there are some. */
const machine = vi.hoisted(() => ({ adapters: undefined as GpuAdapter[] | undefined }))
vi.mock('../node/webgpu.ts', async (original) => {
  const real = await original<typeof import('../node/webgpu.ts')>()
  return { ...real, listGpus: async () => machine.adapters ?? real.listGpus() }
})

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const small = [
  ...['--method', 'natural', '--architecture', 'linear 4, relu, linear', '--epochs', '1', '--workers', '1'],
  ...['--training-count', '40', '--validation-count', '0', '--batch-size', '20', '--epsilon', '0.01'],
]
const devicesOf = (out: string) =>
  readFileSync(at(`${out}/log.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).device)

test('trains on the GPU that is named, and on the CPU if nothing is said and it does not pay', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const onGpu = await call('train', '--out', at('gpu'), ...small, '--adapter', 'swiftshader')
  const lines = stderr.mock.calls.map(([line]) => String(line))
  stderr.mockRestore()
  expect(onGpu).toMatchObject({ code: 0, stderr: '' })
  expect(lines[0]).toBe('device: SwiftShader Device (Subzero) (vulkan)\n')
  expect(lines[1]).toBe('20 images at once, 1 MB of the GPU\n')
  expect(devicesOf('gpu')).toEqual(['SwiftShader Device (Subzero)'])
  expect(await call('train', '--out', at('cpu'), ...small)).toMatchObject({ code: 0, stderr: '' })
  expect(devicesOf('cpu')).toEqual([undefined])
})

test('continues where it was, if nothing is said', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { code } = await call('train', '--resume', '--out', at('gpu'))
  expect(code).toBe(0)
  expect(stderr.mock.calls.map(([line]) => String(line))[0]).toBe('device: SwiftShader Device (Subzero) (vulkan)\n')
})

test('continues on another device, and says that the result is then not that of one', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { code } = await call('train', '--resume', '--out', at('gpu'), '--device', 'cpu', '--device-memory', '99')
  expect(code).toBe(0)
  expect(stderr.mock.calls.map(([line]) => String(line))[0]).toMatch(
    /^device: CPU; epochs so far: SwiftShader .*, so the result is not bit for bit that of one device\n$/,
  )
})

/** What is chosen where there is a GPU, and nothing is said. */
async function chosenBy(before: string | undefined, misfit?: string) {
  const gpu = { close: vi.fn() } as unknown as Gpu
  const found = { name: 'A100', backend: 'vulkan', isSoftware: false, open: () => Promise.resolve(gpu) }
  machine.adapters = [found as GpuAdapter]
  const line = vi.fn()
  const choose = chooserOf({ device: 'auto', workers: 2 }, { line } as unknown as Progress)
  const chosen = await choose(trainingOptions({ epochs: 9 }), { ...tinyData, training: many }, before, () => {
    if (misfit !== undefined) throw new UserError(misfit)
  }).finally(() => (machine.adapters = undefined))
  return { isGpu: chosen === gpu, line: line.mock.lastCall?.[0], closed: vi.mocked(gpu.close).mock.calls.length }
}
const many = { ...tinyData.training, count: 60_000 }

test('where nothing is said, a long run takes the GPU, unless it began on the CPU or does not fit there', async () => {
  expect(await chosenBy(undefined)).toEqual({ isGpu: true, line: 'device: A100 (vulkan)', closed: 0 })
  expect(await chosenBy('CPU')).toEqual({ isGpu: false, line: 'device: CPU', closed: 0 })
  const why = 'device: CPU (2 threads: one image takes 9 MB)'
  expect(await chosenBy(undefined, 'one image takes 9 MB')).toEqual({ isGpu: false, line: why, closed: 1 })
})

/** Has `import 'webgpu'` find nothing. */
const hidden = `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) => {
  if (name !== 'webgpu') return next(name, context)
  throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' })
} })`

test.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
  [
    'the package is not installed',
    ['--device', 'gpu'],
    { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hidden)}` },
    /GPUs need the package 'webgpu': npm install webgpu/,
  ],
  ['there is no adapter', ['--device', 'gpu'], { VK_DRIVER_FILES: '/nowhere' }, /there is no GPU: .* libvulkan1/],
  ['it has another name', ['--adapter', 'Voodoo'], {}, /there is no GPU 'Voodoo': choose one of: .*SwiftShader/],
  ['it is for a CPU', ['--adapter', 'x', '--device', 'cpu'], {}, /--adapter is a GPU, and --device is cpu/],
  [
    'it has no such method',
    ['--method', 'orthogonal', '--device', 'gpu'],
    {},
    /method orthogonal is not there on GPUs/,
  ],
  ['it has no such norm', ['--norm', 'l1', '--device', 'gpu'], {}, /norm l1 is not there on GPUs/],
  [
    'one image does not fit',
    ['--device', 'gpu', '--device-memory', '1', '--architecture', 'conv 512 3 1 1, relu, linear'],
    {},
    /one image takes \d+ MB on the GPU, and deviceMemory is 1: give it more/,
  ],
])('refuses in one line, with exit code 2, if %s', async (_, flags, env, message) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const { code, stdout, stderr } = await call('train', '--out', at('refused'), ...small, ...flags)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^robustra: [^\n]*\n$/)
  expect(stderr).toMatch(message)
  expect(existsSync(at('refused'))).toBe(false)
})

test('a GPU that fails leaves the command that goes on', () => {
  const lost = new UserError('the GPU A100 was lost: bus', { code: 'gpu-lost' })
  expect((resumable(lost, { out: at('gpu') }) as Error).message).toMatch(
    /^the GPU A100 was lost: bus; continue with: .* train --resume --out .*gpu$/,
  )
  expect(resumable(lost, { out: at('none') })).toBe(lost)
  const full = new UserError('no 4096 MB left', { code: 'out-of-memory' })
  expect((resumable(full, { out: at('gpu'), deviceMemory: 1001 }) as Error).message).toMatch(/ --device-memory 501$/)
  expect((resumable(lost, { out: at('gpu'), device: 'gpu', adapter: 'A 1' }) as Error).message).toMatch(
    / --device gpu --adapter 'A 1'$/,
  )
  const refused = new UserError("the GPU's driver refuses the kernel 'x'", { code: 'no-gpu' })
  expect((resumable(refused, { out: at('gpu') }) as Error).message).toMatch(/gpu --device cpu$/)
  const other = new UserError('bad')
  expect(resumable(other, { out: at('gpu') })).toBe(other)
})

test('a GPU that gives no device is listed with the reason', async () => {
  const open = () => Promise.reject(new UserError('the GPU X gives no device: old driver', { code: 'no-gpu' }))
  expect(await speedOf({ open })).toEqual({ fault: 'the GPU X gives no device: old driver' })
})

test('info --devices lists what there is, with its speed', async () => {
  const { code, stdout } = await call('info', '--devices', '--json')
  expect(code).toBe(0)
  const [first] = JSON.parse(stdout)
  expect(first).toMatchObject({ name: 'SwiftShader Device (Subzero)', backend: 'vulkan', isSoftware: true })
  expect(first.flops).toBeGreaterThan(1e6)
  expect(await call('info', 'mnist-small', '--devices')).toMatchObject({ code: 2 })
})
