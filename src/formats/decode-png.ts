/**
 * PNG files to pixels of 8 bits: every bit depth (16 bits are rounded to 8), palettes, interlacing. A picture is grey if
 * its file stores grey, or a palette of greys; else it has three channels. Alpha is dropped if every pixel is opaque.
 * Source: https://www.w3.org/TR/png/
 */
import { unzlibSync } from 'fflate'
import { type UserError, badFile } from '../base/errors.ts'
import { concatenate, toLatin1 } from './bytes.ts'
import { crc32 } from './crc32.ts'
import type { Picture, PictureSize } from './picture.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** More is no picture for a network, and no file can exhaust the memory. */
const MAX_PIXELS = 2 ** 24
/** Deflate makes at most so many bytes of one. */
const MOST_RATIO = 1032

/** Types of colour: how many samples a pixel has, of how many bits each, and whether the last of them is alpha. */
const types: Readonly<Record<number, { samples: number; depths: readonly number[]; alpha?: true }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16], alpha: true },
  6: { samples: 4, depths: [8, 16], alpha: true },
}
const PALETTE = 3

/** Of the seven passes of an interlaced picture: first column and row, and steps to the next ones. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

interface Parts {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly type: number
  readonly isInterlaced: boolean
  /** [red, green, blue] of each colour. */
  readonly palette: readonly Uint8Array[]
  /** The chunk tRNS: alpha of the palette's colours, or the one colour that is transparent, in samples of 16 bits. */
  readonly transparent: Uint8Array | undefined
  readonly data: Uint8Array
}

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte)

/** Its size and channels, without decoding it. @throws UserError naming the file if it is damaged */
export function pngSize(bytes: Uint8Array, path: string): PictureSize {
  const { width, height, ...parts } = readParts(bytes, path)
  return { channels: isGrey(parts) ? 1 : 3, height, width }
}

/** @throws UserError naming the file if it is damaged, has transparent pixels, or is absurdly large */
export function decodePng(bytes: Uint8Array, path: string): Picture {
  const parts = readParts(bytes, path)
  const { width, height, depth, palette, transparent } = parts
  const { samples: perPixel, alpha } = types[parts.type]
  const samples = readSamples(parts, path)
  const largest = 2 ** depth - 1
  const pixels = width * height
  const channels = isGrey(parts) ? 1 : 3
  const values = new Uint8Array(channels * pixels)
  const refuseAlpha = (at: number) => {
    const where = `pixel ${at % width}, ${Math.floor(at / width)}`
    return badFile(`${path} is transparent at ${where}: save it without transparency`)
  }
  for (let at = 0; at < pixels; at++) {
    const first = at * perPixel
    if (parts.type === PALETTE) {
      const index = samples[first]
      if (index >= palette.length) throw damaged(path, `its palette has no colour ${index}`)
      if ((transparent?.[index] ?? 255) < 255) throw refuseAlpha(at)
      for (let c = 0; c < channels; c++) values[c * pixels + at] = palette[index][c]
      continue
    }
    if (alpha ? samples[first + perPixel - 1] < largest : isColour(samples, first, perPixel, transparent)) {
      throw refuseAlpha(at)
    }
    for (let c = 0; c < channels; c++) values[c * pixels + at] = Math.round((samples[first + c] * 255) / largest)
  }
  return { size: { channels, height, width }, values }
}

/** Whether the pixel is of the colour that a picture without alpha calls transparent. */
function isColour(samples: Uint16Array, first: number, perPixel: number, colour: Uint8Array | undefined): boolean {
  if (colour === undefined) return false
  for (let c = 0; c < perPixel; c++) {
    if (samples[first + c] !== ((colour[2 * c] << 8) | colour[2 * c + 1])) return false
  }
  return true
}

const isGrey = ({ type, palette }: Pick<Parts, 'type' | 'palette'>): boolean =>
  type === PALETTE ? palette.every(([red, green, blue]) => red === green && green === blue) : types[type].samples < 3

