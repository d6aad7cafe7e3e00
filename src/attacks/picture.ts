/**
 * Pictures of adversarial examples: an image, its change and what it becomes, side by side on white, as the gallery of a
 * report has them. Below each stands what it is.
 */
import { GLYPH_HEIGHT, inkOf, roomFor } from '../formats/pixel-text.ts'
import { type Shape, sizeOf } from '../model/layers.ts'

/** Pixels of the picture: the least width of an image, what is between images, and around text. */
const [LEAST_WIDTH, GAP] = [112, 8]
const TEXT_SCALE = 2
const LINE = GLYPH_HEIGHT * TEXT_SCALE + 4

export interface Comparison {
  /** Of an image. */
  readonly shape: Shape
  /** Pixels, [channel][y][x]; the picture's writer clamps those outside [0, 1]. */
  readonly image: ArrayLike<number>
  readonly adversarial: ArrayLike<number>
  /** Names of classes: of the image, and what the network takes the adversarial one for. */
  readonly label: string
  readonly prediction: string
}

/** Each pixel of an image is a square of the picture, so large that there is room for text. */
export function comparison({ shape, image, adversarial, label, prediction }: Comparison): {
  readonly shape: Shape
  readonly values: Float32Array
} {
  const scale = Math.max(1, Math.ceil(LEAST_WIDTH / shape.width))
  const [width, height] = [scale * shape.width, scale * shape.height]
  const whole = { channels: shape.channels, height: height + GAP / 2 + 2 * LINE, width: 3 * width + 2 * GAP }
  const values = new Float32Array(sizeOf(whole)).fill(1)
  const change = largestChange(image, adversarial)
  const panels = [
    { values: image, lines: ['image', label] },
    { values: amplified(image, adversarial), lines: ['change', `±${Number(change.toPrecision(2))}`] },
    { values: adversarial, lines: ['taken for', prediction] },
  ]
  for (const [i, panel] of panels.entries()) {
    const left = i * (width + GAP)
    draw({ shape: whole, values }, left, scale, { shape, values: panel.values })
    for (const [line, text] of panel.lines.entries()) {
      const top = height + GAP / 2 + line * LINE
      const short = [...text].slice(0, roomFor(width, TEXT_SCALE)).join('')
      for (const { x, y } of inkOf(short, TEXT_SCALE)) {
        for (let c = 0; c < whole.channels; c++) values[(c * whole.height + top + y) * whole.width + left + x] = 0
      }
    }
  }
  return { shape: whole, values }
}

/** Middle grey where nothing changes; the largest change is black or white. */
export function amplified(image: ArrayLike<number>, changed: ArrayLike<number>): Float32Array {
  const largest = largestChange(image, changed)
  return Float32Array.from(image, (value, i) => (largest > 0 ? 0.5 + (changed[i] - value) / (2 * largest) : 0.5))
}

function largestChange(image: ArrayLike<number>, changed: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < image.length; i++) largest = Math.max(largest, Math.abs(changed[i] - image[i]))
  return largest
}

interface Picture<Values> {
  readonly shape: Shape
  readonly values: Values
}

/** Draws an image at the top of a picture, enlarged. */
function draw(onto: Picture<Float32Array>, left: number, scale: number, { shape, values }: Picture<ArrayLike<number>>) {
  const { channels, height, width } = shape
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < scale * height; y++) {
      const [to, from] = [
        (c * onto.shape.height + y) * onto.shape.width + left,
        (c * height + Math.floor(y / scale)) * width,
      ]
      for (let x = 0; x < scale * width; x++) onto.values[to + x] = values[from + Math.floor(x / scale)]
    }
  }
}
