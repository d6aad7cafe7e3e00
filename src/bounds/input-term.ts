/** How a dual pass ends: what the input adds to every row, over the ball around one example. */
import type { Engine } from '../device/wasm/engine.ts'
import { type Floats, at } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { Chunk } from './chunk.ts'
import type { CarriedRows } from './dual-rows.ts'
import type { Norm } from '../region/norm.ts'

/** One example of a chunk whose values lie [neuron][example]. */
export interface Example {
  /** Its first centre and radius. */
  readonly centre: Floats
  readonly radius: Floats
  /** Bytes from one neuron to the next. */
  readonly stride: number
  readonly norm: Norm
}

/** Where an example of a chunk lies. */
export const exampleOf = ({ ball, columns, norm }: Chunk, example: number): Example => ({
  centre: at(ball.centre.pointer, example),
  radius: at(ball.radius.pointer, example),
  stride: columns * 4,
  norm,
})

/** Lower and upper bound of every row. */
export interface RowBounds {
  readonly lower: Tensor
  readonly upper: Tensor
}

/** The input's part of every row: Σ x ν̂₁, and the dual norm of the vector radius·ν̂₁ (Σ radius|ν̂₁| for 'linf'). */
export interface InputTerm {
  readonly centre: Tensor
  readonly radius: Tensor
}

/** Which of the two dual norms of src/device/wasm/assembly/input-norm.ts. */
const isLargest = { l2: false, l1: true }

/** @param example where the input's centre and radius lie; its adjoint belongs to whoever closes the pass */
export function inputTerm(engine: Engine, carried: CarriedRows, example: Example): InputTerm {
  const { centre: x, radius: r, stride, norm } = example
  const centre = Tensor.create(engine, carried.rows)
  const radius = Tensor.create(engine, carried.rows)
  const image = [...inputImage(carried), carried.coefficients.pointer] as const
  engine.kernels.inputTerm(...image, x, r, stride, centre.pointer, radius.pointer)
  if (norm !== 'linf') engine.kernels.inputNorm(isLargest[norm], ...image, r, stride, radius.pointer)
  return { centre, radius }
}

const inputImage = ({ blocks: { extent, count, pointer } }: CarriedRows) =>
  [extent.channels, extent.width, extent.height * extent.width, count, pointer] as const

/** Closes a pass over the whole ball: the input moves every row by at most the dual norm of radius·ν̂₁. Sound. */
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
  const value = (tensor: Tensor, row: number) => f32[(tensor.pointer >> 2) + row]
  for (let row = 0; row < rows; row++) {
    const middle = value(constant, row) + value(centre, row)
    const spread = value(radius, row) + value(error, row)
    f32[(lower.pointer >> 2) + row] = middle + value(lowerGap, row) - spread
    f32[(upper.pointer >> 2) + row] = middle + value(upperGap, row) + spread
  }
  tape?.record(() => {
    const [dl, du] = [lower.gradient(engine), upper.gradient(engine)]
    const sums = [constant, centre, radius, lowerGap, upperGap].map((sum) => sum.gradient(engine) >> 2)
    const [dConstant, dCentre, dRadius, dLowerGap, dUpperGap] = sums as [number, number, number, number, number]
    const gradient = coefficients.gradient(engine)
    const { f32 } = engine
    for (let row = 0; row < rows; row++) {
      const [toLower, toUpper] = [f32[(dl >> 2) + row], f32[(du >> 2) + row]]
      f32[dConstant + row] = f32[dCentre + row] = toLower + toUpper
      f32[dRadius + row] = toUpper - toLower
      f32[dLowerGap + row] = toLower
      f32[dUpperGap + row] = toUpper
    }
    const { centre: x, radius: r, stride, norm } = example
    const image = [...inputImage(carried), coefficients.pointer, gradient] as const
    const toRadius = radius.gradient(engine)
    const toSum = norm === 'linf' ? toRadius : engine.zeros(rows)
    engine.kernels.inputTermAdjoint(...image, x, r, stride, centre.gradient(engine), toSum)
    if (norm !== 'linf') {
      engine.kernels.inputNormAdjoint(isLargest[norm], ...image, r, stride, radius.pointer, toRadius)
    }
  })
  return { lower, upper }
}
