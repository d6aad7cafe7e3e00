/** Dawn checks the kernels of all settings with which a GPU trains. */
import { expect, test } from 'vitest'
import { gpuCases, plannedCase } from '../../../bench/gpu-cases.ts'
import { nullGpu, refusals } from '../../device/webgpu/null.testing.ts'
import { anyGpu } from '../../device/webgpu/plan.ts'
import { syntheticDigits } from '../../data/synthetic.ts'
import { architectureOf } from '../../model/architectures.ts'
import { startLearners } from '../learner.ts'
import { trainingOptions } from '../options.ts'
import { BatchTrainer } from './trainer.ts'

test("steps of the paper's networks have only kernels that every device takes", async () => {
  const plans = gpuCases.flatMap((one) => Object.values(plannedCase(anyGpu, one).plans))
  expect(plans.length).toBe(3 * gpuCases.length)
  expect(await refusals(plans)).toEqual([])
})

const [training, validation] = [syntheticDigits(20, 1, 'train'), syntheticDigits(10, 1, 'validation')]
const architecture = architectureOf(
  'conv 4 4 2 1, relu, (conv 4 3 1 1 + identity), relu, average 2, linear 20, relu, linear',
  {
    input: training.shape,
    classes: training.classes,
  },
)

test.each([
  ['adversarial', { attackFactor: 1.5, augment: 'flip-crop', optimiser: 'sgd', weightDecay: 1e-4, gradientClip: 1 }],
  ['adversarial', { norm: 'l2', epsilon: 0.5 }],
  ['interval', { initialisation: 'ibp', regularise: 0.5, empiricalShare: 0, sparsity: 1e-5, average: 0.9 }],
  ['interval', { batchNorm: true, empirical: 'adversarial', domain: 'pixels', augment: 'shift' }],
  ['interval', { combine: 'margins', empirical: 'adversarial', empiricalShare: 0.5, lossExponent: 0.5 }],
  ['interval', { combine: 'logarithms', empirical: 'adversarial', empiricalShare: 0.5 }],
  ['interval', { boxShare: 0.4, empiricalShare: 0 }],
  ['lp-dual', { bounds: 'auto', warmUp: 'interval', warmUpEpochs: 1, empirical: 'clean', empiricalShare: 0.5 }],
  ['robustra', { bounds: 'exact', warmUp: 'natural', warmUpEpochs: 1 }],
  ['robustra', { bounds: 'interval' }],
] as const)('%s with %j: a whole run is prepared', async (method, given) => {
  const options = trainingOptions({
    dataset: 'synthetic',
    method,
    epochs: 3,
    rampEpochs: 2,
    batchSize: 4,
    attackSteps: 2,
    ...given,
  })
  const gpu = await nullGpu()
  const data = { architecture, training, validation }
  const trainer = new BatchTrainer(gpu, options, data, startLearners(options, architecture))
  const { size, plans } = await trainer.prepare()
  expect(size).toBe(4)
  expect(Object.keys(plans).length).toBeGreaterThan(2)
  gpu.close()
})
