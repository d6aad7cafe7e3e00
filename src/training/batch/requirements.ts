/** What a GPU can train. The rest is refused in a line, before anything is written. */
import { UserError } from '../../base/errors.ts'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { lossOf } from '../losses/list.ts'
import type { TrainingOptions } from '../settings.ts'
import { batchLosses } from './losses.ts'

/** @throws UserError that names a setting which a GPU does not have */
export function requireGpuCan(options: TrainingOptions): void {
  const why = obstacle(options)
  if (why !== undefined) throw new UserError(`${why}: train on the CPU`)
}

/** @throws UserError for what is no GPU, such as the promise of one */
export function requireGpu(gpu: unknown): void {
  if (typeof (gpu as Partial<Gpu>).submit === 'function') return
  throw new UserError('gpu is not what openGpu gives: give { gpu: await openGpu() }')
}

/** Why a GPU cannot train this; undefined if it can. */
export function obstacle(options: TrainingOptions): string | undefined {
  const { method, warmUp, norm } = options
  if (!batchLosses[method]) return `method ${method} is not there on GPUs`
  if (warmUp !== 'none' && !batchLosses[warmUp]) return `warmUp ${warmUp} is not there on GPUs`
  const bounding = [method, warmUp].find((each) => each !== 'none' && lossOf(each).over === 'bounds')
  if (norm === 'l1') return 'norm l1 is not there on GPUs'
  if (norm === 'l2' && bounding) return `method ${bounding} is not there on GPUs in norm l2`
  return undefined
}
