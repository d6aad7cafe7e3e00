import { beforeAll, describe, expect, it } from 'vitest'
import { pgd } from '../../attacks/gradient-attack.ts'
import { type Chunk, loadChunk } from '../../bounds/chunk.ts'
import { relaxNetwork } from '../../bounds/dual.ts'
import { intervalMargins, propagateIntervals } from '../../bounds/interval.ts'
import { dualMargins } from '../../bounds/margins.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { Tape } from '../../device/tape.ts'
import { evaluate } from '../../model/evaluate.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { type Network, countParameters } from '../../model/network.ts'
import type { Method } from './list.ts'
import type { LossInput } from './loss.ts'
import { normalisedArchitecture, randomImages, steepNetwork } from '../tiny-networks.testing.ts'
import { layLoss } from './mixture.ts'
import { paperBall } from '../../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const architecture = normalisedArchitecture
const randomNetwork = (seed: number) => steepNetwork(architecture, seed)

const seeds = [1, 2, 3, 4, 5, 6]
const random = (seed: number) => new Random(seed, 'objectives')

const imagesFor = (seed: number, count = 3) => ({
  images: randomImages(architecture.input, count, random(seed)),
  labels: Array.from({ length: count }, (_, i) => i % 2),
})

type Settings = Partial<Pick<LossInput, 'boxShare' | 'lossExponent'>> & {
  bounds?: 'exact' | 'interval'
  empirical?: Partial<LossInput['empirical']>
}

/** Loss of a method, and its gradient by the parameters. */
function lossOf(network: Network, reference: Network, method: Method, seed: number, settings: Settings = {}) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, architecture, true)
  loaded.setParameters(network.parameters)
  const other = new LoadedNetwork(engine, architecture, false)
  other.setParameters(reference.parameters)
  loaded.clearGradient()
  const tape = new Tape()
  const chunk = loadChunk(loaded, imagesFor(seed), paperBall(0.05))
  const { loss } = layLoss(method, {
    ...{
      network: loaded,
      reference: other,
      tape,
      chunk,
      attacked: chunk,
      attackedLayers: 1,
      weight: 1 / chunk.count,
      regularisation: 0,
    },
    ...{
      boxShare: 1,
      lossExponent: 0,
      attack: { ...pgd('unbounded'), steps: 3, stepSize: 0.5 },
    },
    ...settings,
    empirical: { loss: 'clean', combine: 'losses', share: 0, ...settings.empirical },
    bounds: { mode: settings.bounds ?? 'exact', dimension: 1, memory: 2 ** 20, seed: 0 },
    identifiers: chunk.labels.map((_, i) => i),
  })
  tape.backward()
  const gradient = new Float32Array(countParameters(architecture))
  loaded.readGradient(gradient)
  engine.release(mark)
  return { loss, gradient }
}

const pair = (seed: number) => [randomNetwork(seed), randomNetwork(seed + 50)] as const

