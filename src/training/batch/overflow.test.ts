import { expect, it } from 'vitest'
import { testGpu } from '../../device/webgpu/gpu.testing.ts'
import { startLearners } from '../learner.ts'
import { tinyArchitecture, tinyData, tinyOptions } from '../tiny.testing.ts'
import { BatchTrainer } from './trainer.ts'

it('weights whose sums overflow are noticed, whatever ReLUs and bounds make of infinity and NaN', async () => {
  const options = tinyOptions({ method: 'interval', rampEpochs: 1, regularise: 0.5, empiricalShare: 0, batchSize: 8 })
  const learners = startLearners(options, tinyArchitecture)
  for (const { state } of learners) state.parameters.forEach((p, i) => (state.parameters[i] = 1e14 * p))
  const trainer = new BatchTrainer(await testGpu(), options, tinyData, learners)
  const order = Uint32Array.from({ length: tinyData.training.count }, (_, i) => i)
  const training = trainer.trainEpoch({ index: 0, epoch: 0, order })
  await expect(training).rejects.toThrow('the loss of f is not finite in epoch 1, step 1')
})
