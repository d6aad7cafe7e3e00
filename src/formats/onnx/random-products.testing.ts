/** Random nodes of arithmetic, products of matrices and normalisation. */
import type { Draft, Known } from './random-draft.testing.ts'
import type { Generator } from './random-graph.testing.ts'

/** A shape that broadcasts with this one, of any rank. */
function broadcastable(draft: Draft, shape: readonly number[]): number[] {
  const made = shape.slice(draft.below(shape.length + 1)).map((size) => (draft.once(4) ? 1 : size))
  if (draft.once(4)) made.forEach((size, i) => size === 1 && (made[i] = 1 + draft.below(3)))
  if (draft.once(4)) made.unshift(...Array.from({ length: shape.length - made.length }, () => 1))
  if (draft.once(6)) made.unshift(...Array.from({ length: 1 + draft.below(2) }, () => 1 + draft.below(2)))
  return made
}

export const binary =
  (operator: string): Generator =>
  (draft) => {
    const a = draft.operand()
    const shape = broadcastable(draft, a.shape)
    const nonzero = () => draft.pick([-4, -2, -1, -0.5, 0.5, 1, 2, 3])
    const sameShape = ({ shape: other }: Known) => other.join() === a.shape.join()
    const b = draft.once(4)
      ? draft.value(sameShape)
      : operator === 'Div'
        ? draft.constant(shape, nonzero)
        : draft.constant(shape)
    const swapped = operator !== 'Div' && draft.once(2)
    draft.emit(operator, swapped ? [b.name, a.name] : [a.name, b.name])
  }

export function batchNormalization(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const channels = [shape[1] ?? 1]
  const parameters = [draft.constant(channels), draft.constant(channels), draft.constant(channels)]
  const variance = draft.constant(channels, () => draft.pick([0.25, 1, 2, 4]))
  const attributes = {
    ...(draft.once(2) && { epsilon: draft.pick([0.001, 0.25]) }),
    ...(draft.once(4) && { momentum: 0.5 }),
    ...(draft.opset < 9 && draft.once(2) && { spatial: draft.below(2) }),
    ...(draft.opset >= 14 && draft.once(3) && { training_mode: draft.below(2) }),
  }
  const outputs = draft.once(3) ? 1 + draft.below(draft.opset < 14 ? 5 : 3) : 1
  draft.emit('BatchNormalization', [name, ...parameters.map((p) => p.name), variance.name], attributes, outputs)
}

export function gemm(draft: Draft): void {
  const value = draft.value(({ shape }) => shape.length === 2)
  const [height, width] = value.shape as [number, number]
  const [turnValue, turnConstant] = [draft.below(2), draft.below(2)]
  const other = 1 + draft.below(4)
  const matrix = (rows: number, columns: number) => draft.constant(turnConstant ? [columns, rows] : [rows, columns])
  const onLeft = draft.once(3)
  const [rows, columns] = turnValue ? [width, height] : [height, width]
  const [a, b] = onLeft ? [matrix(other, rows), value] : [value, matrix(columns, other)]
  const product = onLeft ? [other, columns] : [rows, other]
  const fits = ({ shape }: Known) => shape.join() === product.join()
  const c = draft.pick([
    () => [],
    () => [undefined],
    () => [draft.constant(draft.pick([[], [1], [product[1]], [1, 1], [1, product[1]], [product[0], 1], product])).name],
    () => [draft.value(fits).name],
  ])()
  const optional = (name: string, value: number) => (value === 0 && draft.once(2) ? {} : { [name]: value })
  draft.emit('Gemm', [a.name, b.name, ...c], {
    ...optional('transA', onLeft ? turnConstant : turnValue),
    ...optional('transB', onLeft ? turnValue : turnConstant),
    ...(draft.once(3) && { alpha: draft.pick([-1, 0.5, 0, 0.75]) }),
    ...(draft.once(3) && { beta: draft.pick([-1, 0.5, 0, 1.25]) }),
  })
}

/** The constant is on either side, and either one may have more dimensions. */
export function matMul(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const onLeft = draft.once(2)
  const inner = onLeft ? (shape.at(-2) ?? shape[0]) : shape.at(-1)!
  const outer = draft.once(4) ? 1 : 1 + draft.below(3)
  const matrix = draft.once(4) ? [inner] : onLeft ? [outer, inner] : [inner, outer]
  if (matrix.length === 2) {
    const before = shape.slice(0, -2)
    matrix.unshift(
      ...(draft.once(2) ? before.slice(draft.below(before.length + 1)).map((size) => (draft.once(2) ? 1 : size)) : []),
    )
    if (draft.once(3)) matrix.unshift(...Array.from({ length: 1 + draft.below(2) }, () => (draft.once(3) ? 2 : 1)))
  }
  const constant = draft.constant(matrix).name
  draft.emit('MatMul', onLeft ? [constant, name] : [name, constant])
}
