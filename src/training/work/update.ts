/** The optimiser's step: the gradients of all chunks are summed, then every parameter moves. Both range by range. */
import { takeIntoAverage } from '../average.ts'
import { type Update, applyUpdate } from '../optimiser.ts'
import type { TrainingSetup } from './setup.ts'

/** Part i: sum the chunks' gradients over parameter range i into the first. Result: the sum of its squares. */
export interface SumJob {
  readonly kind: 'sum'
  readonly chunks: number
  readonly ranges: readonly number[]
}

export function sumGradients({ gradients }: TrainingSetup, { chunks, ranges }: SumJob, part: number): number {
  const [total, ...others] = gradients.slice(0, chunks).map((g) => g.subarray(ranges[part], ranges[part + 1]))
  for (const other of others) for (let i = 0; i < other.length; i++) total![i] += other[i]
  let squares = 0
  for (let i = 0; i < total!.length; i++) squares += total![i] ** 2
  return squares
}

/** Part i: take the optimiser's step on parameter range i. */
export interface UpdateJob {
  readonly kind: 'update'
  readonly learner: number
  readonly update: Update
  /** What older weights keep in the average, if there is one. */
  readonly average: number
  readonly ranges: readonly number[]
}

export function updateRange({ learners, gradients }: TrainingSetup, job: UpdateJob, part: number): void {
  const { learner, update, average: decay, ranges } = job
  const { state, average } = learners[learner]
  const range = (all: Float32Array) => all.subarray(ranges[part], ranges[part + 1])
  const parameters = range(state.parameters)
  const first = range(state.first)
  const second = range(state.second)
  applyUpdate({ parameters, first, second }, range(gradients[0]), update)
  if (average) takeIntoAverage(range(average), parameters, decay, update.step)
}
