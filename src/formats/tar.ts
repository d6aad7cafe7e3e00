/** Tar archives, read only: headers of 512 bytes, each followed by its file in whole blocks (POSIX.1-1988, ustar). */
import { badFile } from '../base/errors.ts'

const BLOCK = 512
/** Types of entries that are files. Folders, links and extended headers are skipped. */
const FILE_TYPES = new Set(['0', '\0', '7'])

/**
 * The files of an uncompressed archive by their paths in it; their bytes are views of the archive's.
 * @param file the archive's name, for the messages only
 * @throws UserError naming the archive if it is none, is damaged or cut short
 */
export function readTar(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at < bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK)
    if (header.length < BLOCK) throw badFile(`${file} is cut short: replace the file`)
    // zero blocks end an archive
    if (header.every((byte) => byte === 0)) return files
    if (octal(header, 148, 8) !== checksum(header)) {
      throw badFile(`${file} is not a tar archive, or it is damaged ${at} bytes from its beginning: replace the file`)
    }
    const size = octal(header, 124, 12)
    const start = at + BLOCK
    if (!(size <= bytes.length - start)) throw badFile(`${file} is cut short: replace the file`)
    const prefix = text(header, 257, 6).startsWith('ustar') ? text(header, 345, 155) : ''
    const path = (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100)
    if (FILE_TYPES.has(String.fromCharCode(header[156]))) files.set(path, bytes.subarray(start, start + size))
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  throw badFile(`${file} is cut short: it has no end: replace the file`)
}

/** Whether bytes begin as an archive does: with the header of a file. */
export function isTar(bytes: Uint8Array): boolean {
  const header = bytes.subarray(0, BLOCK)
  return header.length === BLOCK && header[0] !== 0 && octal(header, 148, 8) === checksum(header)
}

/** A field up to its first zero byte. */
function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/** A number in octal digits; NaN if the field holds anything else. */
function octal(header: Uint8Array, offset: number, length: number): number {
  const digits = text(header, offset, length).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : NaN
}

/** The sum of a header's bytes, those of the checksum's own field taken as spaces. */
const checksum = (header: Uint8Array): number =>
  header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
