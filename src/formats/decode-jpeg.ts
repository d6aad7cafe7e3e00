/**
 * JPEG files to pixels: baseline and progressive, grey or colour (YCbCr, JFIF), by jpeg-js. Chroma of fewer samples is
 * repeated, not smoothed. What Exif says of the orientation is ignored, as most readers of data sets do.
 * Source: ITU-T T.81; JFIF, ITU-T T.871
 */
import { decode } from 'jpeg-js'
import { type UserError, badFile } from '../base/errors.ts'
import type { Picture, PictureSize } from './picture.ts'

/** Baseline, extended and progressive, all by Huffman codes. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2])
/** Frames of other kinds: lossless, hierarchical, arithmetic codes. */
const OTHER_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])
const [SCAN, END] = [0xda, 0xd9]
/** More is no picture for a network, and no file can exhaust the memory. */
const [MEGAPIXELS, MEGABYTES] = [16, 512]

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff

/** Its size and channels, without decoding it. @throws UserError naming the file if it is damaged, or of another kind */
export function jpegSize(bytes: Uint8Array, path: string): PictureSize {
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged(path, 'it is no sequence of segments')
    const marker = bytes[at + 1]
    if (marker === 0xff) {
      at++
      continue
    }
    if (OTHER_FRAMES.has(marker)) {
      throw badFile(
        `${path} is a JPEG of a rare kind (lossless, or of arithmetic codes): save it as an ordinary JPEG or PNG`,
      )
    }
    if (FRAMES.has(marker)) return frameSize(bytes.subarray(at + 4), path)
    if (marker === SCAN || marker === END) break
    at += 2 + ((bytes[at + 2] << 8) | bytes[at + 3])
  }
  throw damaged(path, 'it has no picture')
}

function frameSize(frame: Uint8Array, path: string): PictureSize {
  if (frame.length < 6) throw damaged(path, 'it is cut short')
  const [height, width] = [(frame[1] << 8) | frame[2], (frame[3] << 8) | frame[4]]
  const [precision, components] = [frame[0], frame[5]]
  if (precision !== 8) throw badFile(`${path} is a JPEG of ${precision} bits: save it with 8 bits`)
  if (height === 0 || width === 0) throw damaged(path, 'it has no pixels')
  if (components === 4) throw badFile(`${path} is a JPEG in CMYK, which is for printing: save it in RGB`)
  if (components !== 1 && components !== 3) throw damaged(path, `it has ${components} components`)
  return { channels: components, height, width }
}

/** @throws UserError naming the file if it is damaged, in CMYK, of a rare kind, or absurdly large */
export function decodeJpeg(bytes: Uint8Array, path: string): Picture {
  const size = jpegSize(bytes, path)
  const { channels, height, width } = size
  const data = pixelsOf(bytes, path)
  const pixels = width * height
  if (data.length !== 3 * pixels) throw damaged(path, 'it holds several pictures')
  const values = new Uint8Array(channels * pixels)
  for (let at = 0; at < pixels; at++) {
    for (let c = 0; c < channels; c++) values[c * pixels + at] = data[3 * at + c]
  }
  return { size, values }
}

/** Red, green and blue of each pixel; all the same of grey ones. */
function pixelsOf(bytes: Uint8Array, path: string): Uint8Array {
  try {
    return decode(bytes, {
      ...{ useTArray: true, formatAsRGBA: false, tolerantDecoding: false },
      ...{ maxResolutionInMP: MEGAPIXELS, maxMemoryUsageInMB: MEGABYTES },
    }).data
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message.split('\n')[0] : String(error))
  }
}

const damaged = (path: string, what: string): UserError => badFile(`${path} is not a valid JPEG: ${what}`)
