/** Files that may be compressed by gzip. */
import { gunzipSync } from 'node:zlib'
import { UserError } from '../base/errors.ts'

/** Largest uncompressed size taken: beyond any data set or network here, and no file can exhaust memory. */
const MAX_BYTES = 2 ** 30

/**
 * The bytes uncompressed if they begin as gzip does, else as they are.
 * @throws UserError naming the file if the compressed data is damaged, cut short or absurdly large
 */
export function gunzipIfNeeded(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES })
  } catch (error) {
    throw new UserError(`${file} cannot be uncompressed (${(error as Error).message}): replace the file`)
  }
}
