/** Rows of a network and of its reference meet at the input: assembly/reference-space.ts. */
import type { Example, ReferenceRows, RowsAtInput } from '../rows.ts'
import type { Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { floatsOf } from './handles.ts'
import { placeOf } from './input-term.ts'

export function referenceRows(
  arena: Arena,
  { rows, coefficients }: RowsAtInput,
  reference: RowsAtInput,
  example: Example,
): ReferenceRows {
  const inputs = coefficients.length / rows
  const [signs, eta, sums] = [arena.tensor(coefficients.length), arena.tensor(rows), arena.tensor(4 * rows)]
  const [, radius, stride] = placeOf(example)
  arena.kernels.referenceSpace(
    inputs,
    rows,
    floatsOf(coefficients),
    floatsOf(reference.coefficients),
    radius,
    stride,
    eta.pointer,
    signs.pointer,
    sums.pointer,
    arena.floats(inputs),
  )
  return { eta, signs, sums }
}

export function referenceRowsAdjoint(
  arena: Arena,
  { rows, coefficients }: RowsAtInput,
  { signs, example }: { readonly signs: Tensor; readonly example: Example },
  upper: Tensor,
): void {
  const toUpper = floatsOf(upper.gradient)
  const inputs = coefficients.length / rows
  const gradient = floatsOf(coefficients.gradient)
  arena.kernels.referenceSpaceAdjoint(inputs, rows, floatsOf(signs), ...placeOf(example), gradient, toUpper, toUpper)
}
