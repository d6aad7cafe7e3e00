/** The errors of random projections in float64, from the same bits as on the device. */
import { cauchyOf, philox, streamOf } from './random.ts'
import type { ErrorSource } from './columns.ts'

/** @param place 0 for the image's errors, 1 + stage for those of a stage's ReLUs @param column 1 to k */
export function errorOf(
  [stream, seed]: readonly [ErrorSource['stream'], number],
  identifier: number,
  [place, neuron, column]: readonly [number, number, number],
): number {
  return cauchyOf(philox([seed, streamOf(stream, place)], [neuron, column >> 2, identifier, 0])[column & 3])
}
