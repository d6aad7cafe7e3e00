/**
 * The run behind Figures 3 and 4: a mutual pair of MNIST Small at ε = 0.3 by the paper's protocol. After each epoch both
 * networks are judged on test images too, only for the plot: the run neither sees these figures nor chooses by them.
 */
import { threads } from '../node/threads.ts'
import { join } from 'node:path'
import type { Network } from '../model/network.ts'
import { trainingOptions } from '../training/options.ts'
import type { TrainingOptions } from '../training/settings.ts'
import type { EpochReport } from '../training/epoch-report.ts'
import { EpochRows, readLog, savedPair } from './epoch-rows.ts'
import { type FigureSettings, type Reproduction, type Surroundings, workIn, testImages, trainIn } from './experiment.ts'
import { type TestErrors, testErrors } from './test-errors.ts'

export const PAPER_EPOCHS = 100

/** One epoch on test images. */
export interface TestRow {
  /** Counts from 1. */
  readonly epoch: number
  readonly f: TestErrors
  readonly g: TestErrors
  readonly seconds: number
}

export interface MutualRun {
  readonly options: TrainingOptions
  /** The training's own log. */
  readonly reports: readonly EpochReport[]
  readonly tests: readonly TestRow[]
  /** Test images. */
  readonly images: number
}

export const mutualOptions = ({ dataset, epochs, trainingCount, validationCount }: FigureSettings): TrainingOptions =>
  trainingOptions({ dataset, epochs, trainingCount, validationCount }, 'paper-mnist-0.3')

/**
 * Trains the pair, or continues, or finds that it is done.
 * @param draw writes a figure: after each epoch, so that there is a figure even if the run is interrupted, and at the end
 * @throws UserError for missing data and for what `workIn` refuses
 */
export async function mutualRun(
  settings: FigureSettings,
  around: Surroundings,
  draw: (run: MutualRun) => Reproduction,
): Promise<Reproduction> {
  const { out, resume, workers, watch } = around
  const executor = threads(workers)
  const options = mutualOptions(settings)
  const test = await testImages(options.dataset, settings.images, around)
  return workIn({ out, settings: { figure: 'figure3-4', ...settings }, resume }, async () => {
    const run = join(out, 'run')
    const tests = new EpochRows<TestRow>(join(out, 'test-errors.jsonl'))
    const drawn = () => draw({ options, reports: readLog(run), tests: tests.rows, images: test.count })
    const measure = async () => {
      const pair = savedPair(run)
      if (!pair || tests.has(pair.epoch)) return
      const started = performance.now()
      const shown = watch.part(`epoch ${pair.epoch}, LP on test images`, 2 * test.count)
      const errorsOf = (network: Network, done: number) =>
        testErrors(network, test, options.epsilon, { executor, onProgress: (more) => shown(done + more) })
      const [f, g] = [await errorsOf(pair.f, 0), await errorsOf(pair.g, test.count)]
      tests.add({ epoch: pair.epoch, f, g, seconds: (performance.now() - started) / 1000 })
      drawn()
    }
    // an epoch whose evaluation was cut off
    await measure()
    await trainIn(run, options, around, { title: 'Figures 3 and 4', onSaved: measure })
    return drawn()
  })
}

/** Seconds of training, and of evaluation on test images. */
export const timesOf = ({ reports, tests }: MutualRun) => ({
  training: reports.reduce((sum, { seconds }) => sum + seconds, 0),
  evaluation: tests.reduce((sum, { seconds }) => sum + seconds, 0),
})
