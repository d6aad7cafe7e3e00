/**
 * A dual pass: rows travel from a specification back to the input (Wong & Kolter 2018; Li et al. 2019, Eqn. 9),
 * window by window, touching active neurons only.
 *
 *   ν = c,   ν̂ = Wᵀν,   ν = slope ⊙ ν̂,   bound(c·z) = x·ν̂₁ ± Σ radius|ν̂₁| + Σ ν·b ∓ Σ l[±ν]₊
 *
 * Both ends of the bound come from one pass, since both lines of an unstable neuron's relaxation have one slope.
 */
import { ACCUMULATE, OVERWRITE, WEIGHT_GRADIENT } from '../device/wasm/affine.ts'
import type { Engine } from '../device/wasm/engine.ts'
import {
  type Blocks,
  type NeuronList,
  coveringBlocks,
  receptiveBlocks,
  reshapeBlocks,
  wholeBlock,
} from '../device/wasm/layout.ts'
import { type Floats, none } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { Stage, Term } from '../device/loaded-network.ts'
import type { Relaxation } from './relaxation.ts'
import type { Specification } from './specification.ts'

/** Where a pass has arrived: coefficients of the input, and per row the sums gathered on the way. */
export interface CarriedRows {
  readonly rows: number
  readonly blocks: Blocks
  /** ν̂₁: [block][input in the window][row]. */
  readonly coefficients: Tensor
  /** Σ ν·b. */
  readonly constant: Tensor
  /** Σ l[−ν]₊ and −Σ l[ν]₊: what the relaxation adds to the lower and the upper bound. */
  readonly lowerGap: Tensor
  readonly upperGap: Tensor
  /** Bound on the rounding error; zero without `Relaxation.rounding`. */
  readonly error: Tensor
}

/**
 * Carries `specification`, rows over the outputs of `stages[stage]`, to the image, from every stage to those it reads.
 * @param relaxations of every stage before `stage`
 * @param wholeInput coefficients of the whole image, also where its border is never looked at; one block only
 */
export function carryRows(
  engine: Engine,
  tape: Tape | undefined,
  stages: readonly Stage[],
  stage: number,
  relaxations: readonly Relaxation[],
  specification: Specification,
  wholeInput = false,
): CarriedRows {
  const { rows } = specification
  const constant = Tensor.zeros(engine, rows)
  const lowerGap = Tensor.zeros(engine, rows)
  const upperGap = Tensor.zeros(engine, rows)
  const error = Tensor.zeros(engine, rows)
  const windows = windowsBelow(engine, stages, stage, specification.blocks, rows, wholeInput)
  // by source + 1: the image's coefficients come first
  const values: (Tensor | undefined)[] = []
  const activeOf = ({ source, allInputs }: Term) => (source < 0 ? allInputs : relaxations[source].asInputs)
  /** Where a term sends rows to, and whether something is there already. */
  const targetOf = ({ source }: Term) => {
    const blocks = windows[source + 1]!
    const isFirst = values[source + 1] === undefined
    return { blocks, value: (values[source + 1] ??= Tensor.create(engine, blocks.length)), isFirst }
  }

  const top = stages[stage]!
  top.terms.forEach((term, i) => {
    const target = targetOf(term)
    startRows(engine, tape, term, i === 0 ? top : undefined, specification, target, activeOf(term), constant)
  })
  for (let i = stage - 1; i >= 0; i--) {
    const window = windows[i + 1]
    if (!window) continue
    const layer = stages[i]
    const relaxation = relaxations[i]!
    const out = reshapeBlocks(engine, window, layer.outputShape)
    const value = values[i + 1]!
    reluRows(engine, tape, layer, relaxation, out, value, { constant, lowerGap, upperGap, error })
    layer.terms.forEach((term, k) => {
      const source = { blocks: out, value, active: relaxation.asOutputs }
      // adjoints run in reverse: that of the last term is the first to write the gradient
      const isLast = k === layer.terms.length - 1
      sendRows(engine, tape, term, source, targetOf(term), activeOf(term), isLast)
    })
  }
  return { rows, blocks: windows[0]!, coefficients: values[0]!, constant, lowerGap, upperGap, error }
}

/**
 * What rows over a stage see of the image (first) and of every stage's output: nothing where they never come.
 * @param blocks of the rows, over the stage's outputs
 * @param wholeInput see the whole image; one block only
 */
