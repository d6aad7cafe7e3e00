import { expect, test } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import type { Ball } from '../region/ball.ts'
import { certify } from './certify.ts'
import { provedByLarger } from './larger-ball.ts'
import { rowsOf } from './rows.testing.ts'
import { summarise } from './summary.ts'

const { network, dataset } = smallCase()
const images = Array.from({ length: 40 }, (_, i) => i)
const options = { images, steps: ['pgd', 'lp', 'complete'], pgd: { steps: 4 } } as const
const ball = (epsilon: number) => ({ epsilon, norm: 'linf', domain: 'pixels' }) as const

test('what a larger ball proves is not tried again, and every verdict is what it would be alone', async () => {
  const rows = await rowsOf(certify(network, dataset, { ...options, epsilon: 0.06 }))
  const alone = await rowsOf(certify(network, dataset, { ...options, epsilon: 0.03 }))
  const after = await rowsOf(
    certify(network, dataset, { ...options, epsilon: 0.03, larger: { ball: ball(0.06), rows } }),
  )
  const verdicts = (of: typeof rows) => of.toSorted((a, b) => a.index - b.index).map(({ result }) => result.verdict)
  expect(verdicts(after)).toEqual(verdicts(alone))
  const carried = after.filter(({ provedAt }) => provedAt === 0.06)
  expect(carried.map(({ index }) => index)).toEqual(
    rows.filter(({ result }) => result.verdict === 'robust').map(({ index }) => index),
  )
  expect(carried.every((row) => !row.lp && !row.complete && row.seconds === 0)).toBe(true)
  // a counterexample in the larger ball says nothing of the smaller one
  expect(
    verdicts(rows).filter((verdict, i) => verdict === 'vulnerable' && verdicts(alone)[i] === 'robust'),
  ).not.toEqual([])
  const summary = summarise(after)
  expect(summary.provedAtLarger).toBe(carried.length)
  expect(summary.lp!.settled + summary.complete!.settled).toBeLessThan(summary.robust)
})

test('a chain of balls says at which one an image was proved; other images than those asked for stay out', async () => {
  const rows = await rowsOf(certify(network, dataset, { ...options, epsilon: 0.04 }))
  const next = provedByLarger(ball(0.03), images, { ball: ball(0.04), rows })
  expect(
    provedByLarger(ball(0.02), [3, 4], { ball: ball(0.03), rows: next }).every((row) => row.provedAt === 0.04),
  ).toBe(true)
  expect(provedByLarger(ball(0.02), [], { ball: ball(0.03), rows: next })).toEqual([])
})

test('a ball that does not hold the other proves nothing: smaller in one value, of another norm or domain', () => {
  const proves = (larger: Ball, smaller: Ball) => () => provedByLarger(smaller, images, { ball: larger, rows: [] })
  const per = (...epsilons: number[]): Ball => ({ ...ball(Math.max(...epsilons)), epsilons })
  expect(proves(ball(0.04), ball(0.05))).toThrow(
    'what is proved for ε 0.04 in ℓ∞, domain pixels proves nothing for ε 0.05 in ℓ∞, domain pixels, which is not a part of it',
  )
  expect(proves(per(0.1, 0.02), ball(0.05))).toThrow('ε per value, at most 0.1')
  expect(proves(per(0.1, 0.02), per(0.05, 0.03))).toThrow('which is not a part of it')
  expect(proves({ ...ball(0.1), norm: 'l2' }, ball(0.05))).toThrow('ℓ2')
  expect(proves(ball(0.1), { ...ball(0.05), domain: 'unbounded' })).toThrow('unbounded')
  expect(proves(per(0.1, 0.05), per(0.05, 0.05))()).toEqual([])
  expect(proves(ball(0.1), per(0.05, 0.1))()).toEqual([])
})
