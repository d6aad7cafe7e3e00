/** The linear relaxation of one example's ReLU neurons, as a dual pass needs it (Wong & Kolter 2018). */
import type { Interval } from '../device/wasm/elementwise.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { type NeuronList, activeNeurons } from '../device/wasm/layout.ts'
import { type Floats, at, none } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { Stage } from '../device/loaded-network.ts'
import { sizeOf } from '../model/layers.ts'
import { smallestShare } from './rounding.ts'

export interface Relaxation {
  /** Per neuron: 0 where off, 1 where on, u/(u − l) where unstable. */
  readonly slope: Tensor
  /** Per neuron: l where unstable, else 0. */
  readonly gap: Tensor
  /** Lists of the neurons whose slope is not 0, seen as outputs of the stage and as those that read it see them. */
  readonly asOutputs: NeuronList
  readonly asInputs: NeuronList
  /** Per neuron, what a unit of its coefficient may cost in rounding; none in training, where rounding is ignored. */
  readonly rounding: Floats
}

/**
 * @param interval pre-activation bounds of a chunk, [neuron][example]
 * @param example which example of the chunk
 * @param rounding magnitudes of the chunk and the error per unit, for certificates
 */
export function relaxationOf(
  engine: Engine,
  tape: Tape | undefined,
  stage: Stage,
  interval: Interval,
  columns: number,
  example: number,
  rounding?: { readonly magnitude: Tensor; readonly factor: number },
): Relaxation {
  const { kernels } = engine
  const neurons = sizeOf(stage.outputShape)
  const stride = columns * 4
  const { lower, upper } = interval
  const slope = Tensor.create(engine, neurons)
  const gap = Tensor.create(engine, neurons)
  const [l, u] = [at(lower.pointer, example), at(upper.pointer, example)]
  kernels.relaxation(neurons, l, u, stride, slope.pointer, gap.pointer)
  tape?.record(() =>
    kernels.relaxationAdjoint(
      neurons,
      l,
      u,
      at(lower.gradient(engine), example),
      at(upper.gradient(engine), example),
      stride,
      slope.gradient(engine),
      gap.gradient(engine),
    ),
  )
  const asOutputs = activeNeurons(engine, stage.outputShape, slope.pointer)
  const flattened = stage.readAs.channels !== stage.outputShape.channels
  const asInputs = flattened ? activeNeurons(engine, stage.readAs, slope.pointer) : asOutputs
  return {
    slope,
    gap,
    asOutputs,
    asInputs,
    rounding: rounding ? scaled(engine, neurons, columns, example, rounding) : none,
  }
}

function scaled(
  engine: Engine,
  neurons: number,
  columns: number,
  example: number,
  { magnitude, factor }: { readonly magnitude: Tensor; readonly factor: number },
): Floats {
  const pointer = engine.floats(neurons)
  const { f32 } = engine
  for (let j = 0, from = (magnitude.pointer >> 2) + example; j < neurons; j++, from += columns) {
    f32[(pointer >> 2) + j] = f32[from] * factor + smallestShare
  }
  return pointer
}
