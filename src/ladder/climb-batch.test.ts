import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Subject, attackImages } from '../attacks/attack-images.ts'
import { pgdOptions } from '../attacks/attack.ts'
import { ensembleOptions } from '../attacks/ensemble.ts'
import { randomDataset, smallCase } from '../attacks/random-dataset.testing.ts'
import { subjectOf } from '../attacks/subject.testing.ts'
import { type Domain, domains } from '../region/domain.ts'
import { provedMargin } from '../bounds/margins.ts'
import { Engine } from '../device/wasm/engine.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Network } from '../model/network.ts'
import { networkArbitrary } from '../model/random-network.testing.ts'
import { type BatchSettings, climbBatch, requireConsistent } from './climb-batch.ts'
import { type Draft, isDecided } from './drafts.ts'
import { timeless } from './rows.testing.ts'
import { intervalCertificates } from './steps/interval.ts'
import { lpCertificates } from './steps/lp.ts'
import { paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** As they are tried. */
const cheap = ['clean', 'interval', 'lp', 'pgd'] as const
const settings = (epsilon: number, domain: Domain = 'unbounded'): BatchSettings => ({
  ball: { ...paperBall(epsilon), domain },
  steps: cheap,
  attack: pgdOptions({ steps: 8 }, domain, 0),
  ensemble: ensembleOptions(['apgd-ce', 'square'], { steps: 5, queries: 20 }, 0),
})

function withSubject<R>(network: Network, dataset: Subject['dataset'], work: (subject: Subject) => R): R {
  const mark = engine.mark()
  const result = work(subjectOf(engine, network, dataset))
  engine.release(mark)
  return result
}

const six = [0, 1, 2, 3, 4, 5]

test('no proof is above what an attack reaches, what intervals prove the LP does too: in both domains', () => {
  const seen = new Set<string>()
  const epsilons = fc.constantFrom(0, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
  const property = fc.property(networkArbitrary(), fc.nat(), epsilons, (network, seed, epsilon) => {
    const proved = domains.map((domain) =>
      withSubject(network, randomDataset(network, 6, seed), (subject) => {
        const chosen = settings(epsilon, domain)
        const attacked = attackImages(subject, six.slice(0, 4), chosen.attack, chosen.ball)
        const interval = intervalCertificates(subject, six.slice(0, 4), chosen.ball)
        const pruned = lpCertificates(subject, six.slice(0, 4), chosen.ball, true)
        const lp = lpCertificates(subject, six.slice(0, 4), chosen.ball, false).map((m, i) => Math.max(m, pruned[i]))
        attacked.forEach(({ margin, adversarial }, i) => {
          const rounding = 1e-4 * (1 + Math.abs(margin))
          expect(lp[i]).toBeLessThanOrEqual(margin + rounding)
          if (interval[i] > 0) expect(lp[i]).toBeGreaterThan(0)
          seen.add(`${domain} ${adversarial ? 'vulnerable' : lp[i] > 0 ? 'robust' : 'open'}`)
          if (adversarial) expect(Math.max(interval[i], lp[i])).toBeLessThanOrEqual(0)
        })
        return { interval, attacked }
      }),
    )
    // intervals are monotone: a smaller domain is never harder to prove
    proved[0].interval.forEach((whole, i) =>
      expect(proved[1].interval[i]).toBeGreaterThanOrEqual(whole - 1e-4 * (1 + Math.abs(whole))),
    )
  })
  fc.assert(property, { numRuns: 80, seed: 5 })
  expect(seen.size).toBe(6)
})

test('each step tries only what the last has left open, and the result is that of the step that settled it', () => {
  const seen = new Set<string>()
  const networks = fc.oneof(
    networkArbitrary(),
    fc.nat(20).map((seed) => smallCase(seed).network),
  )
  const epsilons = fc.constantFrom(0.003, 0.01, 0.03, 0.1)
  const property = fc.property(networks, fc.nat(), epsilons, (network, seed, epsilon) => {
    const rows = withSubject(network, randomDataset(network, 6, seed), (subject) =>
      climbBatch(subject, six, settings(epsilon, 'pixels')),
    )
    for (const row of rows) {
      const { result } = row
      const steps = cheap.filter((step) => row[step])
      const last = steps.at(-1)!
      expect(steps).toEqual(cheap.slice(0, steps.length))
      seen.add(`${last} ${result!.verdict}`)
      if (result!.verdict === 'undecided') {
        expect(last).toBe('pgd')
        expect(result!).toMatchObject({
          reason: 'incomplete',
          margin: Math.max(row.interval!.margin!, row.lp!.margin!),
        })
      } else {
        expect(result!.method).toBe(last)
        expect(result!.margin).toBe(row[last]!.margin)
        expect(result!.verdict === 'robust').toBe(last === 'interval' || last === 'lp')
      }
    }
  })
  fc.assert(property, { numRuns: 60, seed: 7 })
  expect([...seen].toSorted()).toEqual([
    ...['clean vulnerable', 'interval robust', 'lp robust', 'pgd undecided', 'pgd vulnerable'],
  ])
})

test('images that the batch leaves open wait for the steps of questions, if any were asked for', () => {
  const { network, dataset } = smallCase()
  const indices = Array.from({ length: 40 }, (_, i) => i)
  withSubject(network, dataset, (subject) => {
    const alone = climbBatch(subject, indices, settings(0.05))
    const more = climbBatch(subject, indices, { ...settings(0.05), steps: [...cheap, 'crown'] })
    const open = alone.filter(({ result }) => result!.verdict === 'undecided')
    expect(open.length).toBeGreaterThan(0)
    expect(more.filter((row) => !isDecided(row)).map(({ index }) => index)).toEqual(open.map(({ index }) => index))
    expect(timeless(more.filter(isDecided))).toEqual(
      timeless(alone.filter(({ result }) => result!.verdict !== 'undecided')),
    )
  })
})

test('ε = 0: certified if and only if classified correctly by more than rounding', () => {
  const property = fc.property(networkArbitrary(), fc.nat(), (network, seed) => {
    const dataset = randomDataset(network, 4, seed)
    for (const methods of [['interval'], ['lp']] as const) {
      const rows = withSubject(network, dataset, (subject) =>
        climbBatch(subject, [0, 1, 2, 3], { ...settings(0), steps: methods }),
      )
      for (const { clean, result, ...row } of rows) {
        if (clean.verdict === 'misclassified') continue
        const { verdict, margin } = row[methods[0]]!
        expect(margin!).toBeLessThanOrEqual(clean.margin! + 1e-5)
        expect(margin!).toBeGreaterThan(clean.margin! - 2e-3 * (1 + clean.margin!))
        expect(verdict).toBe(margin! > 0 ? 'robust' : 'open')
        expect(result!.verdict).toBe(margin! > 0 ? 'robust' : 'undecided')
      }
    }
  })
  fc.assert(property, { numRuns: 60, seed: 6 })
})

test('a row does not depend on the images beside it, nor on the order', () => {
  const { network, dataset } = smallCase()
  const indices = Array.from({ length: 20 }, (_, i) => i)
  withSubject(network, dataset, (subject) => {
    const together = timeless(climbBatch(subject, indices, settings(0.05)))
    const alone = timeless(indices.flatMap((index) => climbBatch(subject, [index], settings(0.05))))
    expect(together).toEqual(alone)
    const backwards = timeless(climbBatch(subject, indices.toReversed(), settings(0.05)))
    expect(backwards.toReversed()).toEqual(alone)
  })
})

test('only the methods asked for are run', () => {
  const { network, dataset } = smallCase()
  const [row] = withSubject(network, dataset, (subject) =>
    climbBatch(subject, [0], { ...settings(0.05), steps: ['lp'] }),
  )
  expect(Object.keys(row!).toSorted()).toEqual(['clean', 'index', 'label', 'lp', 'prediction', 'result', 'seconds'])
})

test('a network whose logits overflow is certified for nothing, and its rows can be written', () => {
  const { network, dataset } = smallCase()
  const huge = { ...network, parameters: network.parameters.map((w) => w * 1e25) }
  expect(evaluate(huge, new Float32Array(36)).every(Number.isFinite)).toBe(true)
  const rows = withSubject(huge, dataset, (subject) => climbBatch(subject, [0, 1, 2, 3, 4, 5, 6, 7], settings(0.05)))
  expect(rows.some(({ result }) => result!.verdict === 'robust')).toBe(false)
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
})

test('a proof above a margin that was reached is an internal error that names the image', () => {
  const proof = (margin: number) => ({ verdict: 'robust', margin, seconds: 0 }) as const
  const reached = (margin: number, slack = 0) => ({ margin, slack })
  const clean = { verdict: 'correct', margin: 1, seconds: 0 } as const
  const check = (parts: Pick<Draft, 'interval' | 'lp'>, ...margins: Parameters<typeof requireConsistent>[1]) =>
    expect(() => requireConsistent({ index: 17, label: 0, prediction: 0, clean, ...parts }, margins))
  check({ interval: proof(1.1) }, reached(2), reached(1)).toThrow(/internal error: image 17/)
  check({ lp: proof(1.1) }, reached(2), reached(1)).toThrow(/image 17/)
  check({ lp: proof(2.1) }, reached(2)).toThrow(/image 17/)
  check({ interval: proof(0.1) }, reached(-1)).toThrow(/image 17/)
  check({ lp: proof(1.1) }, reached(1, 0.01)).toThrow(/image 17/)
  // float32 may have reached more than it says
  check({ lp: proof(1.1) }, reached(1, 0.1)).not.toThrow()
  check({ interval: proof(0.9), lp: proof(1) }, reached(2), reached(1)).not.toThrow()
  check({ interval: { verdict: 'open', margin: null, seconds: 0 } }, reached(2), reached(NaN)).not.toThrow()
})

test('the proved margin leaves out the label and keeps NaN', () => {
  expect(provedMargin([-2, 0, -1], 1)).toBe(1)
  expect(provedMargin([0.5, 0, -1], 1)).toBe(-0.5)
  expect(provedMargin([-2, 0, NaN], 1)).toBeNaN()
})
