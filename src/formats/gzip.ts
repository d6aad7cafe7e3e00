/** Files that may be compressed by gzip (RFC 1952): one member or several, each with the checksum of its content. */
import { Gunzip } from 'fflate'
import { badFile } from '../base/errors.ts'
import { concatenate } from './bytes.ts'
import { crc32 } from './crc32.ts'

/** Largest uncompressed size taken: beyond any data set or network here, and no file can exhaust memory. */
const MAX_BYTES = 2 ** 30
/** Deflate makes at most 1,032 bytes of one: so much is uncompressed at most before the size is looked at. */
const PIECE = 2 ** 16
/** Before a member's content, at least; and after it: its checksum and its size. */
const [HEADER, TRAILER] = [10, 8]

/**
 * The bytes uncompressed if they begin as gzip does, else as they are.
 * @param most bytes that are taken
 * @throws UserError naming the file if the compressed data is damaged, cut short or absurdly large
 */
export function gunzipIfNeeded(bytes: Uint8Array, file: string, most = MAX_BYTES): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzip(bytes, most)
  } catch (error) {
    throw badFile(`${file} cannot be uncompressed (${(error as Error).message}): replace the file`)
  }
}

/** @throws Error saying what is wrong */
function gunzip(bytes: Uint8Array, most: number): Uint8Array {
  if (bytes.length < HEADER + TRAILER) throw new Error('it is cut short')
  const pieces: Uint8Array[] = []
  let [size, checksum] = [0, 0]
  const stream = new Gunzip((piece) => {
    pieces.push(piece)
    size += piece.length
    checksum = crc32(piece, checksum)
    if (size > most) throw new Error(`it holds more than ${most} bytes`)
  })
  const endMember = (at: number) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (view.getUint32(at - TRAILER, true) !== checksum) throw new Error('its checksum is wrong')
    checksum = 0
  }
  stream.onmember = endMember
  for (let at = 0; at < bytes.length; at += PIECE) {
    stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length)
  }
  endMember(bytes.length)
  return concatenate(pieces)
}
