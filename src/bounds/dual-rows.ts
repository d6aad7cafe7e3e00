/**
 * A dual pass: rows travel from a specification back to the input (Wong & Kolter 2018; Li et al. 2019, Eqn. 9),
 * window by window, touching active neurons only.
 *
 *   ν = c,   ν̂ = Wᵀν,   ν = slope ⊙ ν̂,   bound(c·z) = x·ν̂₁ ± Σ radius|ν̂₁| + Σ ν·b ∓ Σ l[±ν]₊
 *
 * Both ends of the bound come from one pass, since both lines of an unstable neuron's relaxation have one slope.
 */
import { OVERWRITE, WEIGHT_GRADIENT } from '../engine/affine.ts'
import type { Engine } from '../engine/engine.ts'
import { type Blocks, receptiveBlocks, reshapeBlocks, wholeBlock } from '../engine/layout.ts'
import { type Tape, Tensor } from '../engine/tape.ts'
import type { Stage } from '../networks/load.ts'
import type { Chunk } from './chunk.ts'
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

/** One example of a chunk whose values lie [neuron][example]. */
export interface Example {
  /** Pointers to its first centre and radius. */
  readonly centre: number
  readonly radius: number
  /** Bytes from one neuron to the next. */
  readonly stride: number
}

/** Where an example of a chunk lies. */
export const exampleOf = ({ ball, columns }: Chunk, example: number): Example => ({
  centre: ball.centre.pointer + example * 4,
  radius: ball.radius.pointer + example * 4,
  stride: columns * 4,
})

/**
 * Carries `specification`, rows over the outputs of `stages[stage]`, to the input.
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
  const { kernels } = engine
  const { rows } = specification
  const top = stages[stage]!
  const constant = Tensor.zeros(engine, rows)
  const lowerGap = Tensor.zeros(engine, rows)
  const upperGap = Tensor.zeros(engine, rows)
  const error = Tensor.zeros(engine, rows)

  let blocks = receptiveBlocks(engine, specification.blocks, top.geometry)
  let value = Tensor.create(engine, blocks.length)
  const start = { blocks, value, active: stage === 0 ? top.allInputs : relaxations[stage - 1]!.asInputs }
  const startArguments = [...[top.geometry.pointer, blocks.count, specification.positions, blocks.pointer]]
  kernels.startRows(
    ...startArguments,
    value.pointer,
    start.active,
    specification.plus,
    specification.minus,
    top.weight,
    top.bias,
    constant.pointer,
  )
  tape?.record(() =>
    kernels.startRowsAdjoint(
      ...startArguments,
      start.value.gradient(engine),
      start.active,
      specification.plus,
      specification.minus,
      top.weightGradient,
      top.biasGradient,
      constant.gradient(engine),
    ),
  )

  for (let i = stage - 1; i >= 0; i--) {
    const layer = stages[i]!
    const relaxation = relaxations[i]!
    const out = reshapeBlocks(engine, blocks, layer.outputShape)
    const outValue = value
    reluRows(engine, tape, layer, relaxation, out, outValue, { constant, lowerGap, upperGap, error })

    const inside =
      i === 0 && wholeInput ? wholeBlock(engine, layer.inputShape, rows) : receptiveBlocks(engine, out, layer.geometry)
    const inValue = Tensor.create(engine, inside.length)
    const active = i === 0 ? layer.allInputs : relaxations[i - 1]!.asInputs
    const propagate = (operation: number, transposed: number, weights: number, outBase: number, inBase: number) =>
      kernels.propagate(
        operation,
        transposed,
        layer.geometry.pointer,
        out.count,
        out.pointer,
        outBase,
        relaxation.asOutputs,
        inside.pointer,
        inBase,
        active,
        weights,
        layer.geometry.scratch,
      )
    propagate(OVERWRITE, 1, layer.weight, outValue.pointer, inValue.pointer)
    tape?.record(() => {
      propagate(OVERWRITE, 0, layer.weight, outValue.gradient(engine), inValue.gradient(engine))
      propagate(WEIGHT_GRADIENT, 1, layer.weightGradient, outValue.pointer, inValue.gradient(engine))
    })
    blocks = inside
    value = inValue
  }
  return { rows, blocks, coefficients: value, constant, lowerGap, upperGap, error }
}

/** Rows meet the ReLU neurons of a stage: see `reluRows` in kernels/rows.ts. */
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
  const image = [channels, width, height * width, blocks.count, blocks.pointer]
  engine.kernels.reluRows(
    ...image,
    value.pointer,
    asOutputs,
    slope.pointer,
    gap.pointer,
    layer.bias,
    rounding,
    ...[sums.constant.pointer, sums.lowerGap.pointer, sums.upperGap.pointer, sums.error.pointer],
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
      ...[slope.gradient(engine), gap.gradient(engine), layer.biasGradient],
      ...[sums.constant.gradient(engine), sums.lowerGap.gradient(engine), sums.upperGap.gradient(engine)],
    ),
  )
}

