/** Sums over vectors of float64. */
export const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, j) => sum + v * b[j], 0)

/** e_o of that length: 1 at `o`, 0 elsewhere. */
export function unit(length: number, o: number): Float64Array {
  const vector = new Float64Array(length)
  vector[o] = 1
  return vector
}
