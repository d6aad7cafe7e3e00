/** Pairs on a GPU, in turn and side by side, against those of the CPU. */
import { expect, test } from 'vitest'
import { testGpu } from '../../device/webgpu/gpu.testing.ts'
import { takeRange } from '../../data/dataset.ts'
import type { GivenOptions } from '../settings.ts'
import { denseData, tinyOptions } from '../tiny.testing.ts'
import { type TrainContext, train } from '../train.ts'

const data = {
  ...denseData,
  training: takeRange(denseData.training, 0, 8),
  validation: takeRange(denseData.validation, 0, 0),
}

/** The weights of f, then those of g. */
async function pairOf(context: TrainContext, given: GivenOptions): Promise<number[][]> {
  // a chunk of the CPU is a batch
  const options = tinyOptions({ method: 'robustra', bounds: 'interval', batchSize: 4, rampEpochs: 0, ...given })
  let weights: number[][] = []
  for await (const { state } of train(options, data, context)) {
    weights = state.learners.map(({ state: { parameters } }) => [...parameters])
  }
  return weights
}

test.each([false, true])(
  'a pair is trained as on the CPU, and twice the same; side by side: %s',
  async (parallelPair) => {
    const gpu = await testGpu()
    const [one, two, onCpu] = [
      await pairOf({ gpu }, { parallelPair }),
      await pairOf({ gpu }, { parallelPair }),
      await pairOf({}, { parallelPair }),
    ]
    expect(two).toEqual(one)
    one.forEach((weights, i) => {
      const apart = Math.max(...weights.map((value, at) => Math.abs(value - onCpu[i][at])))
      expect(apart).toBeLessThan(1e-4)
    })
  },
)

test('side by side is another pair than in turn', async () => {
  const gpu = await testGpu()
  expect(await pairOf({ gpu }, { parallelPair: true })).not.toEqual(await pairOf({ gpu }, {}))
})
