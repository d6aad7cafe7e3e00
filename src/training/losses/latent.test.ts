import { beforeAll, describe, expect, it } from 'vitest'
import { pgd } from '../../attacks/gradient-attack.ts'
import { Random } from '../../base/random.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { intervalMargins, propagateIntervals } from '../../bounds/interval.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { Tape, type Tensor } from '../../device/tape.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { architectureNamed } from '../../model/architectures.ts'
import { type Network, countParameters } from '../../model/network.ts'
import { planStages } from '../../model/stages.ts'
import { paperBall } from '../../region/ball.ts'
import { normalisedArchitecture as architecture, randomImages, steepNetwork } from '../tiny-networks.testing.ts'
import { crossEntropy } from './cross-entropy.ts'
import { connect, latentMargins, latentStage } from './latent.ts'
import { taps } from './taps.ts'
import { interval } from './interval.ts'
import type { LossInput } from './loss.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const seeds = [1, 2, 3, 4, 5, 6]
const COUNT = 3
const attack = { ...pgd('unbounded'), steps: 8, stepSize: 0.3 }

/** A network and images on the device, and what `use` makes of them, with the gradient that it leaves. */
function measured<T>(network: Network, seed: number, use: (input: LossInput) => T) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, architecture, true)
  loaded.setParameters(network.parameters)
  loaded.clearGradient()
  const tape = new Tape()
  const images = randomImages(architecture.input, COUNT, new Random(seed, 'latent'))
  const labels = images.map((_, i) => i % 3)
  const chunk = loadChunk(loaded, { images, labels }, paperBall(0.05))
  const value = use({
    ...{ network: loaded, tape, chunk, attacked: chunk, weight: 1, attack, identifiers: [0, 1, 2], attackedLayers: 1 },
    ...{ empirical: { loss: 'clean', combine: 'losses', share: 0 }, boxShare: 1, lossExponent: 0, regularisation: 0 },
    bounds: { mode: 'exact', dimension: 1, memory: 2 ** 20, seed: 0 },
  })
  tape.backward()
  const gradient = new Float32Array(countParameters(architecture))
  loaded.readGradient(gradient)
  engine.release(mark)
  return { value, gradient }
}

/** Margins [target][example] by intervals, and as attacks on the last hidden layers find them. */
function marginsOf(input: LossInput, layers: number): { bounds: Tensor[]; attacked: Tensor } {
  const { network, tape, chunk } = input
  const stage = latentStage(network.stages, layers)!
  const { behind, last } = propagateIntervals(network, tape, chunk)
  const attacked = latentMargins({ network, stage, chunk }, tape, behind[stage], input)
  const bounds = chunk.labels.map((label, example) =>
    intervalMargins(network, tape, last, { columns: chunk.columns, example, label }),
  )
  return { bounds, attacked }
}

/** Cross-entropy of the attacked margins alone. */
const attackedLoss = (input: LossInput, layers: number) => {
  const { attacked } = marginsOf(input, layers)
  const { labels, columns } = input.chunk
  return labels.reduce(
    (sum, label, e) => sum + crossEntropy({ tensor: attacked, classes: 3, first: e, step: columns }, label, 1),
    0,
  )
}

const distance = (a: Float32Array, b: Float32Array | number[]) => Math.hypot(...a.map((value, i) => value - b[i]))

