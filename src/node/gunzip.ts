/** Compressed files by Node's own zlib: what formats/gzip.ts does, four times as fast, for data sets and large tables. */
import { gunzipSync } from 'node:zlib'
import { badFile } from '../base/errors.ts'

/** Largest uncompressed size taken: beyond any data set here, and no file can exhaust memory. */
const MAX_BYTES = 2 ** 30

/**
 * The bytes uncompressed if they begin as gzip does, else as they are.
 * @param most bytes that are taken
 * @throws UserError naming the file if the compressed data is damaged, cut short or absurdly large
 */
export function gunzipIfNeeded(bytes: Uint8Array, file: string, most = MAX_BYTES): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: most })
  } catch (error) {
    throw badFile(`${file} cannot be uncompressed (${(error as Error).message}): replace the file`)
  }
}
