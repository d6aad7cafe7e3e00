/** Images as PNG files, for people to look at. */
import { PNG } from 'pngjs'
import { type Shape, formatShape, sizeOf } from '../model/layers.ts'
import { writeFileAtomic } from '../node/atomic.ts'

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
  const colorType = channels === 1 ? 0 : 2
  const png = new PNG({ width: width * scale, height: height * scale })
  png.data = Buffer.alloc(png.width * png.height * channels)
  let at = 0
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const pixel = Math.floor(y / scale) * width + Math.floor(x / scale)
      for (let c = 0; c < channels; c++) png.data[at++] = toByte(values[c * height * width + pixel])
    }
  }
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false })
}

/** Writes `encodePng`'s picture. @throws UserError if the file cannot be written */
export function writePng(path: string, shape: Shape, values: ArrayLike<number>, scale = 1): void {
  writeFileAtomic(path, encodePng(shape, values, scale))
}

function unitToByte(value: number): number {
  if (Number.isNaN(value)) throw new RangeError('an image cannot hold NaN')
  return Math.round(Math.min(1, Math.max(0, value)) * 255)
}
