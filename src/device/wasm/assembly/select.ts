/** Order statistics. */
import { Floats, Integers } from './pointers'

/** The k-th smallest of `count` numbers, which are reordered (Hoare's selection). */
export function kthSmallest(numbers: usize, count: i32, k: i32): f32 {
  let low = 0, high = count - 1
  while (low < high) {
    const pivot = load<f32>(numbers + ((<usize>((low + high) >> 1)) << 2))
    let i = low, j = high
    while (i <= j) {
      while (load<f32>(numbers + ((<usize>i) << 2)) < pivot) i++
      while (load<f32>(numbers + ((<usize>j) << 2)) > pivot) j--
      if (i <= j) {
        const held = load<f32>(numbers + ((<usize>i) << 2))
        store<f32>(numbers + ((<usize>i) << 2), load<f32>(numbers + ((<usize>j) << 2)))
        store<f32>(numbers + ((<usize>j) << 2), held)
        i++
        j--
      }
    }
    if (k <= j) high = j
    else if (k >= i) low = i
    else break
  }
  return load<f32>(numbers + ((<usize>k) << 2))
}

/**
 * The median of the magnitudes of `dimension` columns, for each neuron of a list; of an even number the mean of the two
 * in the middle.
 * @param list neurons, i32 each
 * @param values [neuron][column] with `width` columns, of which those from `first` on are meant
 * @param medians one f32 per neuron of the list
 * @param places the two columns in the middle (one column twice if `dimension` is odd), i32 each, negative where the
 *   value is negative
 * @param scratch room for `dimension` f32
 */
export function medianMagnitudes(
  count: i32, list: Integers, width: i32, first: i32, dimension: i32, values: Floats,
  medians: Floats, places: Integers, scratch: Floats,
): void {
  const low = (dimension - 1) >> 1
  for (let i = 0; i < count; i++) {
    const row = values + ((<usize>(load<i32>(list + ((<usize>i) << 2)) * width + first)) << 2)
    for (let c: usize = 0; c < (<usize>dimension) << 2; c += 4) store<f32>(scratch + c, abs(load<f32>(row + c)))
    const lower = kthSmallest(scratch, dimension, low)
    let upper = lower
    if ((dimension & 1) == 0) {
      // all behind the selected one are at least as large
      upper = load<f32>(scratch + ((<usize>(low + 1)) << 2))
      for (let c = low + 2; c < dimension; c++) upper = min(upper, load<f32>(scratch + ((<usize>c) << 2)))
    }
    store<f32>(medians + ((<usize>i) << 2), (lower + upper) / 2)
    let foundLower = 0, foundUpper = 0
    for (let c = 0; c < dimension; c++) {
      const value = load<f32>(row + ((<usize>c) << 2)), place = value < 0 ? -(first + c) : first + c
      if (foundLower == 0 && abs(value) == lower) foundLower = place
      else if (foundUpper == 0 && abs(value) == upper) foundUpper = place
    }
    store<i32>(places + ((<usize>i) << 3), foundLower)
    store<i32>(places + ((<usize>i) << 3), foundUpper == 0 ? foundLower : foundUpper, 4)
  }
}
