/** Runs small enough for tests, and what their folders say. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochReport } from '../../training/epoch-report.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions, TrainingOptions } from '../../training/settings.ts'
import { readSafetensors } from '../safetensors-file.ts'
import type { RunOptions } from './run.ts'

/** Two epochs of a few synthetic digits. */
export const smallOptions = (given: GivenOptions = {}): TrainingOptions =>
  trainingOptions({
    ...{ method: 'natural', epochs: 2, batchSize: 8, trainingCount: 24, validationCount: 8, epsilon: 0.02 },
    ...given,
  })

/** A diff of all numbers would take minutes. */
export const hashOf = (values: ArrayLike<number>): string =>
  createHash('sha256').update(Float32Array.from(values)).digest('hex')

export const untimed = (report: EpochReport): EpochReport => ({ ...report, seconds: 0, elapsed: 0 })

/** Every tensor of a run's checkpoint, by its hash, and its log without times. */
export function stateIn(run: string) {
  const { tensors } = readSafetensors(join(run, 'checkpoint.safetensors'))
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n')
  return {
    tensors: [...tensors].map(([name, { data }]) => [name, hashOf(data)] as const),
    log: lines.map((line) => untimed(JSON.parse(line))),
  }
}

/** Stops a run after one network of an epoch, before that is saved. */
export const stopAfter = (epoch: number, network = 'f'): Pick<RunOptions, 'onReport'> => ({
  onReport: (report) => {
    if (report.epoch === epoch && report.network === network) throw new Error('stopped by the test')
  },
})
