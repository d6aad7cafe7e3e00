import { describe, expect, it } from 'vitest'
import { type Update, applyUpdate } from './optimiser.ts'

const base: Update = {
  optimiser: 'adam',
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 0,
  sparsity: 0,
  scale: 1,
  step: 1,
}

/** Parameters after updates with the gradients of one number, which has neighbours that must not move. */
function run(start: number, gradients: number[], change: Partial<Update>): number[] {
  const state = { parameters: Float32Array.of(7, start, 7), first: new Float32Array(3), second: new Float32Array(3) }
  const only = (all: Float32Array) => all.subarray(1, 2)
  const middle = { parameters: only(state.parameters), first: only(state.first), second: only(state.second) }
  return gradients.map((gradient, i) => {
    applyUpdate(middle, Float32Array.of(gradient), { ...base, ...change, step: i + 1 })
    expect([state.parameters[0], state.parameters[2], state.first[0], state.second[2]]).toEqual([7, 7, 0, 0])
    return state.parameters[1]
  })
}
const expectClose = (actual: number[], expected: number[]) =>
  actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 5))

describe('Adam', () => {
  it('takes steps computed by hand', () => {
    // step 1: m̂ = g, v̂ = g²: a step of the learning rate; step 2: m̂ = (0.09·2 − 0.1·1) / 0.19, …
    const second =
      0.9 - (0.1 * ((0.9 * 0.1 * 2 - 0.1) / 0.19)) / Math.sqrt((0.999 * 0.001 * 4 + 0.001) / (1 - 0.999 ** 2))
    expectClose(run(1, [2, -1], {}), [0.9, second])
    expectClose(run(1, [1e-3], {}), [1 - 0.1 * (1e-3 / (1e-3 + 1e-8))])
  })
  it('counts weight decay and clipping into the gradient', () => {
    const first = (g: number) => (0.1 * g) / (Math.abs(g) + 1e-8)
    expectClose(run(2, [-1], { weightDecay: 0.4 }), [2 - first(-0.2)])
    // moments see the scaled gradient: 1, then 4 after scaling by a half
    const m = (0.9 * 0.1 * 1 + 0.1 * 4) / 0.19
    const v = (0.999 * 0.001 * 1 + 0.001 * 16) / (1 - 0.999 ** 2)
    expectClose(run(0, [2, 8], { scale: 0.5 }), [-0.1, -0.1 - (0.1 * m) / Math.sqrt(v)])
  })
})

describe('SGD', () => {
  it('has PyTorch’s momentum', () => {
    // buffers 2, 0.9·2 − 1 = 0.8, 0.72 + 3 = 3.72
    expectClose(run(1, [2, -1, 3], { optimiser: 'sgd' }), [0.8, 0.72, 0.348])
    expectClose(run(1, [2, -1], { optimiser: 'sgd', momentum: 0 }), [0.8, 0.9])
  })
  it('draws weights to zero at one speed', () => {
    expectClose(run(1, [0, 0], { optimiser: 'sgd', momentum: 0, sparsity: 0.5 }), [0.95, 0.9])
    expectClose(run(-1, [0], { optimiser: 'sgd', momentum: 0, sparsity: 0.5 }), [-0.95])
  })
  it('decays weights and clips', () => {
    // g = 2·0.5 + 0.5·1 = 1.5 → 0.85; then −1·0.5 + 0.5·0.85 = −0.075, buffer 1.35 − 0.075 = 1.275 → 0.7225
    expectClose(run(1, [2, -1], { optimiser: 'sgd', weightDecay: 0.5, scale: 0.5 }), [0.85, 0.7225])
  })
})