function readParts(bytes: Uint8Array, path: string): Parts {
  const chunks = readChunks(bytes, path)
  const [head] = chunks
  if (head?.name !== 'IHDR' || head.content.length !== 13) throw damaged(path, 'it has no header')
  const view = new DataView(head.content.buffer, head.content.byteOffset)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, type, compression, filter, interlace] = head.content.subarray(8)
  const known = types[type]
  if (!known?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(path, 'its header says what no PNG has')
  }
  if (width === 0 || height === 0) throw damaged(path, 'it has no pixels')
  if (width * height > MAX_PIXELS) {
    throw badFile(`${path} has ${width} × ${height} pixels: at most ${MAX_PIXELS} are read, make it smaller`)
  }
  const named = (name: string) => chunks.filter((chunk) => chunk.name === name).map(({ content }) => content)
  const colours = concatenate(named('PLTE'))
  if (type === PALETTE && (colours.length === 0 || colours.length % 3 !== 0)) throw damaged(path, 'it has no palette')
  return {
    ...{ width, height, depth, type, isInterlaced: interlace === 1 },
    palette: Array.from({ length: Math.floor(colours.length / 3) }, (_, i) => colours.subarray(3 * i, 3 * i + 3)),
    transparent: named('tRNS')[0],
    data: concatenate(named('IDAT')),
  }
}

interface Chunk {
  readonly name: string
  readonly content: Uint8Array
}

function readChunks(bytes: Uint8Array, path: string): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const chunks: Chunk[] = []
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at)
    const end = at + 8 + length
    if (end + 4 > bytes.length) break
    const name = toLatin1(bytes.subarray(at + 4, at + 8))
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end))
      throw damaged(path, `the checksum of ${name} is wrong`)
    if (name === 'IEND') return chunks
    chunks.push({ name, content: bytes.subarray(at + 8, end) })
    at = end + 4
  }
  throw damaged(path, 'it is cut short')
}

/** Samples as they are stored: pixel by pixel, row by row. */
function readSamples(parts: Parts, path: string): Uint16Array {
  const { width, height, depth, data, type } = parts
  const { samples: perPixel } = types[type]
  const passes = (parts.isInterlaced ? adam7 : [[0, 0, 1, 1] as const]).flatMap(([x, y, stepX, stepY]) => {
    const [columns, rows] = [Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)]
    return columns > 0 && rows > 0 ? [{ x, y, stepX, stepY, columns, rows }] : []
  })
  const rowBytes = (columns: number) => Math.ceil((columns * perPixel * depth) / 8)
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytes(columns)), 0)
  const raw = uncompress(data, size)
  if (!raw) throw damaged(path, 'its pixels cannot be uncompressed')
  const samples = new Uint16Array(width * height * perPixel)
  let at = 0
  for (const { x, y, stepX, stepY, columns, rows } of passes) {
    let previous: Uint8Array = new Uint8Array(rowBytes(columns))
    for (let row = 0; row < rows; row++) {
      const line = raw.subarray(at + 1, at + 1 + previous.length)
      if (!unfilter(raw[at], line, previous, Math.max(1, (perPixel * depth) / 8))) {
        throw damaged(path, `a row has filter ${raw[at]}`)
      }
      for (let i = 0; i < columns * perPixel; i++) {
        const pixel = (y + row * stepY) * width + x + Math.floor(i / perPixel) * stepX
        samples[pixel * perPixel + (i % perPixel)] = sampleAt(line, i, depth)
      }
      previous = line
      at += 1 + line.length
    }
  }
  return samples
}

function uncompress(data: Uint8Array, size: number): Uint8Array | undefined {
  if (size > MOST_RATIO * data.length) return undefined
  try {
    // with room for one more byte, which content of another size fills
    const raw = unzlibSync(data, { out: new Uint8Array(size + 1) })
    return raw.length === size ? raw : undefined
  } catch {
    return undefined
  }
}

function sampleAt(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index]
  if (depth === 16) return (line[2 * index] << 8) | line[2 * index + 1]
  const bit = index * depth
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}

/** What a row's filter took from each byte, out of the bytes to the left, above, and above to the left. */
const filters: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
]

/** Undoes a row's filter in place. @param back bytes to the same sample of the pixel before @returns false for no filter */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, back: number): boolean {
  const taken = filters[filter]
  if (!taken) return false
  for (let i = 0; i < line.length; i++) {
    line[i] += i < back ? taken(0, above[i], 0) : taken(line[i - back], above[i], above[i - back])
  }
  return true
}

/** Whichever of the three is nearest to left + above − corner; of equals the first. */
function paeth(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? above : corner
}

const damaged = (path: string, what: string): UserError => badFile(`${path} is not a valid PNG: ${what}`)
