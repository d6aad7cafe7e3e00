import { inline } from '../jobs/inline.ts'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { certify } from '../ladder/certify.ts'
import { testErrors } from './test-errors.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()

test('clean and LP error are those of certify over the whole ball', async () => {
  const { network, dataset } = smallCase()
  const found = new Set<number>()
  for (const epsilon of [0.002, 0.01, 0.03]) {
    const summary = await certify(network, dataset, {
      ...{ epsilon, methods: ['clean', 'lp'], domain: 'unbounded', first: 0, last: dataset.count },
      ...{ workers: 1, seed: 0, resume: false, out: join(folder, `${epsilon}.jsonl`) },
    })
    const progress: number[] = []
    const errors = await testErrors(network, dataset, epsilon, inline, (done) => progress.push(done))
    expect(errors).toEqual({ cleanError: summary.clean.error, certifiedError: summary.lp!.error })
    expect(progress.at(-1)).toBe(dataset.count)
    found.add(errors.certifiedError)
  }
  // not all or nothing
  expect(found.size).toBe(3)
})
