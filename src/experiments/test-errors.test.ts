import { inline } from '../jobs/inline.ts'
import { expect, test } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { certify } from '../ladder/certify.ts'
import { rowsOf } from '../ladder/rows.testing.ts'
import { summarise } from '../ladder/summary.ts'
import { testErrors } from './test-errors.ts'

test('clean and LP error are those of certify over the whole ball', async () => {
  const { network, dataset } = smallCase()
  const found = new Set<number>()
  for (const epsilon of [0.002, 0.01, 0.03]) {
    const rows = certify(network, dataset, { epsilon, steps: ['clean', 'lp'], domain: 'unbounded' })
    const summary = summarise(await rowsOf(rows))
    const progress: number[] = []
    const errors = await testErrors(network, dataset, epsilon, {
      executor: inline,
      onProgress: (done) => progress.push(done),
    })
    expect(errors).toEqual({ cleanError: summary.clean.error, certifiedError: summary.lp!.error })
    expect(progress.at(-1)).toBe(dataset.count)
    found.add(errors.certifiedError)
  }
  // not all or nothing
  expect(found.size).toBe(3)
})
