/** What tells images of a data set apart. */
import { crc32 } from 'node:zlib'
import { sizeOf } from '../model/layers.ts'
import type { Dataset } from './dataset.ts'

/** Each image with its label, as one number that hardly two of them share. */
export function items(dataset: Dataset): number[] {
  const size = sizeOf(dataset.shape)
  return Array.from({ length: dataset.count }, (_, i) =>
    crc32(dataset.images.subarray(i * size, (i + 1) * size), dataset.labels[i]),
  )
}
