/** Radii of their own for every input value, through everything that bounds, attacks, searches and trains. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attack } from '../attacks/attack.ts'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { recheckAt } from '../attacks/recheck.ts'
import { Random } from '../base/random.ts'
import { provedMargin } from '../bounds/margins.ts'
import { dualBounds, intervalBounds } from '../bounds/network-bounds.ts'
import { pixelsAt } from '../data/dataset.ts'
import { withEngine } from '../device/wasm/engines.ts'
import { evaluate } from '../model/evaluate.ts'
import { graphOf } from '../model/graph.ts'
import { sizeOf } from '../model/layers.ts'
import { countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { largestOf } from '../region/ball.ts'
import { domains } from '../region/domain.ts'
import { tinyData, tinyOptions } from '../training/tiny.testing.ts'
import { train } from '../training/train.ts'
import { certify } from './certify.ts'
import { lpMargin } from './lp-margin.ts'
import { comparable, rowsOf } from './rows.testing.ts'
import { robustnessQuestion, verify } from './verify.ts'

/** A third of the values cannot move, some move little, some far. */
const randomRadii = (random: Random, inputs: number, most: number): number[] =>
  Array.from({ length: inputs }, () => [0, random.between(0, most / 10), random.between(0, most)][random.integer(3)])

/** A corner of the box, cut at [0, 1] or not. */
const corner = (random: Random, image: Float32Array, epsilons: readonly number[], isCut: boolean) =>
  Float64Array.from(image, (x, i) => {
    const moved = x + [-1, 1, random.between(-1, 1)][random.integer(3)] * epsilons[i]
    return isCut ? Math.min(1, Math.max(0, moved)) : moved
  })

/** max over the other classes of logit − label's. */
const excess = (logits: Float64Array, label: number) => logits.map((z, t) => (t === label ? 0 : z - logits[label]))

test('no point of the box is above a bound, of intervals or of the LP', async () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 30 })
  const property = fc.asyncProperty(seeds, fc.constantFrom(...domains), async (seed, domain) => {
    const random = new Random(seed, 'radii')
    const network = randomNetwork(random, { hiddenLayers: 2, maxWidth: 20 })
    const { input } = network.architecture
    const image = Float32Array.from({ length: sizeOf(input) }, () => [0, 1, random.uniform()][random.integer(3)])
    const epsilons = randomRadii(random, image.length, 0.3)
    const ball = { epsilon: largestOf(epsilons), epsilons, domain }
    const label = random.integer(countClasses(network.architecture))
    const bounds = [
      await intervalBounds(network, image, label, ball),
      await dualBounds(network, image, label, ball),
      await dualBounds(network, image, label, { ...ball, prune: false }),
    ]
    const whole = { ...ball, norm: 'linf', domain } as const
    const exact = await withEngine(async (engine) =>
      lpMargin(engine, network, { image, label, ball: whole, prune: false }),
    )
    const proved = provedMargin(bounds[2].margins, label)
    expect(Math.abs(exact - proved)).toBeLessThan(1e-3 * (1 + Math.abs(proved)))
    for (let k = 0; k < 30; k++) {
      const reached = excess(evaluate(network, corner(random, image, epsilons, domain === 'pixels')), label)
      expect(exact).toBeLessThanOrEqual(-Math.max(...reached.filter((_, t) => t !== label)))
      for (const { margins } of bounds) reached.forEach((m, t) => expect(m).toBeLessThanOrEqual(margins[t]))
    }
    // with the largest radius for all, nothing is tighter
    const wide = await intervalBounds(network, image, label, { epsilon: ball.epsilon, domain })
    wide.margins.forEach((m, t) => expect(m).toBeGreaterThanOrEqual(bounds[0].margins[t]))
  })
  await fc.assert(property, { numRuns: 40, seed: 1 })
})

