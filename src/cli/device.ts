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
 * Chooses by the flags, and says what it has chosen. Without any, a run that continues stays on its device.
 * @throws UserError if a GPU is asked for and there is none, or it cannot train this
 */
export function chooserOf(flags: DeviceFlags, progress: Progress): ChooseDevice {
  const { device, adapter, workers } = flags
  if (device === 'cpu' && adapter !== undefined) {
    throw new UserError(`--adapter is a GPU, and --device is cpu: leave one of them out`)
  }
  return async (options, { training }, before, fit) => {
    const say = (name: string, why?: string) => {
      const after = before === undefined || before === name ? '' : `; epochs so far: ${before}`
      const exact = after === '' ? '' : ', so the result is not bit for bit that of one device'
      progress.line(`device: ${name}${why === undefined ? '' : ` (${why})`}${after}${exact}`)
    }
    const onCpu = (why?: string): undefined => void say('CPU', why)
    const onGpu = ({ name, backend }: GpuAdapter, gpu: Gpu): Gpu => {
      say(name, backend)
      return gpu
    }
    if (device === 'cpu') return onCpu()
    if (device === 'gpu' || adapter !== undefined) {
      requireGpuCan(options)
      const chosen = chosenOf(await listGpus(), adapter)
      return onGpu(chosen, await chosen.open())
    }
    // a run stays where it is
    if (before === 'CPU') return onCpu()
    if (before === undefined && training.count * options.epochs < WORTH) return onCpu()
    const adapters = (await unlessMissing(listGpus())) ?? []
    // nobody gets software without asking
    const found = adapters.find(({ name }) => name === before) ?? adapters.find(({ isSoftware }) => !isSoftware)
    if (!found) return onCpu()
    const why = obstacle(options)
    if (why !== undefined) return onCpu(`${workers} threads: ${why}`)
    const gpu = await unlessMissing(found.open())
    if (!gpu) return onCpu()
    const misfit = misfitOf(() => fit(gpu))
    if (misfit === undefined) return onGpu(found, gpu)
    gpu.close()
    return onCpu(`${workers} threads: ${misfit}`)
  }
}

/** Why a run does not fit into a GPU; undefined if it does. */
function misfitOf(fit: () => void): string | undefined {
  try {
    fit()
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof UserError && error.code === 'no-gpu') return undefined
    throw error
  }
}

interface Resumed {
  readonly out: string
  readonly data?: string
  readonly device?: DeviceFlags['device']
  readonly adapter?: string | undefined
  readonly deviceMemory?: number
}

/** The command that goes on with a run, on the device that was asked for. */
export function resumeCommand({ out, data, device = 'auto', adapter }: Resumed): string {
  const flags = [
    ...(data === undefined ? [] : ['--data', data]),
    ...(device === 'auto' ? [] : ['--device', device]),
    ...(adapter === undefined ? [] : ['--adapter', adapter]),
  ]
  return commandLine('train', '--resume', '--out', out, ...flags)
}

/** The error of a GPU that has failed, with the command that goes on after what is kept. */
export function resumable(error: unknown, flags: Resumed): unknown {
  const { out, deviceMemory = defaults.deviceMemory } = flags
  if (!(error instanceof UserError) || !(RunFolder.isAt(out) || isSeedsFolder(out))) return error
  const ways: { readonly [code in ErrorCode]?: string } = {
    'gpu-lost': resumeCommand(flags),
    'out-of-memory': `${resumeCommand(flags)} --device-memory ${Math.ceil(deviceMemory / 2)}`,
    'no-gpu': resumeCommand({ ...flags, device: 'cpu', adapter: undefined }),
  }
  const way = ways[error.code]
  if (way === undefined) return error
  return new UserError(`${error.message}; continue with: ${way}`, { code: error.code, cause: error })
}
