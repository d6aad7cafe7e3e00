/**
 * Random layers, windows and lists of active neurons in an engine's memory, and the float64 loops that the kernels are
 * held against. What a kernel must not read is NaN, what it must not write is checked to be untouched.
 */
import type { Blocks } from '../rows.ts'
import type { GeometryOptions } from '../device.ts'
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Engine } from './engine.ts'
import { activeNeurons } from './geometry.ts'
import { type ArenaBlocks, type ArenaGeometry, type ArenaNeurons, blocksOf } from './handles.ts'
import type { KernelVariant } from './kernels.ts'
import type { ArenaTensor } from './tensor.ts'
import type { Random } from '../../base/random.ts'

export const variants: readonly KernelVariant[] = ['simd', 'relaxed']

export const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)]

/** Normal numbers, some of them zero. */
export const normals = (random: Random, length: number): Float32Array =>
  Float32Array.from({ length }, () => (random.integer(8) === 0 ? 0 : random.normal()))

export interface LayerCase {
  readonly input: Shape
  readonly output: Shape
  readonly options: GeometryOptions
}

/** Channels 1 to 18, in groups or not, sizes 1 to 9, kernel 1 to 5, stride 1 to 3, padding 0 to 2; now and then a linear layer. */
export function randomLayer(random: Random, input?: Shape): LayerCase {
  for (;;) {
    const size = () => 1 + random.integer(9)
    const from =
      input ??
      (random.integer(5) === 0
        ? { channels: size(), height: 1, width: 1 }
        : { channels: size(), height: size(), width: size() })
    const channels = random.integer(4) ? size() : from.channels * (1 + random.integer(2))
    // few numbers divide both channel counts: half of the layers have groups if any can
    const groups = random.integer(2) ? (commonDivisors(from.channels, channels).at(-1 - random.integer(2)) ?? 1) : 1
    const windows = { kernel: 1 + random.integer(5), stride: 1 + random.integer(3), padding: random.integer(3) }
    const options = { ...windows, groups }
    const out = (n: number) => Math.floor((n + 2 * options.padding - options.kernel) / options.stride) + 1
    const output = { channels, height: out(from.height), width: out(from.width) }
    if (output.height >= 1 && output.width >= 1) return { input: from, output, options }
  }
}

const commonDivisors = (a: number, b: number): number[] =>
  Array.from({ length: Math.min(a, b) }, (_, i) => i + 1).filter((n) => a % n === 0 && b % n === 0)

/** Calls back for every weight that joins an output and an input neuron; indices are [channel][y][x]. */
export function forEachTap(
  { input, output, options }: LayerCase,
  visit: (out: number, input: number, weight: number) => void,
): void {
  const { kernel, stride, padding, groups } = options
  const perGroup = input.channels / groups
  for (let o = 0; o < output.channels; o++) {
    for (let y = 0; y < output.height; y++) {
      for (let x = 0; x < output.width; x++) {
        const first = Math.floor((o * groups) / output.channels) * perGroup
        for (let c = 0; c < perGroup; c++) {
          for (let ky = 0; ky < kernel; ky++) {
            for (let kx = 0; kx < kernel; kx++) {
              const [iy, ix] = [y * stride - padding + ky, x * stride - padding + kx]
              if (iy < 0 || iy >= input.height || ix < 0 || ix >= input.width) continue
              visit(
                (o * output.height + y) * output.width + x,
                ((first + c) * input.height + iy) * input.width + ix,
                ((o * perGroup + c) * kernel + ky) * kernel + kx,
              )
            }
          }
        }
      }
    }
  }
}

export const weightCount = ({ input, output, options }: LayerCase) =>
  (output.channels * input.channels * options.kernel ** 2) / options.groups

/** A layer in the engine's memory with its gradients. */
export interface LoadedLayer {
  readonly geometry: ArenaGeometry
  readonly weight: ArenaTensor
  readonly absoluteWeight: ArenaTensor
  readonly bias: ArenaTensor
  readonly absoluteBias: ArenaTensor
}

export function loadLayer(engine: Engine, layer: LayerCase, weights: Float32Array, bias: Float32Array): LoadedLayer {
  const absolute = (values: Float32Array) => engine.tensorFrom(values.map(Math.abs))
  return {
    geometry: engine.geometry(layer.input, layer.output, layer.options),
    weight: engine.tensorFrom(weights),
    bias: engine.tensorFrom(bias),
    absoluteWeight: absolute(weights),
    absoluteBias: absolute(bias),
  }
}

/** Which neurons are active, and the list of them in memory. */
export interface ActiveCase {
  readonly isActive: Uint8Array
  readonly list: ArenaNeurons
}

export function randomActive(engine: Engine, random: Random, shape: Shape): ActiveCase {
  const share = pick(random, [0, 0.1, 0.5, 0.9, 1])
  const isActive = Uint8Array.from({ length: sizeOf(shape) }, () => (random.uniform() < share ? 1 : 0))
  return { isActive, list: activeNeurons(engine, shape, engine.floatsFrom(isActive)) }
}

/**
 * Position blocks with 4 to 20 rows each at random positions of an shape; now and then the same position twice, or no rows.
 * @param like blocks to have as many rows as
 */
