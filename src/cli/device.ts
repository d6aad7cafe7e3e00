/** Which device trains: --device and --adapter. */
import { type Command, Option } from 'commander'
import { type ErrorCode, UserError } from '../base/errors.ts'
import type { Gpu } from '../device/webgpu/gpu.ts'
import { RunFolder } from '../node/training/checkpoint.ts'
import type { ChooseDevice } from '../node/training/run.ts'
import { isSeedsFolder } from '../node/training/seeds-run.ts'
import { type GpuAdapter, chosenOf, listGpus } from '../node/webgpu.ts'
import { obstacle, requireGpuCan } from '../training/batch/requirements.ts'
import { commandLine } from './follow-up.ts'
import { defaults } from '../training/presets.ts'
import type { Progress } from './progress.ts'

export interface DeviceFlags {
  readonly device: 'auto' | 'cpu' | 'gpu'
  readonly adapter?: string
  readonly workers: number
  /** A setting, which a run that continues may change. */
  readonly deviceMemory?: number
}

export const addDeviceOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--device <name>', 'what trains; auto: a GPU if there is one and it pays')
        .choices(['auto', 'cpu', 'gpu'])
        .default('auto'),
    )
    .option('--adapter <name>', 'the GPU of this name, or of which this is a part (info --devices lists them)')

/** A GPU takes seconds to begin: fewer images than these, over all epochs, are done sooner without. */
const WORTH = 50_000

/**
 * Chooses by the flags, and says what it has chosen.
 * @throws UserError if a GPU is asked for and there is none, or it cannot train this
 */
export function chooserOf(flags: DeviceFlags, progress: Progress): ChooseDevice {
  const { device, adapter, workers } = flags
  if (device === 'cpu' && adapter !== undefined) {
    throw new UserError(`--adapter is a GPU, and --device is cpu: leave one of them out`)
  }
  return async (options, { training }, before) => {
    const say = (name: string, why?: string) => {
      const after = before === undefined || before === name ? '' : `; epochs so far: ${before}`
      const exact = after === '' ? '' : ', so the result is not bit for bit that of one device'
      progress.line(`device: ${name}${why === undefined ? '' : ` (${why})`}${after}${exact}`)
    }
    const onCpu = (why?: string): undefined => void say('CPU', why)
    if (device === 'cpu') return onCpu()
    if (device === 'gpu' || adapter !== undefined) {
      requireGpuCan(options)
      const chosen = chosenOf(await listGpus(), adapter)
      const gpu = await chosen.open()
      say(chosen.name, chosen.backend)
      return gpu
    }
    if (training.count * options.epochs < WORTH) return onCpu()
    const found = await firstGpu()
    if (!found) return onCpu()
    const why = obstacle(options)
    if (why !== undefined) return onCpu(`${workers} threads: ${why}`)
    const gpu = await opened(found)
    if (!gpu) return onCpu()
    say(found.name, found.backend)
    return gpu
  }
}

/** One that is no software, if there is one. */
async function firstGpu(): Promise<GpuAdapter | undefined> {
  const adapters = await unlessMissing(listGpus())
  return adapters?.find(({ isSoftware }) => !isSoftware)
}

const opened = (adapter: GpuAdapter): Promise<Gpu | undefined> => unlessMissing(adapter.open())

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof UserError && error.code === 'no-gpu') return undefined
    throw error
  }
}

interface Resumed extends Pick<DeviceFlags, 'deviceMemory'> {
  readonly out: string
  readonly data?: string
}

/** The error of a GPU that has failed, with the command that goes on after what is kept. */
export function resumable(error: unknown, { out, data, deviceMemory = defaults.deviceMemory }: Resumed): unknown {
  if (!(error instanceof UserError) || !(RunFolder.isAt(out) || isSeedsFolder(out))) return error
  const ways: { readonly [code in ErrorCode]?: readonly string[] } = {
    'gpu-lost': [],
    'out-of-memory': ['--device-memory', `${Math.ceil(deviceMemory / 2)}`],
    'no-gpu': ['--device', 'cpu'],
  }
  const way = ways[error.code]
  if (!way) return error
  const source = data === undefined ? [] : ['--data', data]
  const command = commandLine('train', '--resume', '--out', out, ...source, ...way)
  return new UserError(`${error.message}; continue with: ${command}`, { code: error.code, cause: error })
}
