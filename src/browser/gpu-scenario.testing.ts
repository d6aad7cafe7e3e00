/** What a page, a worker of it and Node must train alike, bit by bit, on the same driver of WebGPU. */
import type { Gpu } from '../device/webgpu/gpu.ts'
import { toBase64 } from '../formats/bytes.ts'
import type { GivenOptions } from '../training/settings.ts'
import { tinyData, tinyOptions } from '../training/tiny.testing.ts'
import { train } from '../training/train.ts'
import { openGpu } from './webgpu.ts'

export const scenarios = {
  /** Intervals and attacks, images that move, an average of the weights. */
  interval: { method: 'interval', empirical: 'adversarial', attackSteps: 2, augment: 'flip-shift', average: 0.9 },
  /** Rows and random columns. */
  projected: { method: 'lp-dual', bounds: 'projected', projectionDimension: 5 },
} as const satisfies Record<string, GivenOptions>

export type Scenario = keyof typeof scenarios

/** Weights after two epochs. */
export async function weights(gpu: Gpu, scenario: Scenario): Promise<string> {
  const options = tinyOptions({ ...scenarios[scenario], epochs: 2, rampEpochs: 1 })
  let last = ''
  for await (const { networks } of train(options, tinyData, { gpu })) {
    const { buffer, byteOffset, byteLength } = networks[0].network.parameters
    last = toBase64(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return last
}

/** In the page, or in the worker that imports this. */
export async function weightsHere(scenario: Scenario): Promise<string> {
  const gpu = await openGpu()
  try {
    return await weights(gpu, scenario)
  } finally {
    gpu.close()
  }
}