export function randomPositions(
  engine: Engine,
  random: Random,
  shape: Shape,
  like?: { readonly blockRows: Int32Array },
): ArenaBlocks & { readonly positions: Int32Array; readonly blockRows: Int32Array; readonly rows: number } {
  const count = like ? like.blockRows.length : 1 + random.integer(4)
  const positions = Int32Array.from({ length: count }, () => random.integer(shape.height * shape.width))
  const blockRows =
    like?.blockRows ??
    Int32Array.from({ length: count }, () => (random.integer(8) === 0 ? 0 : 4 * (1 + random.integer(5))))
  const rows = blockRows.reduce((a, b) => a + b, 0)
  return { ...engine.windows.positions(shape, positions, blockRows), positions, blockRows, rows }
}

/** Windows over an shape: single positions, or receptive fields of one or two layers above. */
export function randomWindows(
  engine: Engine,
  random: Random,
  shape: Shape,
  depth = random.integer(3),
): ArenaBlocks & { readonly rows: number } {
  if (depth === 0) return randomPositions(engine, random, shape)
  const above = randomLayer(random, shape)
  const windows = randomWindows(engine, random, above.output, depth - 1)
  const geometry = engine.geometry(above.input, above.output, above.options)
  return { ...engine.windows.receptive(windows, geometry), rows: windows.rows }
}

export interface Block {
  readonly rows: number
  readonly firstRow: number
  /** Index of the first row of a neuron among the floats of the value, or −1 outside the window. */
  readonly place: (neuron: number) => number
  /** Neurons inside the window. */
  readonly neurons: readonly number[]
}

/** Blocks as src/device/wasm/assembly/layout.ts documents them. */
export function readBlocks(engine: Engine, blocks: Blocks): Block[] {
  const { count, shape } = blocks
  const area = shape.height * shape.width
  return Array.from({ length: count }, (_, b) => {
    const [top, left, height, width, rows, offset, firstRow] = engine.i32.slice(
      (blocksOf(blocks) >> 2) + 7 * b,
      (blocksOf(blocks) >> 2) + 7 * b + 7,
    ) as unknown as [number, number, number, number, number, number, number]
    const place = (neuron: number) => {
      const [c, y, x] = [
        Math.floor(neuron / area),
        Math.floor((neuron % area) / shape.width) - top,
        (neuron % shape.width) - left,
      ]
      if (y < 0 || y >= height || x < 0 || x >= width) return -1
      return offset / 4 + ((c * height + y) * width + x) * rows
    }
    const neurons = Array.from({ length: sizeOf(shape) }, (_, j) => j).filter((j) => place(j) >= 0)
    return { rows, firstRow, place, neurons }
  })
}

/** Where active neurons of windows lie; everything else must stay as it was. */
export const activePlaces = (blocks: readonly Block[], { isActive }: ActiveCase) =>
  blocks.flatMap(({ rows, place, neurons }) =>
    neurons.filter((j) => isActive[j]).flatMap((j) => Array.from({ length: rows }, (_, r) => place(j) + r)),
  )

/** Values for blocks: numbers where neurons are active, NaN where nobody may look. */
export function blockValues(
  random: Random,
  blocks: readonly Block[],
  length: number,
  { isActive }: ActiveCase,
): Float32Array {
  const values = new Float32Array(length).fill(NaN)
  for (const { rows, place, neurons } of blocks) {
    for (const j of neurons) {
      if (isActive[j]) values.set(normals(random, rows), place(j))
    }
  }
  return values
}

/** float64 sums with the sum of their terms' sizes, which is what rounding goes by. */
export class Sums {
  readonly value: Float64Array
  readonly size: Float64Array

  constructor(length: number, start: ArrayLike<number> = new Float64Array(length)) {
    this.value = Float64Array.from(start)
    this.size = this.value.map(Math.abs)
  }

  add(i: number, term: number): void {
    this.value[i] += term
    this.size[i] += Math.abs(term)
  }

  /** Differences beyond rounding, as text. */
  compare(name: string, actual: ArrayLike<number>, relative = 2e-6): string[] {
    const found: string[] = []
    if (actual.length !== this.value.length)
      found.push(`${name}: ${actual.length} values instead of ${this.value.length}`)
    this.value.forEach((expected, i) => {
      const same = Number.isNaN(expected)
        ? Number.isNaN(actual[i])
        : Math.abs(actual[i] - expected) <= relative * this.size[i]
      if (!same) found.push(`${name}[${i}]: ${actual[i]} instead of ${expected}`)
    })
    return found
  }
}

/** Runs `check` on seeded random cases with a fresh arena each, and returns what it found wrong, named by the seed. */
export function collect(
  engine: Engine,
  runs: number,
  name: string,
  make: (seed: number) => Random,
  check: (random: Random) => string[],
): string[] {
  const found: string[] = []
  for (let seed = 0; seed < runs; seed++) {
    const mark = engine.mark()
    found.push(
      ...check(make(seed))
        .slice(0, 3)
        .map((text) => `${name} ${seed}: ${text}`),
    )
    engine.release(mark)
  }
  return found
}
