/** Affine layers on a chunk of examples: values lie [neuron][example], every neuron is active. */
import type { Engine } from './engine.ts'
import { type Geometry, allNeurons, lengthOf, wholeBlock } from './layout.ts'
import { type Tape, Tensor } from './tape.ts'

/** Operations of the `propagate` kernel. */
export const OVERWRITE = 0
export const ACCUMULATE = 1
export const WEIGHT_GRADIENT = 2

/** An affine layer with its weights in the engine's memory. */
export interface Affine {
  readonly geometry: Geometry
  readonly weight: number
  readonly bias: number
  /** |weight| and |bias|, for interval steps. */
  readonly absoluteWeight: number
  readonly absoluteBias: number
  readonly weightGradient: number
  readonly biasGradient: number
  /** Gradient of |weight|, folded into that of the weight at the end. */
  readonly absoluteWeightGradient: number
  /** Lists of all neurons on either side. */
  readonly allInputs: number
  readonly allOutputs: number
}

export const affineLists = (engine: Engine, geometry: Geometry) => ({
  allInputs: allNeurons(engine, geometry.input),
  allOutputs: allNeurons(engine, geometry.output),
})

/** What multiplies: the weights with the bias, their absolute values alone, or both absolute. */
export type AffinePart = 'signed' | 'absolute' | 'absolute with bias'

/** Which gradients an operation carries back; what nobody needs is not computed. */
export interface Wanted {
  readonly input: boolean
  readonly weights: boolean
}

/**
 * y = W·x + b, |W|·x or |W|·x + |b|.
 * @param x [input][example]; `columns` = examples, a multiple of 4
 */
export function affine(
  engine: Engine,
  tape: Tape | undefined,
  layer: Affine,
  x: Tensor,
  columns: number,
  part: AffinePart,
  wanted: Wanted = { input: true, weights: true },
): Tensor {
  const { kernels } = engine
  const { geometry } = layer
  const inside = wholeBlock(engine, geometry.input, columns)
  const out = wholeBlock(engine, geometry.output, columns)
  const y = Tensor.create(engine, lengthOf(geometry.output) * columns)
  const width = geometry.output.height * geometry.output.width * columns
  const weight = part === 'signed' ? layer.weight : layer.absoluteWeight
  const bias = part === 'signed' ? layer.bias : part === 'absolute with bias' ? layer.absoluteBias : 0
  if (bias) kernels.fillBias(geometry.output.channels, width, bias, y.pointer)
  const run = (operation: number, transposed: number, weights: number, outBase: number, inBase: number) =>
    kernels.propagate(
      operation,
      transposed,
      geometry.pointer,
      1,
      out.pointer,
      outBase,
      layer.allOutputs,
      inside.pointer,
      inBase,
      layer.allInputs,
      weights,
      geometry.scratch,
    )
  run(bias ? ACCUMULATE : OVERWRITE, 0, weight, y.pointer, x.pointer)
  tape?.record(() => {
    const dy = y.gradient(engine)
    // often nothing comes back to an interval step whose neurons the dual passes have settled
    if (isZero(engine, dy, y.length)) return
    if (wanted.input) run(ACCUMULATE, 1, weight, dy, x.gradient(engine))
    if (!wanted.weights) return
    const signed = part === 'signed'
    const gradient = signed ? layer.weightGradient : layer.absoluteWeightGradient
    if (gradient) run(WEIGHT_GRADIENT, 0, gradient, dy, x.pointer)
    if (signed && layer.biasGradient) {
      kernels.biasGradient(geometry.output.channels, width, layer.biasGradient, dy)
    }
  })
  return y
}

function isZero({ f32 }: Engine, pointer: number, length: number): boolean {
  for (let i = pointer >> 2, end = i + length; i < end; i++) if (f32[i] !== 0) return false
  return true
}
