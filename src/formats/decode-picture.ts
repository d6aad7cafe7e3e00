/** Picture files to pixels, whatever the format: it is told by how a file begins, not by its name. */
import { badFile } from '../base/errors.ts'
import { fromLatin1 } from './bytes.ts'
import type { Picture, PictureSize } from './picture.ts'
import { decodeJpeg, isJpeg, jpegSize } from './decode-jpeg.ts'
import { decodePng, isPng, pngSize } from './decode-png.ts'

/** How names of pictures end. */
export const pictureExtensions = ['.png', '.jpg', '.jpeg'] as const

/** Size and channels, without decoding the pixels. @throws UserError naming the file if it is no picture, or is damaged */
export const pictureSize = (bytes: Uint8Array, path: string): PictureSize => decoderOf(bytes, path).size(bytes, path)

/** @throws UserError naming the file if it is no picture that is read, is damaged, or has transparent pixels */
export const decodePicture = (bytes: Uint8Array, path: string): Picture => decoderOf(bytes, path).decode(bytes, path)

const decoders = [
  { fits: isPng, size: pngSize, decode: decodePng },
  { fits: isJpeg, size: jpegSize, decode: decodeJpeg },
]

/** Others that may be called .png. */
const others: readonly (readonly [is: string, start: string])[] = [
  ['a GIF', 'GIF8'],
  ['a BMP', 'BM'],
  ['a WebP', 'RIFF'],
  ['a TIFF', 'II*\0'],
  ['a TIFF', 'MM\0*'],
]

function decoderOf(bytes: Uint8Array, path: string) {
  const decoder = decoders.find(({ fits }) => fits(bytes))
  if (decoder) return decoder
  const other = others.find(([, start]) => fromLatin1(start).every((byte, i) => bytes[i] === byte))
  throw badFile(`${path} is ${other?.[0] ?? 'not a picture'}: give PNG or JPEG files`)
}
