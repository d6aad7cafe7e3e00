/**
 * A data set on the device, and the pass that takes a micro-batch of it: example e is image order[step.first + e], changed
 * as src/data/augment.ts changes it, normalised, with the ball around it. Which change it is comes from Philox, by
 * `step.augmentSeed` and the image's index, so that it does not depend on micro-batches.
 */
import { type Shape, sizeOf } from '../../model/layers.ts'
import { type DeviceBall, type ImageUnits, type Normalisation, ballText } from './balls.ts'
import type { Batch } from './batch.ts'
import type { Gpu } from './gpu.ts'
import { type Use, read, update, write } from './kernel.ts'
import { perChannel } from './literals.ts'
import type { Plan, Target } from './plan.ts'
import { randomFunctions, streamOf } from './random.ts'
import { Values } from './values.ts'

/** Images in memory, as src/data/dataset.ts has them. */
export interface StoredImages {
  readonly name: string
  readonly shape: Shape
  /** count × channels · height · width: a byte stands for byte / 255, a float for itself. */
  readonly images: Uint8Array | Float32Array
  readonly labels: Uint8Array
  readonly count: number
}

/** Images that one binding holds, each followed by its label. */
interface Part {
  readonly first: number
  readonly count: number
  /** u32: [image][words of its values, then its label]. */
  readonly values: Values
}

/** Bytes that are written at once. */
const AT_ONCE = 2 ** 24

/** A data set on the device: bytes lie four to a word. What is larger than a binding falls into parts. */
export class DeviceImages {
  readonly shape: Shape
  readonly count: number
  readonly parts: readonly Part[]
  readonly areBytes: boolean
  /** Words of an image with its label. */
  readonly words: number
  readonly #stored: StoredImages

  constructor({ largestBinding }: Pick<Target, 'largestBinding'>, stored: StoredImages) {
    const { name, shape, images, count } = stored
    this.#stored = stored
    this.shape = shape
    this.count = count
    this.areBytes = images instanceof Uint8Array
    const size = sizeOf(shape)
    this.words = (this.areBytes ? Math.ceil(size / 4) : size) + 1
    const most = Math.floor(largestBinding / 4 / this.words)
    this.parts = Array.from({ length: Math.ceil(count / most) }, (_, p) => {
      const first = p * most
      const some = Math.min(most, count - first)
      return { first, count: some, values: keptOf(`images of ${name}`, some * this.words) }
    })
  }

  /** Copies the images to the device, once. */
  write(gpu: Gpu): void {
    const { images, labels } = this.#stored
    const size = sizeOf(this.shape)
    const run = Math.max(1, Math.floor(AT_ONCE / 4 / this.words))
    for (const { first, count, values } of this.parts) {
      for (let start = 0; start < count; start += run) {
        const some = Math.min(run, count - start)
        const words = new Uint32Array(some * this.words)
        const cells = this.areBytes ? new Uint8Array(words.buffer) : new Float32Array(words.buffer)
        for (let i = 0; i < some; i++) {
          const index = first + start + i
          const at = i * this.words
          cells.set(images.subarray(index * size, (index + 1) * size), this.areBytes ? 4 * at : at)
          words[at + this.words - 1] = labels[index]
        }
        gpu.write(values, words, start * this.words)
      }
    }
  }
}

const keptOf = (name: string, length: number) =>
  new Values({ name, length, isKept: true }, false, () => {
    throw new RangeError(`${name} have no gradient`)
  })

/** How images move in training: mirrored or not, and by how many pixels at most in each direction. */
export interface Moves {
  readonly flips: boolean
  readonly most: number
}

export interface Loading {
  readonly images: DeviceImages
  /** Kept u32: the epoch's permutation of the images. */
  readonly order: Values
  readonly batch: Batch
  readonly moves: Moves
  readonly normalisation: Normalisation
  readonly ball: DeviceBall
}

export interface LoadedBatch {
  /** Index of the image, u32 [stride]. */
  readonly identifiers: Values
  /** u32 [stride]. */
  readonly labels: Values
  /** Normalised images, [input][stride]. */
  readonly pixels: Values
  /** Balls of radius `step.epsilon`, cut to the domain: centre, then radius, [2][input][stride]. */
  readonly box: Values
}