describe('margins in a latent box', () => {
  it('are those of intervals where only the last, affine layer is attacked, and so are their gradients', () => {
    for (const seed of seeds) {
      const network = steepNetwork(architecture, seed)
      const margins = measured(network, seed, (input) => {
        const { bounds, attacked } = marginsOf(input, 0)
        return { bounds: bounds.map((one) => [...one.read()]), attacked: attacked.read() }
      }).value
      margins.bounds.forEach((own, e) =>
        own.forEach((bound, target) => expect(margins.attacked[4 * target + e]).toBeCloseTo(bound, 4)),
      )
      const [latent, plain] = [
        measured(network, seed, (input) => attackedLoss(input, 0)),
        measured(network, seed, (input) => interval.lay(input).loss),
      ]
      expect(latent.value).toBeCloseTo(plain.value, 4)
      expect(distance(latent.gradient, plain.gradient)).toBeLessThan(1e-3 * Math.hypot(...plain.gradient))
    }
  })

  it('are at most those of intervals, and less where layers are attacked', () => {
    const gaps = seeds.flatMap((seed) => {
      const { bounds, attacked } = measured(steepNetwork(architecture, seed), seed, (input) => {
        const margins = marginsOf(input, 1)
        return { bounds: margins.bounds.map((one) => [...one.read()]), attacked: margins.attacked.read() }
      }).value
      return bounds.flatMap((own, e) =>
        own.flatMap((bound, target) => (target === e % 3 ? [] : bound - attacked[4 * target + e])),
      )
    })
    expect(Math.min(...gaps)).toBeGreaterThan(-1e-4)
    expect(Math.max(...gaps)).toBeGreaterThan(0.05)
  })

  it('have gradients by which the loss changes', () => {
    const errors = seeds.map((seed) => {
      const network = steepNetwork(architecture, seed)
      const { gradient } = measured(network, seed, (input) => attackedLoss(input, 1))
      const length = Math.hypot(...gradient)
      const at = (h: number) => {
        const parameters = network.parameters.map((p, i) => p + (h * gradient[i]) / length)
        return measured({ architecture, parameters }, seed, (input) => attackedLoss(input, 1)).value
      }
      const h = 2e-4
      return Math.abs((at(h) - at(-h)) / (2 * h * length) - 1)
    })
    // now and then a point is not at an end of its box
    expect(errors.toSorted((a, b) => a - b)[3]).toBeLessThan(0.02)
  })
})

describe('the connector', () => {
  it('moves an end of the box by how near the point is to it', () => {
    const mark = engine.mark()
    const x = [1, 0.75, 0.5, 0.25, 0, 3]
    const [lower, upper] = [
      [0, 0, 0, 0, 0, 3],
      [1, 1, 1, 1, 1, 3],
    ]
    const tensors = [x, lower, upper, lower.map((l, i) => (l + upper[i]) / 2), lower.map((l, i) => (upper[i] - l) / 2)]
    const [points, l, u, centre, radius] = tensors.map((values): Tensor => engine.tensorFrom(values))
    points.gradient.view().fill(2)
    connect({ centre, radius }, { lower: l, upper: u }, points)
    const toUpper = [1, 0.5, 0, 0, 0, 0.5]
    const toLower = [0, 0, 0, 0.5, 1, 0.5]
    expect([...centre.gradient.read()]).toEqual(toUpper.map((share, i) => 2 * (share + toLower[i])))
    expect([...radius.gradient.read()]).toEqual(toUpper.map((share, i) => 2 * (share - toLower[i])))
    engine.release(mark)
  })
})

describe('TAPS', () => {
  it('is the product of both losses, whose gradients it weighs 5 to 1', () => {
    for (const seed of seeds) {
      const network = steepNetwork(architecture, seed)
      // one example, so that the losses of examples are not mixed up
      const one = (input: LossInput): LossInput => ({ ...input, chunk: { ...input.chunk, count: 1, labels: [0] } })
      const whole = measured(network, seed, (input) => taps.lay(one(input)).loss)
      const latent = measured(network, seed, (input) => attackedLoss(one(input), 1))
      const bounds = measured(network, seed, (input) => interval.lay(one(input)).loss)
      expect(whole.value).toBeCloseTo(latent.value * bounds.value, 4)
      const expected = [...latent.gradient].map(
        (g, i) => (5 / 3) * bounds.value * g + (1 / 3) * latent.value * bounds.gradient[i],
      )
      expect(distance(whole.gradient, expected)).toBeLessThan(1e-3 * Math.hypot(...expected))
    }
  })

  it('cuts a network only where nothing skips past the cut', () => {
    const stagesOf = (name: string) => planStages(architectureNamed(name)).stages
    const small = stagesOf('mnist-small')
    expect([0, 1, 2, 3].map((layers) => latentStage(small, layers))).toEqual([2, 1, 0, undefined])
    const residual = stagesOf('cifar10-resnet')
    const cuts = residual.map((_, layers) => latentStage(residual, layers))
    expect(cuts.slice(0, 2)).toEqual([residual.length - 2, residual.length - 3])
    for (const cut of cuts) {
      if (cut === undefined) continue
      for (const { terms } of residual.slice(cut + 1)) for (const { source } of terms) expect(source >= cut).toBe(true)
    }
    expect(cuts.slice(0, -1)).toContain(undefined)
  })
})
