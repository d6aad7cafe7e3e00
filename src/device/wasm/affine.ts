/**
 * Affine layers on a chunk of examples: values lie [neuron][example]. What is off in every example, or has no gradient in
 * any, is left out of the products.
 */
import type { Engine } from './engine.ts'
import { type Geometry, type NeuronList, activeNeurons, allNeurons, lengthOf, wholeBlock } from './layout.ts'
import type { Floats } from './pointers.ts'
import { type Tape, Tensor } from '../tape.ts'

/** Operations of the `propagate` kernel. */
export const OVERWRITE = 0
export const ACCUMULATE = 1
export const WEIGHT_GRADIENT = 2

/** An affine layer with its weights in the engine's memory; 0 where there is no gradient. */
export interface Affine {
  readonly geometry: Geometry
  readonly weight: Floats
  /** |weight|, for interval steps. */
  readonly absoluteWeight: Floats
  readonly weightGradient: Floats
  /** Gradient of |weight|, folded into that of the weight at the end. */
  readonly absoluteWeightGradient: Floats
  /** Lists of all neurons on either side. */
  readonly allInputs: NeuronList
  readonly allOutputs: NeuronList
}

export const affineLists = (engine: Engine, geometry: Geometry) => ({
  allInputs: allNeurons(engine, geometry.input),
  allOutputs: allNeurons(engine, geometry.output),
})

/** Per channel, what is added to the products, and where its gradient is gathered, 0 for nowhere. */
export interface Bias {
  readonly values: Floats
  readonly gradient: Floats
}

/** Which gradients an operation carries back; what nobody needs is not computed. */
export interface Wanted {
  readonly input: boolean
  readonly weights: boolean
}

/** Values [neuron][example], and the list of those that take part. */
interface Rows {
  readonly pointer: Floats
  readonly active: NeuronList
}

/**
 * y = Σ W·x + b over several layers of equal outputs, or Σ |W|·x + b.
 * @param inputs per layer [input][example]; `columns` = examples, a multiple of 4
 * @param wanted per layer
 */
export function affine(
  engine: Engine,
  tape: Tape | undefined,
  layers: readonly Affine[],
  inputs: readonly Tensor[],
  columns: number,
  part: 'signed' | 'absolute',
  bias: Bias | undefined,
  wanted: (layer: number) => Wanted = () => ({ input: true, weights: true }),
): Tensor {
  const { kernels } = engine
  const { output } = layers[0].geometry
  const out = wholeBlock(engine, output, columns)
  const y = Tensor.create(engine, lengthOf(output) * columns)
  const width = output.height * output.width * columns
  if (bias) kernels.fillBias(output.channels, width, bias.values, y.pointer)
  const passes = layers.map((layer, i) => {
    const { geometry } = layer
    const inside = wholeBlock(engine, geometry.input, columns)
    const weights = part === 'signed' ? layer.weight : layer.absoluteWeight
    const gradient = part === 'signed' ? layer.weightGradient : layer.absoluteWeightGradient
    const x = inputs[i]
    const active = x.support ? activeNeurons(engine, geometry.input, x.support.pointer, columns) : layer.allInputs
    const run = (operation: number, transposed: boolean, matrix: Floats, outputs: Rows, inputs: Floats) =>
      kernels.propagate(
        operation,
        transposed,
        geometry.pointer,
        1,
        out.pointer,
        outputs.pointer,
        outputs.active,
        inside.pointer,
        inputs,
        active,
        matrix,
        geometry.scratch,
      )
    const all = { pointer: y.pointer, active: layer.allOutputs }
    run(bias || i > 0 ? ACCUMULATE : OVERWRITE, false, weights, all, x.pointer)
    return { run, weights, gradient, x, wanted: wanted(i) }
  })
  tape?.record(() => {
    const dy = y.gradient(engine)
    // often nothing comes back to an interval step whose neurons the dual passes have settled
    if (isZero(engine, dy, y.length)) return
    const reached = { pointer: dy, active: activeNeurons(engine, output, dy, columns) }
    for (const { run, weights, gradient, x, wanted } of passes) {
      if (wanted.input) run(ACCUMULATE, true, weights, reached, x.gradient(engine))
      if (wanted.weights && gradient) run(WEIGHT_GRADIENT, false, gradient, reached, x.pointer)
    }
    if (bias?.gradient && passes.some(({ wanted }) => wanted.weights)) {
      kernels.biasGradient(output.channels, width, bias.gradient, dy)
    }
  })
  return y
}

function isZero({ f32 }: Engine, pointer: Floats, length: number): boolean {
  for (let i = pointer >> 2, end = i + length; i < end; i++) if (f32[i] !== 0) return false
  return true
}
