/** How much a bound multiplies, by the shapes alone: what decides whether exact rows or random columns are cheaper. */
import type { Blocks } from '../device/rows.ts'
import type { LoadedNetwork, Stage } from '../device/loaded-network.ts'
import { sizeOf } from '../model/layers.ts'
import { windowsBelow } from './dual-rows.ts'
import { neuronRows } from './specification.ts'

/** Products of one input with every weight that meets it, over all terms: one column through a stage. */
export const columnWork = ({ terms, outputShape }: Stage): number =>
  terms.reduce(
    (sum, { geometry: { input, options } }) =>
      sum + (sizeOf(outputShape) * input.channels * options.kernel ** 2) / options.groups,
    0,
  )

/**
 * One row from a stage to the image, from the middle of the stage's outputs, where windows are largest: the numbers it
 * touches and the products it takes.
 */
export function rowWork({ device, stages }: LoadedNetwork, stage: number): { numbers: number; products: number } {
  const { height, width } = stages[stage].outputShape
  const mark = device.mark()
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2)
  const { blocks, rows } = neuronRows(device, stages[stage].outputShape, [middle])
  const windows = windowsBelow(device, stages, stage, { blocks, rows, wholeInput: false })
  device.release(mark)
  const numbersOf = (window: Blocks | undefined) => (window ? window.length / rows : 0)
  const products = windows.slice(1).reduce((sum, window, i) => {
    const share = numbersOf(window) / sizeOf(stages[i].outputShape)
    return sum + share * columnWork(stages[i])
  }, 0)
  // the first step copies weights
  const start = stages[stage].terms.reduce((sum, { source, geometry: { input } }) => {
    const window = windows[source + 1]
    return sum + Math.min(numbersOf(window), sizeOf(input))
  }, 0)
  return { numbers: windows.reduce((sum, window) => sum + numbersOf(window), 0), products: products + start }
}
