import { registry } from './transfer-task.ts'
import { inline } from '../jobs/inline.ts'
import { threads } from '../node/threads.ts'
import { expect, test } from 'vitest'
import { attackAll } from '../attacks/attack.testing.ts'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { initialise } from '../model/initialise.ts'
import { transferErrors } from './transfer.ts'

const { network: f, dataset } = smallCase()
const g = { ...f, parameters: initialise(f.architecture, 77).parameters.map((p) => 2 * p) }
const epsilon = 0.03
const two = threads(2, registry)

test('PGD errors are those of the attack command, with any number of workers', async () => {
  const errors = await transferErrors({ f, g, dataset }, epsilon, two)
  expect(await transferErrors({ f, g, dataset }, epsilon, inline)).toEqual(errors)
  for (const [network, clean, pgd] of [
    [f, errors.fClean, errors.fPgd],
    [g, errors.gClean, errors.gPgd],
  ] as const) {
    const { summary } = await attackAll(network, dataset, {
      ...{ epsilon, first: 0, last: dataset.count, seed: 0, domain: 'pixels', method: 'pgd' },
    })
    expect([clean, pgd]).toEqual([summary.cleanError, summary.attackError])
  }
  // an attack is no use to the other network unless it moves it
  expect(errors.fPgd).toBeGreaterThan(errors.fClean)
})

test('what transfers to the network itself is the attack; what transfers to another is less', async () => {
  const same = await transferErrors({ f, g: f, dataset }, epsilon, inline)
  expect([same.fToG, same.gToF]).toEqual([same.fPgd, same.fPgd])
  const other = await transferErrors({ f, g, dataset }, epsilon, inline)
  expect(other.gToF).toBeLessThan(other.fPgd)
  expect(other.gToF).not.toBe(other.fToG)
  const swapped = await transferErrors({ f: g, g: f, dataset }, epsilon, inline)
  expect([swapped.fToG, swapped.gToF]).toEqual([other.gToF, other.fToG])
})
