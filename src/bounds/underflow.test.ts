/**
 * Bounds against exact arithmetic on numbers that float32 can hardly hold: pixels, biases and weights down to the smallest
 * one, 2⁻¹⁴⁹, and weights up to the largest, so that what underflow takes is worth something.
 */
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { Layer } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { type NetworkBounds, dualBounds, intervalBounds } from './network-bounds.ts'
import { norms } from '../region/norm.ts'
import type { BallOptions } from '../region/ball.ts'

const SMALLEST = 2 ** -149

/** One layer: weights [output][input], biases, and whether a ReLU follows. */
interface Matrix {
  readonly rows: readonly (readonly number[])[]
  readonly bias: readonly number[]
  readonly relu: boolean
}

interface Case {
  readonly network: Network
  readonly image: Float32Array
  readonly epsilon: number
  /** Pixels are divided by two to this power. */
  readonly halvings: number
  readonly matrices: readonly Matrix[]
}

function tinyCase(random: Random): Case {
  const sign = () => (random.integer(2) ? 1 : -1)
  const any = () =>
    Math.fround(sign() * random.uniform() * 10 ** [-44, -40, -38, -20, -3, 0, 3, 20, 38][random.integer(9)])
  const tiny = () => sign() * random.integer(8) * SMALLEST
  const halvings = [0, 0, 1, 3, 20][random.integer(5)]
  const channels = 1 + random.integer(6)
  const widths = [...Array.from({ length: random.integer(3) }, () => 1 + random.integer(4)), 2]
  const matrices = widths.map((width, i) => ({
    rows: Array.from({ length: width }, () => Array.from({ length: widths[i - 1] ?? channels }, any)),
    bias: Array.from({ length: width }, () => (random.integer(2) ? tiny() : any())),
    relu: i < widths.length - 1 && random.integer(3) > 0,
  }))
  const normalise: Layer = {
    kind: 'normalise',
    mean: new Array<number>(channels).fill(0),
    deviation: new Array<number>(channels).fill(2 ** halvings),
  }
  const affine = matrices.flatMap(({ rows, relu }): Layer[] => [
    { kind: 'linear', outFeatures: rows.length },
    ...(relu ? [{ kind: 'relu' } as const] : []),
  ])
  const layers = [...(halvings ? [normalise] : []), ...affine]
  const parameters = Float32Array.from(matrices.flatMap(({ rows, bias }) => [...rows.flat(), ...bias]))
  return {
    network: { architecture: { name: 'tiny', input: { channels, height: 1, width: 1 }, layers }, parameters },
    image: Float32Array.from({ length: channels }, () => Math.abs(random.integer(3) ? tiny() : any() % 1)),
    epsilon: [0, 0, random.integer(5) * SMALLEST, Math.fround(1e-38), Math.fround(0.1)][random.integer(5)],
    halvings,
    matrices,
  }
}

const view = new DataView(new ArrayBuffer(8))

/** A float32 in units of 2⁻¹⁴⁹. */
function exact(value: number): bigint {
  view.setFloat64(0, Math.abs(value))
  const bits = view.getBigUint64(0)
  const exponent = Number(bits >> 52n)
  const size = exponent === 0 ? 0n : (bits & (2n ** 52n - 1n)) | (2n ** 52n)
  const shift = exponent - 1075 + 149
  const whole = shift >= 0 ? size << BigInt(shift) : size >> BigInt(-shift)
  return value < 0 ? -whole : whole
}

/** Whether `bound` ≥ a number of units of 2⁻ᵘⁿⁱᵗ; what is not finite bounds nothing. */
const isAbove = (bound: number, value: bigint, unit: number) =>
  !Number.isFinite(bound) ? !(bound === -Infinity) : exact(bound) << BigInt(unit - 149) >= value

/** Bounds that do not hold at a point. */
function wrongAt(point: Float32Array, { matrices, halvings }: Case, { hidden, margins }: NetworkBounds): string[] {
  const found: string[] = []
  let unit = 149 + halvings
  let values = Array.from(point, exact)
  matrices.forEach(({ rows, bias, relu }, i) => {
    const shift = BigInt(unit)
    unit += 149
    values = rows.map((row, o) => row.reduce((sum, w, k) => sum + exact(w) * values[k], exact(bias[o]) << shift))
    const bounds = hidden[i]
    if (!bounds) return
    values.forEach((z, j) => {
      const [l, u] = [bounds.lower[j], bounds.upper[j]]
      if (!isAbove(u, z, unit) || !isAbove(-l, -z, unit)) found.push(`layer ${i} neuron ${j} [${l}, ${u}]`)
    })
    if (relu) values = values.map((z) => (z > 0n ? z : 0n))
  })
  if (!isAbove(margins[0], values[0] - values[1], unit)) found.push(`margin ${margins[0]}`)
  return found
}

const bounds = {
  interval: intervalBounds,
  dual: dualBounds,
  plain: (network: Network, image: Float32Array, label: number, around: BallOptions) =>
    dualBounds(network, image, label, { ...around, prune: false }),
}

test('bounds hold to the last bit where numbers underflow', async () => {
  const found: string[] = []
  // in the last two numbers are so large that rows of hidden neurons cannot be trusted
  for (const seed of [...new Array(1500).keys(), 2997, 6070]) {
    const random = new Random(seed, 'tiny')
    const example = tinyCase(random)
    const { network, image, epsilon } = example
    // a corner of the box, unless float32 holds none
    const corner = image.map((x) => {
      const moved = Math.fround(x + (random.integer(2) ? epsilon : -epsilon))
      return Math.abs(moved - x) <= epsilon ? moved : x
    })
    for (const norm of norms) {
      for (const [name, bound] of Object.entries(bounds)) {
        const bounded = await bound(network, image, 1, { epsilon, norm })
        for (const point of norm === 'linf' ? [image, corner] : [image]) {
          found.push(...wrongAt(point, example, bounded).map((what) => `${seed} ${name} ${norm} ${what}`))
        }
      }
    }
  }
  expect(found).toEqual([])
})
