/**
 * What the Square attack paints in ℓ2 balls: bumps, one half up and one down, whose height falls off from their middles.
 *
 *   η(s): Σ_k 1/(k + 1)² over rectangles that grow by a pixel on each side, in two halves of opposite signs, of length 1
 *
 * Coordinates are those of the unit ball. Source: Andriushchenko et al. 2020, Equation 2 and Algorithm 3.
 */
import type { Random } from '../base/random.ts'
import type { Shape } from '../model/layers.ts'

/** A start: bumps over all of the image in tiles of a fifth of its height, and of length 1 together. */
export function tiles(shape: Shape, random: Random): Float64Array {
  const { channels, height, width } = shape
  const point = new Float64Array(channels * height * width)
  const side = Math.min(width, Math.max(1, Math.floor(height / 5)))
  for (let top = 0; top + side <= height; top += side) {
    for (let left = 0; left + side <= width; left += side) {
      const bump = bumpOf(side, random)
      const signs = signsOf(channels, random)
      const window = { top, left, side }
      eachOf(window, shape, (at, inWindow, c) => (point[at] = signs[c]! * bump[inWindow]!))
    }
  }
  return scaled(point, 1)
}

/**
 * The second window is emptied. The first gets a bump beside what it had; its length is that of both windows before, and
 * of what the ball leaves unused, an equal part for each channel. Then all is stretched to the ball's surface.
 */
export function repaintedL2(best: Float64Array, shape: Shape, share: number, random: Random): Float64Array {
  const { channels, height, width } = shape
  const wanted = Math.max(3, Math.round(Math.sqrt(share * height * width))) | 1
  const room = Math.min(height, width)
  const side = Math.min(wanted, room % 2 === 0 ? room - 1 : room)
  const somewhere = () => ({ top: random.integer(height - side + 1), left: random.integer(width - side + 1), side })
  const [filled, emptied] = [somewhere(), somewhere()]
  const bump = bumpOf(side, random)
  const signs = signsOf(channels, random)
  const unused = Math.max(0, 1 - sumOfSquares(best)) / channels
  const fresh = Array.from({ length: channels }, () => new Float64Array(side * side))
  const lengths = new Float64Array(channels)
  eachOf(filled, shape, (at, _, c) => (lengths[c] = lengths[c]! + best[at]! ** 2))
  eachOf(filled, shape, (at, i, c) => {
    fresh[c]![i] = signs[c]! * bump[i]! + (lengths[c]! > 0 ? best[at]! / Math.sqrt(lengths[c]!) : 0)
  })
  const point = best.slice()
  for (const window of [filled, emptied]) eachOf(window, shape, (at) => (point[at] = 0))
  // what both windows held, each value once
  const held = new Float64Array(channels)
  const area = height * width
  best.forEach((value, at) => {
    const c = Math.floor(at / area)
    if (point[at] === 0) held[c] = held[c]! + value ** 2
  })
  fresh.forEach((values, c) => scaled(values, Math.sqrt(unused + held[c]!)))
  eachOf(filled, shape, (at, i, c) => (point[at] = fresh[c]![i]!))
  return scaled(point, 1)
}

interface Window {
  readonly top: number
  readonly left: number
  readonly side: number
}

function eachOf(
  { top, left, side }: Window,
  { channels, height, width }: Shape,
  visit: (at: number, inWindow: number, channel: number) => void,
): void {
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < side * side; i++) {
      visit((c * height + top + Math.floor(i / side)) * width + left + (i % side), i, c)
    }
  }
}

const signsOf = (channels: number, random: Random) => Float64Array.from({ length: channels }, () => random.sign())

/** η(side), on its side or upright: of length 1. */
export function bumpOf(side: number, random: Random): Float64Array {
  const half = side >> 1
  const values = new Float64Array(side * side)
  hill(half, side).forEach((height, i) => (values[i] = height))
  hill(side - half, side).forEach((height, i) => (values[half * side + i] = -height))
  scaled(values, 1)
  if (random.sign() < 0) return values
  return values.map((_, i) => values[(i % side) * side + Math.floor(i / side)]!)
}

/** Half of a bump, of length 1. */
function hill(rows: number, columns: number): Float64Array {
  const values = new Float64Array(rows * columns)
  const [middleRow, middleColumn] = [rows >> 1, columns >> 1]
  values.forEach((_, i) => {
    // the rectangle k holds what is at most k away from the middle
    const away = Math.max(Math.abs(Math.floor(i / columns) - middleRow), Math.abs((i % columns) - middleColumn))
    for (let k = away; k <= Math.max(middleRow, middleColumn); k++) values[i] = values[i]! + 1 / (k + 1) ** 2
  })
  return scaled(values, 1)
}

const sumOfSquares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0)

/** In place: to this length, unless it is all zeros. */
function scaled(values: Float64Array, length: number): Float64Array {
  const factor = length / Math.sqrt(sumOfSquares(values))
  if (Number.isFinite(factor)) values.forEach((value, i) => (values[i] = factor * value))
  return values
}