/** Loads a micro-batch in one dispatch per part of the images. Examples from `step.count` on are zeros of label 0. */
export function loadBatch(plan: Plan, loading: Loading): LoadedBatch {
  const { images, order, batch, ball } = loading
  const { stride } = batch
  const length = sizeOf(images.shape) * stride
  const loaded = {
    identifiers: plan.values('identifiers', stride),
    labels: plan.values('labels', stride),
    pixels: plan.values('images', length),
    box: plan.values('balls', 2 * length),
  }
  images.parts.forEach((part, p) => {
    // the first one writes everything, those after it what is theirs
    const into = (values: Values, type: Use['type'] = 'f32') => (p === 0 ? write(values, type) : update(values, type))
    plan.each(
      'load images',
      length,
      {
        ...{ stored: read(part.values, 'u32'), order: read(order, 'u32') },
        ...(ball.shares && { shares: read(ball.shares) }),
        ...{ identifiers: into(loaded.identifiers, 'u32'), labels: into(loaded.labels, 'u32') },
        ...{ pixels: into(loaded.pixels), box: into(loaded.box) },
      },
      loadText(loading, part),
      loadDeclarations(loading),
    )
  })
  return loaded
}

function loadText({ images: { shape, words }, batch: { stride }, order }: Loading, part: Part): string {
  const { height, width } = shape
  const length = sizeOf(shape) * stride
  return `  let e = i % ${stride}u;
  let j = i / ${stride}u;
  var identifier = 0u;
  var label = 0u;
  var pixel = 0.0;
  var ball = vec2f(0.0);
  if (e < step.count) {
    identifier = order[min(step.first + e, ${order.length - 1}u)];
    let at = identifier - ${part.first}u;
    if (at < ${part.count}u) {
      let y = (j / ${width}u) % ${height}u;
      let x = j % ${width}u;
      let first = at * ${words}u;
      label = stored[first + ${words - 1}u];
      pixel = normalised(moved(identifier, first, j / ${height * width}u, y, x), j / ${height * width}u);
      ball = ballAround(pixel, j);
    }${part.first > 0 ? ' else { return; }' : ''}
  }${part.first > 0 ? ' else { return; }' : ''}
  pixels[i] = pixel;
  box[i] = ball.x;
  box[i + ${length}u] = ball.y;
  if (j == 0u) { identifiers[e] = identifier; labels[e] = label; }`
}

/** WGSL of `moved`, the pixel at a place once the image has moved, `normalised` and `ballAround`. */
function loadDeclarations({ images: { shape, areBytes }, moves, normalisation, ball, batch }: Loading): string {
  const { height, width } = shape
  const units: ImageUnits = { shape, normalisation, batch }
  const stored = areBytes
    ? 'f32((stored[first + p / 4u] >> (8u * (p % 4u))) & 255u) / 255.0'
    : 'bitcast<f32>(stored[first + p])'
  const range = 2 * moves.most + 1
  return `${moves.flips || moves.most > 0 ? randomFunctions : ''}
${perChannel(
  'meanOf',
  normalisation.map(({ mean }) => mean),
)}
${perChannel(
  'deviationOf',
  normalisation.map(({ deviation }) => deviation),
)}
${ballText(ball, units)}
fn normalised(pixel: f32, c: u32) -> f32 { return (pixel - meanOf(c)) / deviationOf(c); }
fn moved(identifier: u32, first: u32, c: u32, y: u32, x: u32) -> f32 {
  var place = vec2u(y, x);
  ${moves.flips || moves.most > 0 ? `let bits = philox(vec2u(step.augmentSeed, ${streamOf('augment')}u), vec4u(identifier, 0u, 0u, 0u));` : ''}
  ${
    moves.most > 0
      ? `place = vec2u(vec2i(place) + vec2i(((bits.yz >> vec2u(16u)) * ${range}u) >> vec2u(16u)) - ${moves.most});
  if (place.x >= ${height}u || place.y >= ${width}u) { return 0.0; }`
      : ''
  }
  ${moves.flips ? `if ((bits.x & 1u) == 1u) { place.y = ${width - 1}u - place.y; }` : ''}
  let p = (c * ${height}u + place.x) * ${width}u + place.y;
  return ${stored};
}`
}
