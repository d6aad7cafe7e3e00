/**
 * Zip archives of files that are stored or deflated, up to 1 GiB (no zip64, no encryption). What the archive's
 * directory says is checked against the entries before it is believed.
 * Source: APPNOTE.TXT, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { inflateSync } from 'fflate'
import { UserError, badFile } from '../base/errors.ts'
import { crc32 } from './crc32.ts'

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50]
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22]
/** 0xffff or 0xffffffff stand for a number that is elsewhere, in a zip64 record. */
const [ELSEWHERE_16, ELSEWHERE_32] = [0xffff, 0xffffffff]
/** All entries together, uncompressed: a small archive must not fill the memory. */
const MAX_BYTES = 2 ** 30
/** Deflate makes at most so many bytes of one. */
const MOST_RATIO = 1032
/** 1980-01-01, the first day that zip knows: equal contents make equal files. */
const DATE = 0x21

/**
 * @param file its name, for messages
 * @param wanted whether an entry is unpacked, by its name
 * @returns contents by name; they may be views of `bytes`
 * @throws UserError naming the file if it is no such archive, is damaged, or holds an entry twice
 */
export function readZip(
  bytes: Uint8Array,
  file: string,
  wanted: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  const refuse = (what: string) => badFile(`${file} is not a valid zip archive: ${what}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const within = (at: number, size: number) => {
    if (!(at >= 0 && at + size <= bytes.length)) throw refuse('it is cut short or damaged')
    return at
  }
  const end = findEnd(view)
  if (end === undefined) throw refuse(bytes.length === 0 ? 'it is empty' : 'it has no directory: is it cut short?')
  const count = view.getUint16(end + 10, true)
  const entries = new Map<string, Uint8Array>()
  let at = view.getUint32(end + 16, true)
  if (count === ELSEWHERE_16 || at === ELSEWHERE_32) throw refuse('it is a zip64 archive: only smaller ones are read')
  let total = 0
  for (let i = 0; i < count; i++) {
    within(at, CENTRAL_SIZE)
    if (view.getUint32(at, true) !== CENTRAL) throw refuse(`entry ${i} of its directory is damaged`)
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
    const [checksum, packed, size] = [16, 20, 24].map((offset) => view.getUint32(at + offset, true))
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true))
    const local = view.getUint32(at + 42, true)
    const nameAt = within(at + CENTRAL_SIZE, lengths[0])
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + lengths[0]))
    at = nameAt + lengths[0] + lengths[1] + lengths[2]
    if ([packed, size, local].includes(ELSEWHERE_32))
      throw refuse(`'${name}' is described in zip64: only smaller ones are read`)
    if (flags & 1) throw refuse(`'${name}' is encrypted`)
    if (entries.has(name)) throw refuse(`it has '${name}' twice`)
    if (!wanted(name)) continue
    total += size
    if (total > MAX_BYTES) throw refuse(`it holds more than ${MAX_BYTES} bytes`)
    within(local, LOCAL_SIZE)
    if (view.getUint32(local, true) !== LOCAL) throw refuse(`'${name}' is not where its directory says`)
    const from = local + LOCAL_SIZE + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    const data = bytes.subarray(within(from, packed), from + packed)
    const content = unpack(data, method, size)
    if (content?.length !== size || crc32(content) !== checksum) throw refuse(`'${name}' is damaged`)
    entries.set(name, content)
  }
  return entries
}

/** The end record; a comment of up to 65,535 bytes may follow it. */
function findEnd(view: DataView): number | undefined {
  for (let at = view.byteLength - END_SIZE; at >= Math.max(0, view.byteLength - END_SIZE - 65_535); at--) {
    if (view.getUint32(at, true) === END) return at
  }
  return undefined
}

/** Undefined if the data cannot be unpacked to `size` bytes. */
function unpack(data: Uint8Array, method: number, size: number): Uint8Array | undefined {
  if (method === 0) return data
  if (method !== 8 || size > MOST_RATIO * data.length) return undefined
  try {
    // with room for one more byte, which content of another size fills
    return inflateSync(data, { out: new Uint8Array(size + 1) })
  } catch {
    return undefined
  }
}

/**
 * An archive of these entries, stored as they are.
 * @throws UserError if it would be larger than what is read
 */
export function writeZip(entries: ReadonlyMap<string, Uint8Array>, file: string): Uint8Array {
  const named = [...entries].map(([name, content]) => ({ name: new TextEncoder().encode(name), content }))
  const size = named.reduce(
    (sum, { name, content }) => sum + LOCAL_SIZE + CENTRAL_SIZE + 2 * name.length + content.length,
    END_SIZE,
  )
  if (size > MAX_BYTES || named.length >= ELSEWHERE_16) {
    throw new UserError(`${file} was not written: it would be too large for a zip archive`)
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  const shorts = (...values: number[]) => {
    for (const value of values) {
      view.setUint16(at, value, true)
      at += 2
    }
  }
  const longs = (...values: number[]) => {
    for (const value of values) {
      view.setUint32(at, value, true)
      at += 4
    }
  }
  const raw = (part: Uint8Array) => {
    bytes.set(part, at)
    at += part.length
  }
  /** Version 2.0, names in UTF-8, stored, date, checksum, sizes, length of the name, no further fields. */
  const common = ({ name, content }: (typeof named)[number]) => {
    shorts(20, 0x0800, 0, 0, DATE)
    longs(crc32(content), content.length, content.length)
    shorts(name.length, 0)
  }
  const offsets = named.map((entry) => {
    const offset = at
    longs(LOCAL)
    common(entry)
    raw(entry.name)
    raw(entry.content)
    return offset
  })
  const directory = at
  named.forEach((entry, i) => {
    longs(CENTRAL)
    shorts(20)
    common(entry)
    shorts(0, 0, 0)
    longs(0, offsets[i])
    raw(entry.name)
  })
  const directorySize = at - directory
  longs(END)
  shorts(0, 0, named.length, named.length)
  longs(directorySize, directory)
  shorts(0)
  return bytes
}
