/**
 * Random affine maps of images, for digits: other writers slant, stretch and turn theirs otherwise (Simard et al. 2003).
 */
import type { Random } from '../engine/random.ts'
import { type Shape, sizeOf } from '../networks/layers.ts'

/** Radians. */
const TURN = Math.PI / 18
const STRETCH = 0.1
const SLANT = 0.15
/** Pixels. */
const MOVE = 1.5

/**
 * Turns an image by up to 10 degrees, stretches each side by up to a tenth, slants it by up to 0.15 pixels per row, and moves it
 * by up to 1.5 pixels each way, all at once and uniformly at random. Values between pixels are interpolated linearly; black comes in
 * from outside.
 * @param image bytes of that shape, [channel][y][x]; left as they are
 */
export function distort(image: Uint8Array, { channels, height, width }: Shape, random: Random): Uint8Array {
  const within = (most: number) => random.between(-most, most)
  const [turn, wide, high, slant] = [within(TURN), 1 + within(STRETCH), 1 + within(STRETCH), within(SLANT)]
  const [right, down] = [within(MOVE), within(MOVE)]
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)]
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2]
  const distorted = new Uint8Array(sizeOf({ channels, height, width }))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // where in the image this pixel comes from
      const [dx, dy] = [x - middleX - right, y - middleY - down]
      const fromX = middleX + wide * (cosine * dx + sine * dy) + slant * dy
      const fromY = middleY + high * (cosine * dy - sine * dx)
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)]
      const [shareX, shareY] = [fromX - left, fromY - top]
      for (let c = 0; c < channels; c++) {
        const at = (j: number, i: number) =>
          i < 0 || j < 0 || i >= width || j >= height ? 0 : image[(c * height + j) * width + i]!
        const upper = (1 - shareX) * at(top, left) + shareX * at(top, left + 1)
        const lower = (1 - shareX) * at(top + 1, left) + shareX * at(top + 1, left + 1)
        distorted[(c * height + y) * width + x] = Math.round((1 - shareY) * upper + shareY * lower)
      }
    }
  }
  return distorted
}
