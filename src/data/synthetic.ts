/**
 * Synthetic digits: a small stand-in for MNIST that needs no files, for demos and tests.
 * Each image is a glyph whose control points are shaken, which is then turned, sheared, scaled and moved, drawn with a
 * pen of random width and brightness, and covered with a little noise.
 */
import { requireWhole } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { sharedBytes } from '../base/shared-memory.ts'
import type { Dataset, Split } from './dataset.ts'
import { type Stroke, glyphs } from './glyphs.ts'

/** Height and width of an image. */
const SIZE = 28
/** Straight pieces that a smooth stroke has between two control points. */
const PIECES = 5

/**
 * Grey images of 28 × 28 pixels in 10 classes, bright strokes on a dark background.
 * Image i depends on `seed`, `split` and i alone, so a larger set begins with the smaller ones. The classes come in
 * random order and equal in probability, not in number.
 * @param count how many images, from 0
 * @throws UserError for another count
 */
export function syntheticDigits(count: number, seed: number, split: Split): Dataset {
  requireWhole('the number of images', count, 0, 2 ** 20)
  const images = sharedBytes(count * SIZE * SIZE)
  const labels = sharedBytes(count)
  const distances = new Float64Array(SIZE * SIZE)
  for (let i = 0; i < count; i++) {
    const random = new Random(seed, 'synthetic', split, i)
    const digit = random.integer(glyphs.length)
    labels[i] = digit
    const styles = glyphs[digit]
    drawGlyph(styles[random.integer(styles.length)], random, distances)
    ink(distances, random, images.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE))
  }
  return { name: 'synthetic', shape: { channels: 1, height: SIZE, width: SIZE }, classes: 10, images, labels, count }
}

const drawn: Partial<Record<'train' | 'test', Dataset>> = {}

/**
 * The data set that is named 'synthetic', the same for everyone: 6000 training and 1000 test images. Each part is drawn
 * once, which takes a second.
 */
export const syntheticPart = (part: 'train' | 'test'): Dataset =>
  (drawn[part] ??= syntheticDigits(part === 'train' ? 6000 : 1000, 0, part))

/** Fills `distances` with the squared distance of every pixel to the nearest stroke, Infinity if that is far. */
function drawGlyph(strokes: readonly Stroke[], random: Random, distances: Float64Array): void {
  const toPixels = randomAffine(random)
  distances.fill(Infinity)
  for (const { smooth, points } of strokes) {
    const controls: number[] = []
    for (let p = 0; p < points.length; p += 2) {
      const x = points[p] + 0.035 * random.normal()
      const y = points[p + 1] + 0.03 * random.normal()
      controls.push(...toPixels(x, y))
    }
    const path = smooth ? catmullRom(controls) : controls
    for (let p = 2; p < path.length; p += 2) {
      drawSegment(path, p - 2, distances)
    }
  }
}

/** A random map from the glyph's unit box to pixel coordinates, near the image's middle. */
function randomAffine(random: Random): (x: number, y: number) => [number, number] {
  const angle = random.between(-0.3, 0.3)
  const shear = random.between(-0.3, 0.3)
  const width = random.between(9.5, 16)
  const height = random.between(15.5, 20.5)
  const centreX = (SIZE - 1) / 2 + random.between(-2.4, 2.4)
  const centreY = (SIZE - 1) / 2 + random.between(-2.4, 2.4)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return (x, y) => {
    const v = (y - 0.5) * height
    const u = (x - 0.5) * width - shear * v
    return [centreX + cos * u - sin * v, centreY + sin * u + cos * v]
  }
}

/** Points along the Catmull–Rom spline through the control points, x and y by turns. */
function catmullRom(controls: readonly number[]): number[] {
  const last = controls.length / 2 - 1
  const path = controls.slice(0, 2)
  for (let p = 0; p < last; p++) {
    for (let piece = 1; piece <= PIECES; piece++) {
      const t = piece / PIECES
      for (const axis of [0, 1]) {
        const at = (q: number) => controls[2 * Math.min(last, Math.max(0, q)) + axis]
        const [a, b, c, d] = [at(p - 1), at(p), at(p + 1), at(p + 2)]
        path.push(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
      }
    }
  }
  return path
}

/** Widest pen's reach in pixels: half its width and its soft edge. */
const REACH = 3

/**
 * Lowers the squared distances of the pixels within `REACH` of a segment of a path.
 * @param start where its two points (x0, y0) and (x1, y1) begin in the path
 */
function drawSegment(path: readonly number[], start: number, distances: Float64Array): void {
  const [x0, y0, x1, y1] = path.slice(start, start + 4) as [number, number, number, number]
  const [dx, dy] = [x1 - x0, y1 - y0]
  const perLength = 1 / Math.max(dx * dx + dy * dy, 1e-12)
  const right = Math.min(SIZE - 1, Math.max(x0, x1) + REACH)
  const bottom = Math.min(SIZE - 1, Math.max(y0, y1) + REACH)
  for (let y = Math.max(0, Math.ceil(Math.min(y0, y1) - REACH)); y <= bottom; y++) {
    for (let x = Math.max(0, Math.ceil(Math.min(x0, x1) - REACH)); x <= right; x++) {
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * perLength))
      const [ex, ey] = [x - x0 - along * dx, y - y0 - along * dy]
      const squared = ex * ex + ey * ey
      if (squared < distances[y * SIZE + x]) distances[y * SIZE + x] = squared
    }
  }
}

/**
 * Turns distances into brightness: a pen 2.4 to 4 pixels wide with a soft edge, and noise of at most 0.05 that
 * lightens the dark and darkens the bright.
 */
function ink(distances: Float64Array, random: Random, image: Uint8Array): void {
  const radius = random.between(1.2, 2)
  const edge = random.between(0.9, 1.6)
  const brightness = random.between(0.85, 1)
  const noise = random.between(0.01, 0.05)
  for (let i = 0; i < image.length; i++) {
    const coverage = Math.min(1, Math.max(0, 0.5 + (radius - Math.sqrt(distances[i])) / edge))
    const value = brightness * coverage + noise * (random.uniform() - (coverage > 0.5 ? 1 : 0))
    image[i] = Math.round(255 * Math.min(1, Math.max(0, value)))
  }
}
