/** Shapes and indices of row-major arrays, and numpy's rules of broadcasting them. */

/** No value or constant may have more elements. */
export const MAX_ELEMENTS = 2 ** 27
/** No value or constant may have more dimensions. */
export const MAX_RANK = 16

export const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i])

/** How far apart neighbours along each dimension lie. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1)
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1]
  return strides
}

/** The shape that two broadcast to, undefined if they do not fit. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length)
  const [left, right] = [padTo(rank, a), padTo(rank, b)]
  const fits = left.every((size, i) => size === right[i] || size === 1 || right[i] === 1)
  return fits ? left.map((size, i) => (size === 1 ? right[i] : size)) : undefined
}

/** From the index of an element of `to` to that of the element of `from` that broadcasting puts there. */
export function broadcastIndex(from: readonly number[], to: readonly number[]): (index: number) => number {
  if (elementsOf(from) === elementsOf(to)) return (index) => index
  if (elementsOf(from) === 1) return () => 0
  const padded = padTo(to.length, from)
  const strides = stridesOf(padded).map((stride, i) => (padded[i] === 1 ? 0 : stride))
  return walk(to, strides)
}

/**
 * From the index of an element of an array of shape `shape` to Σ coordinate · stride.
 * For the shape of a transposed array, and the strides of the array in that order: where its elements come from.
 */
export function walk(shape: readonly number[], strides: readonly number[]): (index: number) => number {
  const own = stridesOf(shape)
  return (index) => {
    let [rest, at] = [index, 0]
    for (let i = 0; i < shape.length; i++) {
      const coordinate = Math.floor(rest / own[i])
      rest -= coordinate * own[i]
      at += coordinate * strides[i]
    }
    return at
  }
}

const padTo = (rank: number, shape: readonly number[]): number[] => [
  ...Array.from({ length: rank - shape.length }, () => 1),
  ...shape,
]
