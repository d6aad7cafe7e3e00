import { beforeAll, describe, expect, it } from 'vitest'
import { pgdOptions } from '../attacks/attack.ts'
import { ensembleOptions } from '../attacks/ensemble.ts'
import { randomDataset } from '../attacks/random-dataset.testing.ts'
import { loadChunk } from '../bounds/chunk.ts'
import { type Domain, domains } from '../region/domain.ts'
import { proveNetwork } from '../bounds/dual.ts'
import { provedMargin, provedMargins } from '../bounds/margins.ts'
import { type Norm, norms } from '../region/norm.ts'
import { referenceMargins, referencePrunedMargins } from '../reference/margins.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { sizeOf } from '../model/layers.ts'
import { subjectOf } from '../attacks/subject.testing.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { climbBatch } from './climb-batch.ts'
import { lpMargin } from './lp-margin.ts'
import { paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const references = [
  ['pruned', true, referencePrunedMargins],
  ['the paper’s', false, referenceMargins],
] as const

/** Centre and radii of what of the ball around an image is in the domain. */
function ballOf(image: Float32Array, epsilon: number, norm: Norm, domain: Domain) {
  const [least, most] = norm === 'linf' && domain === 'pixels' ? [0, 1] : [-Infinity, Infinity]
  const lower = Float64Array.from(image, (x) => Math.max(least, x - epsilon))
  const upper = Float64Array.from(image, (x) => Math.min(most, x + epsilon))
  return { centre: lower.map((l, j) => (l + upper[j]) / 2), radius: lower.map((l, j) => (upper[j] - l) / 2), norm }
}

describe('the LP dual in float64', () => {
  for (const [name, prune, reference] of references) {
    it(`is the reference’s to nine digits where it proves nothing, and never above it: ${name}`, () => {
      const wrong: string[] = []
      for (let seed = 0; seed < 90; seed++) {
        const random = new Random(seed, 'lp margin')
        const network = randomNetwork(random, { hiddenLayers: random.integer(4), normalise: random.integer(2) === 0 })
        const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
        const label = random.integer(countClasses(network.architecture))
        const [norm, domain] = [norms[seed % 3], domains[random.integer(2)]]
        const epsilon = [0, 0.01, 0.1, 0.4][random.integer(4)]
        const ball = ballOf(image, epsilon, norm, domain)
        const expected = provedMargin(reference(network, label, ball), label)
        const margin = lpMargin(engine, network, { image, label, ball: { epsilon, norm, domain }, prune })
        // classes that an interval step has settled get no row: what is proved may be proved by less
        const isClose = expected - margin <= 1e-9 * (1 + Math.abs(expected)) || margin > 0
        if (!(margin <= expected + 1e-13 && isClose)) wrong.push(`${seed} ${norm}: ${margin}, not ${expected}`)
      }
      expect(wrong).toEqual([])
    })
  }

  it('proves nothing of numbers that are out of range', () => {
    const network = randomNetwork(new Random(1, 'huge'))
    const image = new Float32Array(sizeOf(network.architecture.input)).fill(0.5)
    const huge: Network = { ...network, parameters: network.parameters.map((w) => w * Infinity) }
    expect(
      lpMargin(engine, huge, { image, label: 0, ball: { epsilon: 0.1, norm: 'linf', domain: 'pixels' }, prune: true }),
    ).toBeNaN()
  })
})

describe('certificates', () => {
  it('do not depend on float32’s rounding: what the LP dual proves is proved, however narrowly', () => {
    let narrow = 0
    for (let seed = 0; seed < 24; seed++) {
      const random = new Random(seed, 'narrow')
      const network = randomNetwork(random, { hiddenLayers: 2 })
      const dataset = randomDataset(network, 1, seed)
      const image = Float32Array.from(dataset.images, (byte) => byte / 255)
      const label = dataset.labels[0]
      const margin = (epsilon: number) => {
        const settings = { epsilon, norm: 'linf', domain: 'unbounded' } as const
        return Math.max(
          ...[true, false].map((prune) => lpMargin(engine, network, { image, label, ball: settings, prune })),
        )
      }
      if (!(margin(0) > 0)) continue
      // the largest radius that float64 still proves
      let [epsilon, above] = [0, 1]
      for (let step = 0; step < 40; step++) {
        const middle = (epsilon + above) / 2
        if (margin(middle) > 0) epsilon = middle
        else above = middle
      }
      const ball = paperBall(epsilon)
      const mark = engine.mark()
      const subject = subjectOf(engine, network, dataset)
      const { loaded } = subject
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, ball)
      const single = [true, false].map((prune) =>
        provedMargin(provedMargins(proveNetwork(loaded, chunk, prune), 0), label),
      )
      if (Math.max(...single) <= 0) narrow++
      const attack = pgdOptions({ steps: 1 }, 'unbounded', 0)
      const [row] = climbBatch(subject, [0], {
        ball,
        steps: ['clean', 'lp'],
        attack,
        ensemble: ensembleOptions([], {}, 0),
      })
      expect(row!.result).toMatchObject({ verdict: 'robust', method: 'lp' })
      engine.release(mark)
    }
    expect(narrow).toBeGreaterThan(5)
  })
})
