import { beforeAll, expect, test } from 'vitest'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { testGpu, tiledGpu } from '../../device/webgpu/gpu.testing.ts'
import { takeRange } from '../../data/dataset.ts'
import type { Progress } from '../epoch-report.ts'
import type { GivenOptions } from '../settings.ts'
import { asTrained } from '../normalised.ts'
import { denseData, tinyData, tinyOptions } from '../tiny.testing.ts'
import { type Epoch, type TrainContext, train } from '../train.ts'
import type { TrainingData } from '../training-data.ts'

/** Without validation images: estimates have tests of their own. */
const [data, dense] = [tinyData, denseData].map((all) => ({ ...all, validation: takeRange(all.validation, 0, 0) })) as [
  TrainingData,
  TrainingData,
]

let gpu: Gpu
beforeAll(async () => void (gpu = await testGpu()))

/** The last epoch of a training. */
async function trained(context: TrainContext, given: GivenOptions = {}, on = data): Promise<Epoch> {
  let last: Epoch | undefined
  for await (const epoch of train(tinyOptions({ method: 'natural', ...given }), on, context)) last = epoch
  return last!
}

const arraysOf = ({ state }: Epoch) => state.learners.flatMap((learner) => Object.values(learner.state))
const weightsOf = ({ state }: Epoch) => [...state.learners[0].state.parameters]

/** The largest difference. */
const apart = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])))

test('the same seed gives the same weights twice, and nearly those of the CPU', async () => {
  const given = { augment: 'none', average: 0.9 } as const
  const [one, two, onCpu] = [await trained({ gpu }, given), await trained({ gpu }, given), await trained({}, given)]
  expect(arraysOf(one)).toEqual(arraysOf(two))
  expect(one.state.learners[0].average).toEqual(two.state.learners[0].average)
  expect(apart(weightsOf(one), weightsOf(onCpu))).toBeLessThan(1e-5)
  expect(apart([...one.state.learners[0].average!], [...onCpu.state.learners[0].average!])).toBeLessThan(1e-5)
  const [report, expected] = [one.reports[0], onCpu.reports[0]]
  expect(report).toMatchObject({ trainingError: expected.trainingError, device: gpu.facts.name, certifiedError: null })
  expect(report.loss).toBeCloseTo(expected.loss, 6)
  expect(expected.device).toBeUndefined()
})

test('with batch normalisation, too, and what comes of an epoch has the moments of many images', async () => {
  // layers that say so themselves: on the CPU, too, the moments of a batch are of all of it
  const normalised = { ...data, architecture: asTrained(data.architecture, { batchNorm: true }) }
  const given = { method: 'interval', augment: 'none', optimiser: 'sgd', average: 0.9 } as const
  const [found, onCpu] = [await trained({ gpu }, given, normalised), await trained({}, given, normalised)]
  const [weights, expected] = [found, onCpu].map(({ state }) => state.learners[0])
  expect(apart([...weights.state.parameters], [...expected.state.parameters])).toBeLessThan(1e-4)
  expect(apart([...weights.folded!], [...expected.folded!])).toBeLessThan(1e-3)
  expect(apart([...weights.folded!], [...weights.average!])).toBeGreaterThan(0.1)
  expect(found.reports[0].loss).toBeCloseTo(onCpu.reports[0].loss, 4)
})

test('attacks are under ℓ2, too; the CPU judges validation images then', async () => {
  const given = { method: 'adversarial', norm: 'l2', epsilon: 0.3, epochs: 1, augment: 'none' } as const
  const few = { ...tinyData, validation: takeRange(tinyData.validation, 0, 3) }
  const [found, onCpu] = [await trained({ gpu }, given, few), await trained({}, given, few)]
  // attacks begin at other random points
  expect(apart(weightsOf(found), weightsOf(onCpu))).toBeLessThan(0.02)
  expect(found.reports[0].loss).toBeCloseTo(onCpu.reports[0].loss, 1)
  expect(found.reports[0].certifiedError).toBeGreaterThan(0)
  expect(found.reports[0].estimatedError).toBeUndefined()
})

test('what was stopped after an epoch continues as if it never had been', async () => {
  const whole = await trained({ gpu })
  const epochs = train(tinyOptions({ method: 'natural' }), data, { gpu })
  const first = (await epochs.next()).value as Epoch
  const from = structuredClone(first.state)
  await epochs.return()
  expect(arraysOf(await trained({ gpu, from }))).toEqual(arraysOf(whole))
})

test('a batch in parts has the loss of the whole one', async () => {
  // room for 7 images of 13
  const small = await tiledGpu({ products: 'plain', largestBinding: 2400 })
  const progress: Progress[] = []
  const given = { epochs: 1 }
  const inParts = await trained({ gpu: small, onProgress: (step) => progress.push(step) }, given)
  const whole = await trained({ gpu }, given)
  small.close()
  expect(inParts.reports[0].loss).toBeCloseTo(whole.reports[0].loss, 6)
  expect(apart(weightsOf(inParts), weightsOf(whole))).toBeLessThan(1e-5)
  expect(progress.at(-1)).toMatchObject({ epoch: 1, network: 'f', done: 47, total: 47, loss: inParts.reports[0].loss })
})

test('a loss that is not finite any more is the error that it is on the CPU', async () => {
  const given = { learningRate: 1e30, optimiser: 'sgd', epochs: 1 } as const
  const message = async (context: TrainContext) => trained(context, given).catch((error: Error) => error.message)
  expect(await message({ gpu })).toBe(await message({}))
  expect(await message({ gpu })).toMatch(/^the loss of f is not finite in epoch 1, step \d+: lower the learning rate/)
})

test('a signal ends it, whatever is on its way, and nothing stays on the GPU', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const stopped = trained({ gpu, signal: controller.signal, onProgress: () => controller.abort(reason) })
  await expect(stopped).rejects.toBe(reason)
  const { memory } = gpu
  await expect(trained({ gpu, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(gpu.memory).toBe(memory)
})

test('a GPU that is taken away is an error in one line', async () => {
  const lost = await tiledGpu({ products: 'plain' })
  const message = trained({ gpu: lost, onProgress: () => lost.close() }, {}, dense).catch(
    (error: Error) => error.message,
  )
  expect(await message).toMatch(/^the GPU .* is closed: open it again$/)
})

test('validation images are judged by an estimate, which is nowhere a certificate', async () => {
  const { reports, state } = await trained(
    { gpu },
    { epochs: 1, bounds: 'interval', learningRate: 0.05, epsilon: 0.2 },
    tinyData,
  )
  const { reports: onCpu } = await trained(
    {},
    { epochs: 1, bounds: 'interval', learningRate: 0.05, epsilon: 0.2 },
    tinyData,
  )
  const { cleanError, attackError, certifiedError, estimatedError } = reports[0]
  expect([cleanError, attackError, certifiedError]).toEqual([onCpu[0].cleanError, onCpu[0].attackError, null])
  expect(estimatedError).toBeGreaterThanOrEqual(onCpu[0].certifiedError!)
  expect(state.best).toEqual({ epoch: 1, network: 'f', certifiedError: null, cleanError, estimatedError })
})
