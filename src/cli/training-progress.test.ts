import { expect, it, vi } from 'vitest'
import { trainingOptions } from '../training/options.ts'
import type { EpochReport } from '../training/epoch-report.ts'
import type { Progress } from './progress.ts'
import { TrainingProgress } from './training-progress.ts'

it('shows two learners at once as far as the slower one', () => {
  const progress = { start: vi.fn(), update: vi.fn(), line: vi.fn() }
  const options = trainingOptions({ parallelPair: true, epochs: 2 })
  const shown = new TrainingProgress(options, progress as unknown as Progress)
  const step = (network: string, done: number, epoch = 1) =>
    shown.update({ epoch, network, done, total: 40, loss: done / 10 })
  step('g', 20)
  expect(progress.start).toHaveBeenLastCalledWith('1/2 f and g', 40)
  step('f', 10)
  expect(progress.update).toHaveBeenLastCalledWith(10, 'f 10/40 loss 1.000  g 20/40 loss 2.000  ')
  step('f', 40)
  expect(progress.update).toHaveBeenLastCalledWith(20, 'f 40/40 loss 4.000  g 20/40 loss 2.000  ')
  expect(progress.start).toHaveBeenCalledTimes(1)

  const report = {
    epoch: 1,
    network: 'f',
    method: 'robustra',
    loss: 1,
    trainingError: 0.5,
    cleanError: null,
    epsilon: 0.1,
    learningRate: 1e-3,
    seconds: 1,
    elapsed: 61,
  }
  shown.report(report as EpochReport)
  shown.report({ ...report, network: 'g' } as EpochReport)
  expect(progress.line.mock.calls.map(([line]) => line.slice(0, 5))).toEqual(['1/2 f', '1/2 g'])
  step('f', 10, 2)
  expect(progress.start).toHaveBeenLastCalledWith('2/2 f and g', 40)
  expect(progress.update).toHaveBeenLastCalledWith(10, 'f 10/40 loss 1.000  ')
})
