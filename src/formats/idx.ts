/** The idx format of MNIST: big-endian sizes, then unsigned bytes (LeCun, Cortes & Burges, "The MNIST database"). */
import { badFile } from '../base/errors.ts'
import { gunzipIfNeeded } from './gzip.ts'

export interface IdxArray {
  /** [count] of labels, [count, height, width] of images. */
  readonly dimensions: readonly number[]
  /** Row-major; a view of the bytes given, or of their uncompressed copy. */
  readonly data: Uint8Array
}

/**
 * Parses an idx file of unsigned bytes, compressed or not.
 * @param file its name, for the messages only
 * @param rank how many dimensions it must have: 1 (labels) or 3 (images)
 * @throws UserError naming the file if it is not such a file, is cut short or has bytes after its last value
 */
export function parseIdx(bytes: Uint8Array, file: string, rank: 1 | 3): IdxArray {
  const plain = gunzipIfNeeded(bytes, file)
  const headerSize = 4 + 4 * rank
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength)
  if (plain.length >= 4) {
    const magic = view.getUint32(0)
    if (magic >>> 16 !== 0) throw badFile(`${file} is not an idx file: it does not begin with two zero bytes`)
    const type = (magic >>> 8) & 0xff
    if (type !== 0x08) throw badFile(`${file} holds idx values of type 0x${hex(type)}, not unsigned bytes (0x08)`)
    const found = magic & 0xff
    if (found !== rank) throw badFile(`${file} has ${found} dimensions, not ${rank}: ${describe(rank)} expected`)
  }
  if (plain.length < headerSize) throw truncated(file, plain.length, `its header needs ${headerSize}`)
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const expected = headerSize + dimensions.reduce((a, b) => a * b, 1)
  if (plain.length < expected) throw truncated(file, plain.length, `its header promises ${expected}`)
  if (plain.length > expected) {
    throw badFile(`${file} has ${plain.length - expected} bytes after its last value: replace the file`)
  }
  return { dimensions, data: plain.subarray(headerSize) }
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0')
const describe = (rank: 1 | 3) => (rank === 1 ? 'labels' : 'images')
const truncated = (file: string, size: number, need: string) =>
  badFile(`${file} is cut short: it has ${size} bytes, ${need}: replace the file`)