/** Lower and upper bound of every row. */
export interface RowBounds {
  readonly lower: Tensor
  readonly upper: Tensor
}

/** The input's part of every row: Σ x ν̂₁ and Σ radius|ν̂₁|. */
export interface InputTerm {
  readonly centre: Tensor
  readonly radius: Tensor
}

/** @param example where the input's centre and radius lie; its adjoint belongs to whoever closes the pass */
export function inputTerm(engine: Engine, carried: CarriedRows, { centre: x, radius: r, stride }: Example): InputTerm {
  const centre = Tensor.create(engine, carried.rows)
  const radius = Tensor.create(engine, carried.rows)
  const { coefficients } = carried
  engine.kernels.inputTerm(...inputImage(carried), coefficients.pointer, x, r, stride, centre.pointer, radius.pointer)
  return { centre, radius }
}

const inputImage = ({ blocks: { extent, count, pointer } }: CarriedRows) => [
  extent.channels,
  extent.width,
  extent.height * extent.width,
  count,
  pointer,
]

/** Closes a pass over the whole ball: the input moves every row by at most Σ radius|ν̂₁|. */
export function closeOverBall(
  engine: Engine,
  tape: Tape | undefined,
  carried: CarriedRows,
  example: Example,
): RowBounds {
  const { rows, coefficients, constant, lowerGap, upperGap, error } = carried
  const { centre, radius } = inputTerm(engine, carried, example)

  const lower = Tensor.create(engine, rows)
  const upper = Tensor.create(engine, rows)
  const { f32 } = engine
  const at = (tensor: Tensor, row: number) => f32[(tensor.pointer >> 2) + row]!
  for (let row = 0; row < rows; row++) {
    const middle = at(constant, row) + at(centre, row)
    const spread = at(radius, row) + at(error, row)
    f32[(lower.pointer >> 2) + row] = middle + at(lowerGap, row) - spread
    f32[(upper.pointer >> 2) + row] = middle + at(upperGap, row) + spread
  }
  tape?.record(() => {
    const [dl, du] = [lower.gradient(engine), upper.gradient(engine)]
    const sums = [constant, centre, radius, lowerGap, upperGap].map((sum) => sum.gradient(engine) >> 2)
    const [dConstant, dCentre, dRadius, dLowerGap, dUpperGap] = sums as [number, number, number, number, number]
    const gradient = coefficients.gradient(engine)
    const { f32 } = engine
    for (let row = 0; row < rows; row++) {
      const [toLower, toUpper] = [f32[(dl >> 2) + row]!, f32[(du >> 2) + row]!]
      f32[dConstant + row] = f32[dCentre + row] = toLower + toUpper
      f32[dRadius + row] = toUpper - toLower
      f32[dLowerGap + row] = toLower
      f32[dUpperGap + row] = toUpper
    }
    engine.kernels.inputTermAdjoint(
      ...inputImage(carried),
      coefficients.pointer,
      gradient,
      example.centre,
      example.radius,
      example.stride,
      centre.gradient(engine),
      radius.gradient(engine),
    )
  })
  return { lower, upper }
}
