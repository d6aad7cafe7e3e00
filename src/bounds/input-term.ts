/** How a dual pass ends: with what the input adds to every row, over the ball around one example. */
import type { Interval } from '../device/device.ts'
import type { Example, RowDevice } from '../device/rows.ts'
import { type Tape, makeGradients } from '../device/tape.ts'
import type { Chunk } from './chunk.ts'
import type { CarriedRows } from './dual-rows.ts'

export const exampleOf = ({ ball, columns, norm }: Chunk, example: number): Example => ({
  ball,
  columns,
  example,
  norm,
})

/**
 * Closes a pass over the whole ball: the input moves every row by at most the dual norm of radius·ν̂₁. Sound.
 * @returns a lower and an upper bound of every row
 */
export function closeOverBall(
  device: RowDevice,
  tape: Tape | undefined,
  carried: CarriedRows,
  example: Example,
): Interval {
  const { rows, constant, lowerGap, upperGap, error } = carried
  const { centre, radius } = device.rows.input(tape, carried, example)
  const lower = device.tensor(rows)
  const upper = device.tensor(rows)
  const parts = [constant, centre, radius, error, lowerGap, upperGap].map((part) => part.view()) as Six
  const [constants, centres, radii, errors, lowerGaps, upperGaps] = parts
  const [lowest, highest] = [lower.view(), upper.view()]
  for (let row = 0; row < rows; row++) {
    const middle = constants[row] + centres[row]
    const spread = radii[row] + errors[row]
    lowest[row] = middle + lowerGaps[row] - spread
    highest[row] = middle + upperGaps[row] + spread
  }
  tape?.record(() => {
    const gradients = makeGradients(lower, upper, constant, centre, radius, lowerGap, upperGap)
    const [dl, du, dConstant, dCentre, dRadius, dLowerGap, dUpperGap] = gradients.map((part) => part.view()) as Seven
    for (let row = 0; row < rows; row++) {
      const [toLower, toUpper] = [dl[row], du[row]]
      dConstant[row] = dCentre[row] = toLower + toUpper
      dRadius[row] = toUpper - toLower
      dLowerGap[row] = toLower
      dUpperGap[row] = toUpper
    }
  })
  return { lower, upper }
}

type View = Float32Array
type Six = [View, View, View, View, View, View]
type Seven = [View, ...Six]
