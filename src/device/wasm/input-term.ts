/** Rows reach the input, over the ball around one example: assembly/input-term.ts and input-norm.ts. */
import type { Example, InputTerm, RowsAtInput } from '../rows.ts'
import type { Tape } from '../tape.ts'
import type { Arena } from './arena.ts'
import { blocksOf, floatsOf } from './handles.ts'
import { at } from './pointers.ts'

/** Which of the two dual norms of assembly/input-norm.ts. */
const isLargest = { l2: false, l1: true }

/** Where the centre and radius of an example's first input lie, and how many bytes further the next ones. */
export const placeOf = ({ ball, columns, example }: Example) =>
  [at(floatsOf(ball.centre), example), at(floatsOf(ball.radius), example), columns * 4] as const

export function inputTerm(
  arena: Arena,
  tape: Tape | undefined,
  { rows, blocks, coefficients }: RowsAtInput,
  example: Example,
): InputTerm {
  const { kernels } = arena
  const { norm } = example
  const [x, r, stride] = placeOf(example)
  const centre = arena.tensor(rows)
  const radius = arena.tensor(rows)
  const { channels, height, width } = blocks.shape
  const image = [channels, width, height * width, blocks.count, blocksOf(blocks)] as const
  const values = floatsOf(coefficients)
  kernels.inputTerm(...image, values, x, r, stride, centre.pointer, radius.pointer)
  if (norm !== 'linf') kernels.inputNorm(isLargest[norm], ...image, values, r, stride, radius.pointer)
  tape?.record(() => {
    const gradient = floatsOf(coefficients.gradient)
    const [toCentre, toRadius] = [centre.gradient.pointer, radius.gradient.pointer]
    const toSum = norm === 'linf' ? toRadius : arena.zeros(rows)
    kernels.inputTermAdjoint(...image, values, gradient, x, r, stride, toCentre, toSum)
    if (norm === 'linf') return
    kernels.inputNormAdjoint(isLargest[norm], ...image, values, gradient, r, stride, radius.pointer, toRadius)
  })
  return { centre, radius }
}