export function windowsBelow(
  engine: Engine,
  stages: readonly Stage[],
  stage: number,
  blocks: Blocks,
  rows: number,
  wholeInput: boolean,
): (Blocks | undefined)[] {
  const windows: (Blocks | undefined)[] = []
  windows[stage + 1] = blocks
  for (let i = stage; i >= 0; i--) {
    const window = windows[i + 1]
    if (!window) continue
    const out = reshapeBlocks(engine, window, stages[i].outputShape)
    for (const { source, geometry } of stages[i].terms) {
      const seen =
        source < 0 && wholeInput ? wholeBlock(engine, geometry.input, rows) : receptiveBlocks(engine, out, geometry)
      const others = windows[source + 1]
      windows[source + 1] = others ? coveringBlocks(engine, others, seen) : seen
    }
  }
  return windows.slice(0, stage + 1)
}

/** Where rows arrive below a term. */
interface Target {
  readonly blocks: Blocks
  readonly value: Tensor
  readonly isFirst: boolean
}

/** Rows start as the weights of a term: see `startRows` in src/device/wasm/assembly/rows.ts. @param biased whose bias they take */
function startRows(
  engine: Engine,
  tape: Tape | undefined,
  { geometry, weight, weightGradient }: Term,
  biased: Stage | undefined,
  { positions, plus, minus }: Specification,
  { blocks, value, isFirst }: Target,
  active: NeuronList,
  constant: Tensor,
): void {
  const place = [geometry.pointer, blocks.count, positions, blocks.pointer] as const
  const bias = biased?.bias ?? none
  engine.kernels.startRows(!isFirst, ...place, value.pointer, active, plus, minus, weight, bias, constant.pointer)
  tape?.record(() =>
    engine.kernels.startRowsAdjoint(
      ...place,
      value.gradient(engine),
      active,
      plus,
      minus,
      weightGradient,
      biased?.biasGradient ?? none,
      constant.gradient(engine),
    ),
  )
}

/** Rows go through a term, transposed: from the outputs of its stage to those that it reads. */
function sendRows(
  engine: Engine,
  tape: Tape | undefined,
  { geometry, weight, weightGradient }: Term,
  out: { readonly blocks: Blocks; readonly value: Tensor; readonly active: NeuronList },
  inside: Target,
  active: NeuronList,
  isLast: boolean,
): void {
  const propagate = (operation: number, transposed: boolean, weights: Floats, outBase: Floats, inBase: Floats) =>
    engine.kernels.propagate(
      operation,
      transposed,
      geometry.pointer,
      out.blocks.count,
      out.blocks.pointer,
      outBase,
      out.active,
      inside.blocks.pointer,
      inBase,
      active,
      weights,
      geometry.scratch,
    )
  propagate(inside.isFirst ? OVERWRITE : ACCUMULATE, true, weight, out.value.pointer, inside.value.pointer)
  tape?.record(() => {
    const [outGradient, inGradient] = [out.value.gradient(engine), inside.value.gradient(engine)]
    propagate(isLast ? OVERWRITE : ACCUMULATE, false, weight, outGradient, inGradient)
    propagate(WEIGHT_GRADIENT, true, weightGradient, out.value.pointer, inGradient)
  })
}

/** Rows meet the ReLU neurons of a stage: see `reluRows` in src/device/wasm/assembly/rows.ts. */
function reluRows(
  engine: Engine,
  tape: Tape | undefined,
  layer: Stage,
  relaxation: Relaxation,
  blocks: Blocks,
  value: Tensor,
  sums: Pick<CarriedRows, 'constant' | 'lowerGap' | 'upperGap' | 'error'>,
): void {
  const { channels, height, width } = layer.outputShape
  const { slope, gap, asOutputs, rounding } = relaxation
  const image = [channels, width, height * width, blocks.count, blocks.pointer] as const
  engine.kernels.reluRows(
    ...image,
    value.pointer,
    asOutputs,
    slope.pointer,
    gap.pointer,
    layer.bias,
    rounding,
    sums.constant.pointer,
    sums.lowerGap.pointer,
    sums.upperGap.pointer,
    sums.error.pointer,
  )
  tape?.record(() =>
    engine.kernels.reluRowsAdjoint(
      ...image,
      value.pointer,
      value.gradient(engine),
      asOutputs,
      slope.pointer,
      gap.pointer,
      layer.bias,
      slope.gradient(engine),
      gap.gradient(engine),
      layer.biasGradient,
      sums.constant.gradient(engine),
      sums.lowerGap.gradient(engine),
      sums.upperGap.gradient(engine),
    ),
  )
}
