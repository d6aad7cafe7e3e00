/** Medians of columns, by sorting. */

/**
 * Median of magnitudes and the two places in the middle, from 1 on and negative where the value is: as
 * src/device/wasm/assembly/select.ts has them.
 */
export function medianOf(values: Float32Array): { median: number; places: [number, number] } {
  const sizes = values.map(Math.abs).sort()
  const [lower, upper] = [sizes[(sizes.length - 1) >> 1], sizes[sizes.length >> 1]]
  let [first, second] = [0, 0]
  values.forEach((value, c) => {
    const place = value < 0 ? -(c + 1) : c + 1
    if (first === 0 && Math.abs(value) === lower) first = place
    else if (second === 0 && Math.abs(value) === upper) second = place
  })
  return { median: Math.fround((lower + upper) / 2), places: [first, second === 0 ? first : second] }
}