describe('a ladder over a small case', () => {
  const { network, dataset } = smallCase(0, 24)
  const random = new Random(5, 'case radii')
  const epsilons = randomRadii(random, 36, 0.25)
  const ball = { epsilon: largestOf(epsilons), epsilons }
  const steps = ['pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'] as const

  test('every counterexample is in the box, and no point of the box beats a proof', async () => {
    for (const of of [network, graphOf(network)]) {
      const given = 'nodes' in of ? (['pgd', 'crown', 'complete'] as const) : steps
      const rows = await rowsOf(certify(of, dataset, { ...ball, steps: given, pgd: { steps: 10 } }))
      const verdicts = rows.map(({ result }) => result.verdict)
      expect(verdicts).toContain('robust')
      expect(verdicts).toContain('vulnerable')
      for (const { index, label, result } of rows) {
        const image = pixelsAt(dataset, index)
        if (result.verdict === 'vulnerable' && 'point' in result && result.point) {
          result.point.forEach((x, i) => expect(Math.abs(x - image[i])).toBeLessThanOrEqual(epsilons[i]))
        }
        if (result.verdict !== 'robust') continue
        for (let k = 0; k < 50; k++) {
          const reached = excess(evaluate(network, corner(random, image, epsilons, true)), label)
          expect(-Math.max(...reached.filter((_, t) => t !== label))).toBeGreaterThanOrEqual(result.margin)
        }
      }
    }
  })

  test('attacks stay within the radii', async () => {
    for (const method of ['pgd', 'fgsm', 'auto'] as const) {
      let found = 0
      for await (const { index, adversarial } of attack(network, dataset, {
        ...{ ...ball, method, first: 0, last: 24, seed: 0 },
      })) {
        if (!adversarial) continue
        found++
        const image = pixelsAt(dataset, index)
        adversarial.image.forEach((x, i) => expect(Math.abs(x - image[i])).toBeLessThanOrEqual(epsilons[i]))
      }
      expect(found).toBeGreaterThan(0)
    }
  })

  test('a point outside the radius of one value is moved inside before it counts', () => {
    const image = Float32Array.of(0.5, 0.5)
    const sum = (x: ArrayLike<number>) => Float64Array.of(1.15, x[0] + x[1])
    const at = (epsilons: number[]) =>
      recheckAt(sum, {
        ...{ image, label: 0, point: [0.6, 0.6] },
        ball: { epsilon: largestOf(epsilons), epsilons, norm: 'linf', domain: 'pixels' },
      })
    expect(at([0.1, 0])).toBeUndefined()
    expect(at([0.1, 0.1])?.prediction).toBe(1)
  })

  test('the question is the box itself', async () => {
    const image = pixelsAt(dataset, 0)
    const { lower, upper } = robustnessQuestion(network, image, dataset.labels[0], ball)
    image.forEach((x, i) => {
      const [low, high] = [Math.max(0, x - epsilons[i]), Math.min(1, x + epsilons[i])]
      expect(lower[i] <= low && upper[i] >= high).toBe(true)
      expect(low - lower[i] < 4e-16 && upper[i] - high < 4e-16).toBe(true)
      if (epsilons[i] === 0) expect([lower[i], upper[i]]).toEqual([x, x])
    })
    const still = { epsilon: 0, epsilons: epsilons.map(() => 0) }
    const fixed = robustnessQuestion(network, image, dataset.labels[0], still)
    const isRight = Math.max(...excess(evaluate(network, image), dataset.labels[0])) <= 0
    expect((await verify(network, fixed)).verdict).toBe(isRight ? 'robust' : 'vulnerable')
  })

  test('equal radii are one radius', async () => {
    const one = { epsilon: 0.05, steps: ['pgd', 'lp', 'crown', 'complete'], pgd: { steps: 4 } } as const
    const equal = { ...one, epsilons: Array<number>(36).fill(0.05) }
    const rows = (options: typeof one) => rowsOf(certify(network, dataset, options))
    expect(comparable(await rows(equal))).toEqual(comparable(await rows(one)))
  })
})

test('training with equal radii is training with one; its radii grow in proportion', async () => {
  const weights = async (given: Parameters<typeof tinyOptions>[0]) => {
    let last: Float32Array = new Float32Array()
    const options = tinyOptions({ method: 'lp-dual', epochs: 1, rampEpochs: 1, ...given })
    for await (const { networks } of train(options, tinyData)) last = networks[0].network.parameters.slice()
    return last
  }
  const one = await weights({ epsilon: 0.05 })
  const equal = Array<number>(36).fill(0.05)
  expect(await weights({ epsilons: equal })).toEqual(one)
  expect(await weights({ epsilons: equal.map((e, i) => (i < 18 ? 0 : e)) })).not.toEqual(one)
  await expect(weights({ epsilons: [0.05] })).rejects.toThrow('there are 1 ε for images of 36 values')
})
