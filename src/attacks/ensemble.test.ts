import { expect, test } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { evaluate } from '../model/evaluate.ts'
import { graphOf } from '../model/graph.ts'
import { initialise } from '../model/initialise.ts'
import { domains } from '../region/domain.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { attackAll } from './attack.testing.ts'
import { attackByEnsemble, attackGraphByEnsemble, attacksFor, ensembleAttacks, ensembleOptions } from './ensemble.ts'
import { examples } from './inputs.ts'
import { randomDataset, smallCase } from './random-dataset.testing.ts'
import { judge } from './recheck.ts'
import { subjectOf } from './subject.testing.ts'

const { network, dataset } = smallCase()
const subject = subjectOf(await Engine.create(), network, dataset)
const all = Array.from({ length: dataset.count }, (_, i) => i)
const few = { steps: 10, queries: 60 }
const base = { first: 0, last: 50, seed: 0, ...few }

test.each([
  ['linf', 0.04],
  ['l2', 0.2],
  ['l1', 1],
] as const)(
  '%s: all that it finds lies in the ball and is misclassified, and it finds what PGD finds',
  async (norm, epsilon) => {
    for (const domain of domains) {
      const { rows, summary } = await attackAll(network, dataset, { ...base, norm, epsilon, domain, method: 'auto' })
      const broken = rows.filter(({ verdict }) => verdict === 'vulnerable')
      expect(broken.length).toBeGreaterThan(5)
      expect(broken.length).toBeLessThan(45)
      for (const { index, label, adversarial, margin, by } of broken) {
        const image = examples(dataset, [index]).images[0]!
        const { image: found, prediction } = adversarial!
        expect(judge(evaluate(network, found), label)).toEqual({ prediction, margin })
        expect(margin).toBeLessThanOrEqual(0)
        expect(
          lengthIn(
            norm,
            Float64Array.from(found, (x, j) => x - image[j]!),
          ),
        ).toBeLessThanOrEqual(epsilon)
        if (domain === 'pixels') expect(found.every((x) => x >= 0 && x <= 1)).toBe(true)
        expect(attacksFor(norm)).toContain(by)
      }
      const pgd = await attackAll(network, dataset, {
        ...{ first: 0, last: 50, seed: 0, norm, epsilon, domain, method: 'pgd', steps: 20 },
      })
      expect(summary.attackErrors).toBeGreaterThanOrEqual(pgd.summary.attackErrors)
      const missed = pgd.rows.filter(({ verdict }, i) => verdict === 'vulnerable' && rows[i]!.verdict === 'withstood')
      expect(missed.map(({ index }) => index)).toEqual([])
    }
  },
)

test('each value has its own radius where there are several; some cannot move', async () => {
  const epsilons = Array.from({ length: 36 }, (_, i) => (i % 3 === 0 ? 0 : 0.03 * (i % 3)))
  const ball = { epsilon: 0.06, epsilons, norm: 'linf', domain: 'pixels' } as const
  const { rows } = await attackAll(network, dataset, { ...base, ...ball, method: 'auto' })
  const broken = rows.filter(({ verdict }) => verdict === 'vulnerable')
  expect(broken.length).toBeGreaterThan(5)
  for (const { index, adversarial } of broken) {
    const image = examples(dataset, [index]).images[0]!
    adversarial!.image.forEach((x, j) => expect(Math.abs(x - image[j]!)).toBeLessThanOrEqual(epsilons[j]!))
  }
})

test('each attack alone finds most of what all find together', async () => {
  const errors = async (method: (typeof ensembleAttacks)[number] | 'auto') => {
    const budget = {
      steps: method === 'square' ? undefined : 20,
      queries: method === 'square' || method === 'auto' ? 200 : undefined,
    }
    const { summary, rows } = await attackAll(network, dataset, { ...base, epsilon: 0.04, ...budget, method })
    expect(rows.every(({ by }) => by === undefined || method === 'auto' || by === method)).toBe(true)
    return summary.attackErrors - summary.cleanErrors
  }
  const together = await errors('auto')
  for (const method of ensembleAttacks) {
    const alone = await errors(method)
    expect(alone).toBeLessThanOrEqual(together)
    expect(alone).toBeGreaterThan(0.7 * together)
  }
})

test('an image is attacked alike alone and among others, in any order, and by any seed of its own', () => {
  const ball = { epsilon: 0.03, norm: 'linf', domain: 'pixels' } as const
  const run = (indices: readonly number[], seed = 0) =>
    attackByEnsemble(subject, indices, ensembleOptions(ensembleAttacks, few, seed), ball).map(({ value }) => value)
  const together = run(all.slice(0, 9))
  expect(all.slice(0, 9).map((index) => run([index])[0])).toEqual(together)
  expect(run(all.slice(0, 9).toReversed()).toReversed()).toEqual(together)
  expect(run(all.slice(0, 9), 1)).not.toEqual(together)
})

test('a graph is attacked in float64, with much the same end', () => {
  const ball = { epsilon: 0.04, norm: 'linf', domain: 'pixels' } as const
  const options = ensembleOptions(['apgd-ce', 'fab'], few, 0)
  const some = all.slice(0, 20)
  const found = attackGraphByEnsemble({ graph: graphOf(network), dataset }, some, options, ball)
  const device = attackByEnsemble(subject, some, options, ball)
  for (const [i, { value }] of found.entries()) {
    const { image, margin, prediction } = value.tried
    expect(judge(evaluate(network, image), dataset.labels[i]!)).toEqual({
      margin: expect.closeTo(margin, 9),
      prediction,
    })
  }
  const broken = (outcomes: readonly { value: { by?: string } }[]) => outcomes.filter(({ value }) => value.by).length
  expect(broken(found)).toBeGreaterThan(3)
  expect(Math.abs(broken(found) - broken(device))).toBeLessThanOrEqual(1)
})

test('with two and three classes, which the DLR loss does not have', async () => {
  const wide = { epsilon: 0.1, domain: 'pixels' } as const
  for (const classes of [2, 3]) {
    const layers = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: classes }] as const
    const small = initialise({ name: 'few', input: { channels: 1, height: 4, width: 4 }, layers }, classes)
    const images = randomDataset(small, 20, classes)
    const { summary } = await attackAll(small, images, { ...base, last: 20, ...wide, method: 'auto' })
    const { summary: pgd } = await attackAll(small, images, {
      ...{ first: 0, last: 20, seed: 0, ...wide, method: 'pgd' },
    })
    expect(summary.attackErrors).toBeGreaterThanOrEqual(pgd.attackErrors)
    expect(pgd.attackErrors).toBeGreaterThan(pgd.cleanErrors)
  }
})

test('settings that a method does not have, and norms that it does not know, are refused', async () => {
  const refuse = (options: object, message: string) =>
    expect(attackAll(network, dataset, { ...base, epsilon: 0.1, method: 'auto', ...options })).rejects.toThrow(message)
  await refuse({ restarts: 2 }, 'auto takes no such settings: leave out restarts, or choose pgd')
  await refuse({ method: 'fab' }, 'leave out queries, or choose square, auto')
  await refuse({ method: 'square', steps: undefined, norm: 'l1' }, 'square knows no balls of ℓ1')
  await refuse({ steps: 0 }, 'the number of steps')
  await refuse({ queries: 1.5 }, 'the number of queries')
  expect(attacksFor('l1')).not.toContain('square')
})
