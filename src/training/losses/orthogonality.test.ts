import { beforeAll, describe, expect, it } from 'vitest'
import { loadChunk } from '../../bounds/chunk.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { Tape } from '../../device/tape.ts'
import { evaluate } from '../../model/evaluate.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { type Architecture, type Network, countParameters } from '../../model/network.ts'
import { randomImages, steepNetwork } from '../tiny-networks.testing.ts'
import { COSINE_WEIGHT, orthogonalityLoss } from './orthogonality.ts'
import { paperBall } from '../../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const convolution = { kind: 'convolution', outChannels: 4, kernel: 3, stride: 1, padding: 1 } as const
const input = { channels: 1, height: 5, width: 5 }
const architectures: Record<string, Architecture> = {
  sequential: {
    name: 'sequential',
    input,
    layers: [
      { kind: 'normalise', mean: [0.4], deviation: [0.5] },
      { ...convolution, stride: 2 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 8 },
      { kind: 'relu' },
      { kind: 'linear', outFeatures: 3 },
    ],
  },
  residual: {
    name: 'residual',
    input,
    layers: [
      convolution,
      { kind: 'relu' },
      convolution,
      { kind: 'relu' },
      convolution,
      { ...convolution, kernel: 1, padding: 0, from: 1 },
      { kind: 'add', other: 4 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 3 },
    ],
  },
}

const imagesOf = (seed: number, count: number) => ({
  images: randomImages(input, count, new Random(seed, 'orthogonality'), [0.1, 0.9]),
  labels: Array.from({ length: count }, (_, i) => i % 3),
})

/** Mean cross-entropy, and mean |cos| of the two networks' input gradients: float64, by central differences. */
function lossByDifferences(f: Network, g: Network, { images, labels }: ReturnType<typeof imagesOf>): number {
  const H = 1e-5
  const entropy = (network: Network, image: ArrayLike<number>, label: number) => {
    const z = evaluate(network, image)
    return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[label]
  }
  const gradient = (network: Network, image: Float32Array, label: number) =>
    Array.from(image, (_, j) => {
      const at = (step: number) =>
        entropy(
          network,
          Float64Array.from(image, (p, k) => (k === j ? p + step : p)),
          label,
        )
      return (at(H) - at(-H)) / (2 * H)
    })
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0)
  const losses = images.map((image, e) => {
    const [a, b] = [f, g].map((network) => gradient(network, image, labels[e])) as [number[], number[]]
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    return entropy(f, image, labels[e]) + COSINE_WEIGHT * Math.abs(cosine)
  })
  return losses.reduce((a, b) => a + b) / losses.length
}

function lossOf(f: Network, g: Network, examples: ReturnType<typeof imagesOf>) {
  const mark = engine.mark()
  const network = new LoadedNetwork(engine, f.architecture, true)
  network.setParameters(f.parameters)
  const reference = new LoadedNetwork(engine, g.architecture, false)
  reference.setParameters(g.parameters)
  network.clearGradient()
  const tape = new Tape()
  const chunk = loadChunk(network, examples, paperBall(0))
  const loss = orthogonalityLoss({ network, tape, chunk, weight: 1 / chunk.count }, reference)
  tape.backward()
  const gradient = new Float32Array(countParameters(f.architecture))
  network.readGradient(gradient)
  engine.release(mark)
  return { loss, gradient }
}

const names = Object.keys(architectures)
const cases = names.flatMap((name) => [2, 3, 4].map((seed) => [name, seed] as const))

describe('the loss of Section 4', () => {
  it.each(cases)('of a %s network (%i) is that of its definition', (name, seed) => {
    const [f, g] = [steepNetwork(architectures[name], seed), steepNetwork(architectures[name], seed + 10)]
    const examples = imagesOf(seed, 3)
    expect(lossOf(f, g, examples).loss).toBeCloseTo(lossByDifferences(f, g, examples), 5)
  })

  it.each(cases)('of a %s network (%i) has the gradient that float64 differences give', (name, seed) => {
    const architecture = architectures[name]
    const [f, g] = [steepNetwork(architecture, seed), steepNetwork(architecture, seed + 10)]
    const examples = imagesOf(seed, 3)
    const { gradient } = lossOf(f, g, examples)
    const random = new Random(seed, 'directions')
    const step = 1e-5
    for (let i = 0; i < 8; i++) {
      const direction = Float64Array.from(gradient, () => random.between(-1, 1))
      // the float64 pass takes parameters as they are, which float32 could not hold
      const moved = (size: number) => {
        const parameters = Float64Array.from(f.parameters, (p, k) => p + size * direction[k])
        return lossByDifferences({ architecture, parameters: parameters as unknown as Float32Array }, g, examples)
      }
      const slope = (moved(step) - moved(-step)) / (2 * step)
      const expected = gradient.reduce((sum, value, k) => sum + value * direction[k], 0)
      expect(Math.abs(slope - expected)).toBeLessThan(2e-4 * Math.max(1, Math.abs(slope)))
    }
  })

  it('is plain cross-entropy beside a network without any gradient, and λ more beside itself', () => {
    const f = steepNetwork(architectures['sequential'], 1)
    const examples = imagesOf(1, 2)
    const dead = { ...f, parameters: new Float32Array(f.parameters.length) }
    const alone = lossOf(f, dead, examples)
    expect(lossOf(f, f, examples).loss).toBeCloseTo(alone.loss + COSINE_WEIGHT, 5)
    expect(alone.gradient.every(Number.isFinite)).toBe(true)
  })
})
