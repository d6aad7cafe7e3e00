import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Shape } from '../../model/layers.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { type StagePlan, planStages } from '../../model/stages.ts'
import { eachWeight } from './products.testing.ts'
import { extentsOf } from './extents.ts'
import { type Window, wholeLayer, windowExtents, windowsBelow } from './windows.ts'

/** The neurons of a layer in the window of a position; false where it has none. */
const holds = ({ height, width, stride, offset, across }: Window, layer: Shape, position: number, neuron: number) => {
  const y = (Math.floor(neuron / layer.width) % layer.height) - Math.floor(position / across) * stride + offset
  const x = (neuron % layer.width) - (position % across) * stride + offset
  return y >= 0 && y < height && x >= 0 && x < width
}

/** By source + 1, the neurons that the outputs of a stage at a position come from. */
function seenFrom(stages: readonly StagePlan[], stage: number, position: number): Set<number>[] {
  const { channels, height, width } = stages[stage].outputShape
  const seen = Array.from({ length: stage + 2 }, () => new Set<number>())
  for (let c = 0; c < channels; c++) seen[stage + 1].add(c * height * width + position)
  for (let i = stage; i >= 0; i--) {
    for (const { source, inputShape, options } of stages[i].terms) {
      eachWeight(extentsOf(inputShape, stages[i].outputShape, options), (output, input) => {
        if (seen[i + 1].has(output)) seen[source + 1].add(input)
      })
    }
  }
  return seen.slice(0, stage + 1)
}

test('windows hold all that a position comes from', () => {
  let windowed = 0
  for (let seed = 0; seed < 40; seed++) {
    const { architecture } = randomNetwork(new Random(seed, 'windows'), { everyKind: true, maxWidth: 30 })
    const { stages } = planStages(architecture)
    const last = stages.length - 1
    const image = stages.flatMap(({ terms }) => terms).find(({ source }) => source < 0)!.inputShape
    for (let stage = 0; stage <= last; stage++) {
      const windows = windowsBelow(stages, stage)
      if (!windows) continue
      const { height, width } = stages[stage].outputShape
      for (let position = 0; position < height * width; position++) {
        seenFrom(stages, stage, position).forEach((neurons, i) => {
          const window = windows[i]
          if (!window) return expect(neurons.size).toBe(0)
          const layer = i === 0 ? image : stages[i - 1].outputShape
          if (window.stride > 0) windowed++
          for (const neuron of neurons) expect(holds(window, layer, position, neuron)).toBe(true)
        })
      }
    }
  }
  expect(windowed).toBeGreaterThan(100)
})

const convolution = (kernel: number, stride: number, padding: number) => ({ kernel, stride, padding, groups: 1 })
const layer = (size: number): Shape => ({ channels: 2, height: size, width: size })
const term = (source: number, size: number, options: ReturnType<typeof convolution>) => ({
  ...{ source, options, inputShape: layer(size) },
})

test('no window is larger than it must be, and terms see the same places from both sides', () => {
  const stages = [
    { terms: [term(-1, 16, convolution(4, 2, 1))], outputShape: layer(8) },
    { terms: [term(0, 8, convolution(3, 1, 1))], outputShape: layer(8) },
    // two ways to the first stage, of which one has no layer of its own
    { terms: [term(1, 8, convolution(3, 2, 1)), term(0, 8, convolution(1, 2, 0))], outputShape: layer(4) },
  ]
  const windows = windowsBelow(stages, 2)!
  expect(windows).toEqual([
    { height: 12, width: 12, stride: 4, offset: 5, across: 4 },
    { height: 5, width: 5, stride: 2, offset: 2, across: 4 },
    { height: 3, width: 3, stride: 2, offset: 1, across: 4 },
  ])
  const extents = extentsOf(layer(8), layer(4), convolution(1, 2, 0))
  const own = { height: 1, width: 1, stride: 1, offset: 0, across: 4 }
  // the shortcut reads the middle of the window that the other way has widened
  expect(windowExtents(extents, own, windows[1]!)).toMatchObject({ inHeight: 5, outHeight: 1, padding: -2 })
  const first = extentsOf(layer(16), layer(8), convolution(4, 2, 1))
  expect(windowExtents(first, windows[1]!, windows[0]!)).toMatchObject({ inHeight: 12, outHeight: 5, padding: 0 })
})

test('rows of a single position see whole layers', () => {
  const stages = [
    { terms: [term(-1, 5, convolution(3, 1, 1))], outputShape: layer(5) },
    { terms: [term(0, 5, convolution(5, 1, 0))], outputShape: layer(1) },
  ]
  expect(windowsBelow(stages, 1)).toEqual([wholeLayer(layer(5)), wholeLayer(layer(5))])
})

test('ways of different strides have no windows', () => {
  const stages = [
    { terms: [term(-1, 7, convolution(1, 3, 0)), term(-1, 7, convolution(3, 2, 0))], outputShape: layer(3) },
  ]
  expect(windowsBelow(stages, 0)).toBeUndefined()
})
