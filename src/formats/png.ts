/**
 * Images as PNG files, for people to look at: 8 bits a channel, no filter.
 * Source: https://www.w3.org/TR/png/
 */
import { zlibSync } from 'fflate'
import { type Shape, formatShape, sizeOf } from '../model/layers.ts'
import { concatenate, fromLatin1 } from './bytes.ts'
import { crc32 } from './crc32.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const [GREY, RGB] = [0, 2]

/**
 * A grey (1 channel) or RGB (3 channels) PNG.
 * @param values in the order channel, row, column: bytes (0 to 255) of a Uint8Array; else numbers in [0, 1], where
 *   those outside are clamped
 * @param scale each pixel becomes a square of scale × scale pixels; a whole number from 1
 * @throws RangeError for another number of channels or of values, for NaN, or for another scale
 */
export function encodePng(shape: Shape, values: ArrayLike<number>, scale = 1): Uint8Array {
  const { channels, height, width } = shape
  if (channels !== 1 && channels !== 3) throw new RangeError(`a PNG has 1 or 3 channels, not ${channels}`)
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`${values.length} values do not make an image of ${formatShape(shape)}`)
  }
  if (!Number.isInteger(scale) || scale < 1)
    throw new RangeError(`the scale must be a whole number from 1, not ${scale}`)
  const toByte = values instanceof Uint8Array ? (value: number) => value : unitToByte
  const rowBytes = 1 + width * scale * channels
  // every row begins with the filter that it went through: 0, none
  const rows = new Uint8Array(height * scale * rowBytes)
  for (let y = 0; y < height * scale; y++) {
    let at = y * rowBytes + 1
    for (let x = 0; x < width * scale; x++) {
      const pixel = Math.floor(y / scale) * width + Math.floor(x / scale)
      for (let c = 0; c < channels; c++) rows[at++] = toByte(values[c * height * width + pixel])
    }
  }
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width * scale)
  view.setUint32(4, height * scale)
  header.set([8, channels === 1 ? GREY : RGB], 8)
  const chunks = [chunk('IHDR', header), chunk('IDAT', zlibSync(rows, { level: 9 })), chunk('IEND', new Uint8Array())]
  return concatenate([SIGNATURE, ...chunks])
}

/** A part of a PNG file: its length, its name, its content, and the checksum of name and content. */
export function chunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, content.length)
  bytes.set(fromLatin1(name), 4)
  bytes.set(content, 8)
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)))
  return bytes
}

function unitToByte(value: number): number {
  if (Number.isNaN(value)) throw new RangeError('an image cannot hold NaN')
  return Math.round(Math.min(1, Math.max(0, value)) * 255)
}
