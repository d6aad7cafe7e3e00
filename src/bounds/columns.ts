/**
 * Columns on their way from the image through a relaxed network: an affine function of the image and of one error per
 * unstable neuron, evaluated forwards. Values lie [neuron][column]; column 0 is the centre, which alone meets biases.
 *
 * An unstable ReLU with bounds l, u and slope d = u/(u − l) becomes d·z + h + h·error, h = −d·l/2, with an error in
 * [−1, 1]: the same two lines as in a dual pass. In the other columns its error is a random number.
 */
import { ACCUMULATE, OVERWRITE, WEIGHT_GRADIENT } from '../device/wasm/affine.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { type NeuronList, lengthOf, wholeBlock } from '../device/wasm/layout.ts'
import type { Floats } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import type { Stage } from '../device/loaded-network.ts'
import type { Relaxation } from './relaxation.ts'

/** Columns and the list of the neurons that have any. */
export interface ActiveColumns {
  readonly value: Tensor
  readonly active: NeuronList
}

/**
 * z = Σ W·(what the terms read) + b, of some neurons only.
 * @param inputs per term
 * @param targets list of the neurons that are wanted
 */
export function affineColumns(
  engine: Engine,
  tape: Tape | undefined,
  stage: Stage,
  inputs: readonly ActiveColumns[],
  targets: NeuronList,
  width: number,
): Tensor {
  const { terms, bias, biasGradient, outputShape } = stage
  const extent = terms[0].geometry.output
  const out = wholeBlock(engine, extent, width)
  const y = Tensor.create(engine, lengthOf(extent) * width)
  const area = outputShape.height * outputShape.width
  const wanted = activeNeuronsOf(engine, targets, outputShape)
  const passes = terms.map(({ geometry, weight, weightGradient, source }, i) => {
    const { value, active } = inputs[i]
    const inside = wholeBlock(engine, geometry.input, width)
    const run = (operation: number, transposed: boolean, weights: Floats, outBase: Floats, inBase: Floats) =>
      engine.kernels.propagate(
        operation,
        transposed,
        geometry.pointer,
        1,
        out.pointer,
        outBase,
        targets,
        inside.pointer,
        inBase,
        active,
        weights,
        geometry.scratch,
      )
    run(i === 0 ? OVERWRITE : ACCUMULATE, false, weight, y.pointer, value.pointer)
    return { run, weight, weightGradient, value, source }
  })
  const { f32 } = engine
  for (const j of wanted) f32[(y.pointer >> 2) + j * width] += f32[(bias >> 2) + Math.floor(j / area)]
  tape?.record(() => {
    const dy = y.gradient(engine)
    for (const { run, weight, weightGradient, value, source } of passes) {
      if (source >= 0) run(ACCUMULATE, true, weight, dy, value.gradient(engine))
      run(WEIGHT_GRADIENT, false, weightGradient, dy, value.pointer)
    }
    const { f32 } = engine
    for (const j of wanted) f32[(biasGradient >> 2) + Math.floor(j / area)] += f32[(dy >> 2) + j * width]
  })
  return y
}

/** The neurons of a list, indexed [channel][position]. */
function activeNeuronsOf({ i32 }: Engine, list: NeuronList, shape: Stage['outputShape']): Int32Array {
  const area = shape.height * shape.width
  const [counts, channels] = [i32[list >> 2] >> 2, i32[(list >> 2) + 1] >> 2]
  const neurons = new Int32Array(sizeOf(shape))
  let count = 0
  for (let p = 0; p < area; p++) {
    for (let i = 0; i < i32[counts + p]; i++) neurons[count++] = i32[channels + p * shape.channels + i] * area + p
  }
  return neurons.subarray(0, count)
}

/**
 * Columns meet the ReLUs of a stage, in place; those of neurons that are off stay as they are and must not be read.
 * @param columns whose columns hold errors, the first and how many
 * @param draw random numbers for the errors
 */
export function reluColumns(
  engine: Engine,
  tape: Tape | undefined,
  value: Tensor,
  { slope, gap }: Relaxation,
  width: number,
  columns: { readonly first: number; readonly count: number },
  draw: () => number,
): void {
  const neurons = slope.length
  const unstable: number[] = []
  for (let j = 0; j < neurons; j++) if (engine.f32[(gap.pointer >> 2) + j] !== 0) unstable.push(j)
  const { first, count } = columns
  // the way back needs the errors again
  const errors = tape ? engine.floats(unstable.length * count) >> 2 : undefined
  const { f32 } = engine
  unstable.forEach((j, i) => {
    const [d, l] = [f32[(slope.pointer >> 2) + j], f32[(gap.pointer >> 2) + j]]
    const half = (-d * l) / 2
    const row = (value.pointer >> 2) + j * width
    for (let c = 0; c < width; c++) f32[row + c] *= d
    f32[row] += half
    for (let c = 0; c < count; c++) {
      const error = Math.fround(draw())
      if (errors !== undefined) f32[errors + i * count + c] = error
      f32[row + first + c] += half * error
    }
  })
  tape?.record(() => {
    const [dv, ds, dg] = [value, slope, gap].map((tensor) => tensor.gradient(engine) >> 2) as [number, number, number]
    const { f32 } = engine
    unstable.forEach((j, i) => {
      const [d, l] = [f32[(slope.pointer >> 2) + j], f32[(gap.pointer >> 2) + j]]
      const [row, gradient] = [(value.pointer >> 2) + j * width, dv + j * width]
      // of h, and Σ (d·z)·gradient: the values hold d·z + h and d·z + h·error
      let toHalf = f32[gradient]
      for (let c = 0; c < count; c++) toHalf += f32[gradient + first + c] * f32[errors! + i * count + c]
      let toScaled = 0
      for (let c = 0; c < width; c++) {
        toScaled += f32[row + c] * f32[gradient + c]
        f32[gradient + c] *= d
      }
      toScaled -= ((-d * l) / 2) * toHalf
      f32[ds + j] += toScaled / d - (l / 2) * toHalf
      f32[dg + j] -= (d / 2) * toHalf
    })
  })
}
