/** The linear relaxation of one example's ReLU neurons, as a dual pass needs it (Wong & Kolter 2018). */
import type { Interval, NeuronList } from '../device/device.ts'
import type { Stage } from '../device/loaded-network.ts'
import type { RowDevice, RowNeurons } from '../device/rows.ts'
import type { Tape, Tensor } from '../device/tape.ts'
import { smallestShare } from './rounding.ts'

/** Slopes, gaps and what rounding may cost, per neuron; and the neurons whose slope is not 0. */
export interface Relaxation extends Omit<RowNeurons, 'bias'> {
  /** Seen as outputs of the stage, and as those that read it see them. */
  readonly asOutputs: NeuronList
  readonly asInputs: NeuronList
}

interface Bounds {
  /** Pre-activation bounds of a chunk, [neuron][example]. */
  readonly interval: Interval
  readonly columns: number
  readonly example: number
  /** Magnitudes of the chunk and the error per unit, for certificates. */
  readonly rounding?: { readonly magnitude: Tensor; readonly factor: number } | undefined
}

export function relaxationOf(device: RowDevice, tape: Tape | undefined, stage: Stage, bounds: Bounds): Relaxation {
  const { interval, rounding } = bounds
  const { slope, gap } = device.rows.relaxation(tape, interval, bounds)
  const asOutputs = device.activeNeurons(stage.outputShape, slope)
  const isFlattened = stage.readAs.channels !== stage.outputShape.channels
  const asInputs = isFlattened ? device.activeNeurons(stage.readAs, slope) : asOutputs
  return { slope, gap, asOutputs, asInputs, rounding: rounding && roundingOf(device, bounds, rounding) }
}

function roundingOf(
  device: RowDevice,
  { columns, example }: Bounds,
  { magnitude, factor }: { readonly magnitude: Tensor; readonly factor: number },
): Tensor {
  const rounding = device.tensor(magnitude.length / columns)
  const [costs, magnitudes] = [rounding.view(), magnitude.view()]
  for (let j = 0, from = example; j < costs.length; j++, from += columns) {
    costs[j] = magnitudes[from] * factor + smallestShare
  }
  return rounding
}