describe('losses compose', () => {
  const adversarial = { empirical: { loss: 'adversarial', share: 0.4 } } as const
  it.each([
    ['CROWN-IBP', 'lp-dual', { bounds: 'interval' }],
    ['SABR', 'interval', { boxShare: 0.4 }],
    ['a generalised cross-entropy', 'interval', { lossExponent: 0.7 }],
    ['MTL-IBP', 'interval', adversarial],
    ['a generalised MTL-IBP', 'interval', { lossExponent: 0.5, ...adversarial }],
    ['CC-IBP', 'interval', { empirical: { ...adversarial.empirical, combine: 'margins' } }],
    ['Exp-IBP', 'interval', { empirical: { ...adversarial.empirical, combine: 'logarithms' } }],
    ['a generalised CC', 'lp-dual', { lossExponent: 0.5, empirical: { ...adversarial.empirical, combine: 'margins' } }],
    ['a generalised Exp', 'lp-dual', { lossExponent: 0.5, empirical: { share: 0.3, combine: 'logarithms' } }],
    ['all of it', 'lp-dual', { bounds: 'interval', boxShare: 0.5, lossExponent: 1, ...adversarial }],
    ['a clean share of lp-dual', 'lp-dual', { empirical: { loss: 'clean', share: 0.3 } }],
  ] as const)('%s: its gradient is that of its loss', (_, method, settings) => {
    const errors = seeds.map((seed) => {
      const [network, reference] = pair(seed)
      const { gradient } = lossOf(network, reference, method, seed, settings)
      const length = Math.hypot(...gradient)
      const at = (h: number) => {
        const parameters = network.parameters.map((p, i) => p + (h * gradient[i]) / length)
        return lossOf({ architecture, parameters }, reference, method, seed, settings).loss
      }
      const h = 2e-4
      return Math.abs((at(h) - at(-h)) / (2 * h * length) - 1)
    })
    // now and then a kink of a ReLU or of an attack lies in between
    expect(errors.toSorted((a, b) => a - b)[4]).toBeLessThan(0.02)
  })

  it('with the reference space on top, which only lowers bounds', () => {
    for (const settings of [{ bounds: 'interval' }, { bounds: 'interval', boxShare: 0.5 }] as const) {
      const excess = seeds.map((seed) => {
        const [network, reference] = pair(seed)
        const loss = (method: Method) => lossOf(network, reference, method, seed, settings)
        const [without, space] = [loss('lp-dual'), loss('robustra')]
        expect(Math.hypot(...space.gradient)).toBeGreaterThan(0)
        return space.loss - without.loss
      })
      expect(Math.max(...excess)).toBeLessThanOrEqual(1e-6)
      expect(Math.min(...excess)).toBeLessThan(-1e-3)
    }
  })

  it('weigh bounds and an empirical loss', () => {
    const [network, reference] = pair(3)
    const loss = (method: Method, settings: Settings = {}) => lossOf(network, reference, method, 3, settings).loss
    for (const [empirical, method] of [
      ['clean', 'natural'],
      ['adversarial', 'adversarial'],
    ] as const) {
      const mixed = loss('interval', { empirical: { loss: empirical, share: 0.25 } })
      expect(mixed).toBeCloseTo(0.75 * loss('interval') + 0.25 * loss(method), 5)
    }
  })

  it.each(['losses', 'margins', 'logarithms'] as const)('combined by %s go from an attack to bounds', (combine) => {
    for (const seed of seeds) {
      const [network, reference] = pair(seed)
      const of = (method: Method, share = 0) =>
        lossOf(network, reference, method, seed, { empirical: { loss: 'adversarial', combine, share } })
      const ends = [of('adversarial'), of('interval')]
      for (const [share, end] of [
        [1, ends[0]],
        [1 - 1e-6, ends[0]],
        [1e-6, ends[1]],
        [0, ends[1]],
      ] as const) {
        const near = of('interval', share)
        expect(near.loss).toBeCloseTo(end!.loss, 4)
        const apart = Math.hypot(...near.gradient.map((g, i) => g - end!.gradient[i]))
        expect(apart).toBeLessThan(1e-3 * Math.hypot(...end!.gradient))
      }
      const losses = [1, 0.75, 0.5, 0.25, 0].map((share) => of('interval', share).loss)
      expect(losses).toEqual(losses.toSorted((a, b) => a - b))
    }
  })

  it('combined by margins or logarithms are at most the mean of losses', () => {
    for (const seed of seeds) {
      const [network, reference] = pair(seed)
      const of = (combine: LossInput['empirical']['combine']) =>
        lossOf(network, reference, 'interval', seed, { empirical: { loss: 'adversarial', combine, share: 0.5 } }).loss
      const mean = of('losses')
      for (const combine of ['margins', 'logarithms'] as const) {
        expect(of(combine)).toBeLessThan(mean)
        expect(of(combine)).toBeGreaterThan(0.5 * mean)
      }
      expect(of('margins')).not.toBe(of('logarithms'))
    }
  })

  it('go from cross-entropy to the probability of an error, as the exponent goes from 0 to 1', () => {
    const [network, reference] = pair(4)
    const loss = (lossExponent: number) => lossOf(network, reference, 'interval', 4, { lossExponent }).loss
    expect(loss(1e-6)).toBeCloseTo(loss(0), 4)
    const losses = [0, 0.25, 0.5, 0.75, 1].map(loss)
    expect(losses).toEqual(losses.toSorted((a, b) => b - a))
    expect(loss(1)).toBeLessThan(1)
    expect(loss(0)).toBeGreaterThan(loss(1) + 0.05)
  })

  it('over smaller boxes lie between an adversarial loss and that of whole balls', () => {
    for (const seed of seeds) {
      const [network, reference] = pair(seed)
      const loss = (boxShare: number) => lossOf(network, reference, 'interval', seed, { boxShare }).loss
      const [small, half, whole] = [loss(1e-6), loss(0.5), loss(1)]
      expect(small).toBeLessThanOrEqual(half + 1e-6)
      expect(half).toBeLessThanOrEqual(whole + 1e-6)
      // a box of nearly no radius at the worst point of nearly the whole ball
      expect(small).toBeCloseTo(lossOf(network, reference, 'adversarial', seed).loss, 3)
    }
  })
})

describe('dual margins over interval bounds (CROWN-IBP)', () => {
  const marginsOf = (chunk: Chunk, loaded: LoadedNetwork, example: number) => {
    const { last } = propagateIntervals(loaded, undefined, chunk)
    const label = chunk.labels[example]
    return {
      crown: dualMargins(relaxNetwork(loaded, undefined, chunk, { hidden: 'interval' }), undefined, example).read(),
      interval: intervalMargins(loaded, undefined, last, { columns: chunk.columns, example, label }).read(),
    }
  }

  it('are no looser than interval bounds, and hold for points of the ball', () => {
    let tighter = 0
    for (const seed of seeds) {
      const network = randomNetwork(seed)
      const { images, labels } = imagesFor(seed)
      const loaded = new LoadedNetwork(engine, architecture, true)
      loaded.setParameters(network.parameters)
      const chunk = loadChunk(loaded, { images, labels }, paperBall(0.05))
      const source = random(seed + 100)
      labels.forEach((label, e) => {
        const { crown, interval } = marginsOf(chunk, loaded, e)
        crown.forEach((bound, target) => {
          expect(bound).toBeLessThanOrEqual(interval[target])
          if (bound < interval[target] - 1e-4) tighter++
        })
        for (let sample = 0; sample < 50; sample++) {
          const scores = evaluate(
            network,
            images[e].map((x) => x + 0.05 * (source.integer(2) ? 1 : -1)),
          )
          scores.forEach((score, target) => {
            if (target !== label) expect(score - scores[label]).toBeLessThan(crown[target] + 1e-4)
          })
        }
      })
    }
    expect(tighter).toBeGreaterThan(10)
  })
})
