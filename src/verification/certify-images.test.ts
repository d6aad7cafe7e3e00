import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Subject } from '../attacks/attack-images.ts'
import { pgdOptions } from '../attacks/attack.ts'
import { randomDataset, smallCase } from '../attacks/random-dataset.testing.ts'
import { Engine } from '../engine/engine.ts'
import { evaluate } from '../networks/evaluate.ts'
import { LoadedNetwork } from '../networks/load.ts'
import type { Network } from '../networks/network.ts'
import { networkArbitrary } from '../networks/random-network.testing.ts'
import { certifyImages, provedMargin, requireConsistent } from './certify-images.ts'
import { type CertifyRow, certifyMethods } from './rows.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const settings = (epsilon: number) => ({
  epsilon,
  methods: certifyMethods,
  attack: pgdOptions({ steps: 8 }, false, 0),
})

function withSubject<R>(network: Network, dataset: Subject['dataset'], work: (subject: Subject) => R): R {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  const result = work({ network, loaded, dataset })
  engine.release(mark)
  return result
}

const withoutTimes = (rows: readonly CertifyRow[]) =>
  JSON.parse(JSON.stringify(rows, (key, value) => (key === 'seconds' ? undefined : value)))

test('nothing certified is attacked, what intervals certify the LP does too, no attack falls below a proof', () => {
  const seen = new Set<string>()
  const epsilons = fc.constantFrom(0, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
  const property = fc.property(networkArbitrary(), fc.nat(), epsilons, (network, seed, epsilon) => {
    // certifyImages throws if a certificate and an adversarial example contradict each other
    const rows = withSubject(network, randomDataset(network, 6, seed), (subject) =>
      certifyImages(subject, [0, 1, 2, 3, 4, 5], settings(epsilon)),
    )
    for (const { clean, pgd, interval, lp } of rows) {
      seen.add(`pgd ${pgd!.verdict}`).add(`interval ${interval!.verdict}`).add(`lp ${lp!.verdict}`)
      if (interval!.verdict === 'robust') expect(lp!.verdict).toBe('robust')
      if (clean.verdict === 'misclassified')
        expect([pgd!.verdict, interval!.verdict]).toEqual(Array(2).fill(clean.verdict))
      else {
        const rounding = 1e-4 * (1 + Math.abs(clean.margin!))
        expect(lp!.margin!).toBeLessThanOrEqual(pgd!.margin! + rounding)
      }
    }
  })
  fc.assert(property, { numRuns: 100, seed: 5 })
  expect(seen.size).toBe(9)
}, 20_000)

test('ε = 0: certified if and only if classified correctly by more than rounding', () => {
  const property = fc.property(networkArbitrary(), fc.nat(), (network, seed) => {
    const dataset = randomDataset(network, 4, seed)
    const rows = withSubject(network, dataset, (subject) => certifyImages(subject, [0, 1, 2, 3], settings(0)))
    for (const { clean, interval, lp } of rows) {
      if (clean.verdict === 'misclassified') continue
      for (const { verdict, margin } of [interval!, lp!]) {
        expect(margin!).toBeLessThanOrEqual(clean.margin! + 1e-5)
        expect(margin!).toBeGreaterThan(clean.margin! - 2e-3 * (1 + clean.margin!))
        expect(verdict).toBe(margin! > 0 ? 'robust' : 'open')
      }
    }
  })
  fc.assert(property, { numRuns: 60, seed: 6 })
})

test('a row does not depend on the images beside it, nor on the order', () => {
  const { network, dataset } = smallCase()
  const indices = Array.from({ length: 20 }, (_, i) => i)
  withSubject(network, dataset, (subject) => {
    const together = withoutTimes(certifyImages(subject, indices, settings(0.05)))
    const alone = withoutTimes(indices.flatMap((index) => certifyImages(subject, [index], settings(0.05))))
    expect(together).toEqual(alone)
    const backwards = withoutTimes(certifyImages(subject, indices.toReversed(), settings(0.05)))
    expect(backwards.toReversed()).toEqual(alone)
  })
})

test('only the methods asked for are run', () => {
  const { network, dataset } = smallCase()
  const [row] = withSubject(network, dataset, (subject) =>
    certifyImages(subject, [0], { ...settings(0.05), methods: ['lp'] }),
  )
  expect(Object.keys(row!).toSorted()).toEqual(['clean', 'index', 'label', 'lp', 'prediction', 'seconds'])
})

test('a network whose logits overflow is certified for nothing, and its rows can be written', () => {
  const { network, dataset } = smallCase()
  const huge = { ...network, parameters: network.parameters.map((w) => w * 1e25) }
  expect(evaluate(huge, new Float32Array(36)).every(Number.isFinite)).toBe(true)
  const rows = withSubject(huge, dataset, (subject) => certifyImages(subject, [0, 1, 2, 3, 4, 5, 6, 7], settings(0.05)))
  expect(rows.some(({ lp }) => lp!.verdict === 'robust')).toBe(false)
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
})

test('a contradiction is an internal error that names the image', () => {
  const part = { margin: 0, seconds: 0 }
  const row = { index: 17, label: 1, prediction: 1, clean: { ...part, verdict: 'correct' }, seconds: 0 } as const
  const robust = { ...part, verdict: 'robust' } as const
  const vulnerable = { ...part, verdict: 'vulnerable' } as const
  expect(() => requireConsistent({ ...row, pgd: vulnerable, interval: robust })).toThrow(/internal error: image 17/)
  expect(() => requireConsistent({ ...row, pgd: vulnerable, lp: { ...robust, pruned: true } })).toThrow(/image 17/)
  expect(() => requireConsistent({ ...row, clean: { ...part, verdict: 'misclassified' }, interval: robust })).toThrow()
  expect(() => requireConsistent({ ...row, pgd: vulnerable, interval: { ...part, verdict: 'open' } })).not.toThrow()
})

test('the proved margin leaves out the label and keeps NaN', () => {
  expect(provedMargin([-2, 0, -1], 1)).toBe(1)
  expect(provedMargin([0.5, 0, -1], 1)).toBe(-0.5)
  expect(provedMargin([-2, 0, NaN], 1)).toBeNaN()
})
