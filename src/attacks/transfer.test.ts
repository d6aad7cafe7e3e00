/** Attacks made on one network and tried on another. */
import { expect, test } from 'vitest'
import { threads } from '../node/threads.ts'
import { evaluate } from '../model/evaluate.ts'
import { initialise } from '../model/initialise.ts'
import { attackAll } from './attack.testing.ts'
import { examples } from './inputs.ts'
import { smallCase } from './random-dataset.testing.ts'
import { judge } from './recheck.ts'

const { network, dataset } = smallCase()
const other = { ...network, parameters: initialise(network.architecture, 77).parameters.map((p) => 2 * p) }
const base = { epsilon: 0.05, first: 0, last: 50, seed: 0, steps: 10 } as const
const methods = ['pgd', 'apgd-ce', 'auto'] as const
const budget = (method: string) => (method === 'auto' ? { queries: 30 } : {})

test.each(methods)(
  '%s: what counts fools the network that is tried, and less than an attack on itself',
  async (method) => {
    const run = { ...base, ...budget(method), method }
    const own = await attackAll(network, dataset, run)
    const { rows, summary } = await attackAll(network, dataset, { ...run, from: other })
    expect(summary).toMatchObject({ from: 'random', cleanErrors: own.summary.cleanErrors })
    expect(summary.attackErrors).toBeLessThan(own.summary.attackErrors)
    expect(summary.attackErrors).toBeGreaterThan(summary.cleanErrors)
    for (const { index, label, adversarial, margin, verdict } of rows) {
      if (verdict === 'withstood') expect(margin).toBeGreaterThan(0)
      if (!adversarial) continue
      const image = examples(dataset, [index]).images[0]!
      expect(judge(evaluate(network, adversarial.image), label)).toMatchObject({ margin })
      expect(adversarial.image.every((x, j) => Math.abs(x - image[j]!) <= 0.05 && x >= 0 && x <= 1)).toBe(true)
    }
    const parallel = await attackAll(network, dataset, { ...run, from: other, executor: threads(2) })
    expect(parallel.rows).toEqual(rows)
  },
)

test('from itself it is PGD on itself', async () => {
  const own = await attackAll(network, dataset, { ...base, method: 'pgd' })
  const { rows } = await attackAll(network, dataset, { ...base, method: 'pgd', from: network })
  expect(rows.map(({ verdict }) => verdict)).toEqual(own.rows.map(({ verdict }) => verdict))
})

test('a network for other images is refused', async () => {
  const { network: wide } = smallCase(1)
  const small = { ...wide, architecture: { ...wide.architecture, input: { channels: 1, height: 5, width: 5 } } }
  await expect(attackAll(network, dataset, { ...base, method: 'pgd', from: small })).rejects.toThrow(/parameters|5×5/)
})
