import { beforeAll, expect, test } from 'vitest'
import { pgdOptions } from '../attacks/attack.ts'
import { ensembleOptions } from '../attacks/ensemble.ts'
import type { Subject } from '../attacks/attack-images.ts'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { subjectOf } from '../attacks/subject.testing.ts'
import { domains } from '../region/domain.ts'
import { Engine } from '../device/wasm/engine.ts'
import { graphOf } from '../model/graph.ts'
import { climbBatch } from './climb-batch.ts'
import { isDecided, partsOf } from './drafts.ts'
import { timeless } from './rows.testing.ts'
import { lpCertificates } from './steps/lp.ts'
import { paperBall } from '../region/ball.ts'

const { network, dataset } = smallCase()
const graph = graphOf(network)
const all = Array.from({ length: 50 }, (_, i) => i)
const settings = (domain: (typeof domains)[number], seed = 0) => ({
  ...{ ball: { ...paperBall(0.05), domain }, steps: ['clean', 'pgd'] as const },
  attack: pgdOptions({ steps: 20 }, domain, seed),
  ensemble: ensembleOptions(['apgd-ce', 'square'], { steps: 5, queries: 20 }, 0),
})

let subject: Subject
beforeAll(async () => {
  subject = subjectOf(await Engine.create(), network, dataset)
})

test.each(domains)(
  'clean rows are those of the engine, attacks find about as much, and nothing that is proved robust: %s',
  (domain) => {
    const rows = climbBatch({ graph, dataset }, all, settings(domain))
    const others = all.flatMap((i) => climbBatch(subject, [i], settings(domain)))
    const attacked = (found: typeof rows) => found.filter(({ pgd }) => pgd?.verdict === 'vulnerable').length
    rows.forEach(({ clean, prediction, label }, i) => {
      expect([prediction, label, clean.verdict]).toEqual([
        ...[others[i].prediction, others[i].label, others[i].clean.verdict],
      ])
      expect(clean.margin).toBeCloseTo(others[i].clean.margin!, 4)
    })
    expect(attacked(rows)).toBeGreaterThan(5)
    expect(attacked(rows)).toBeGreaterThan(0.8 * attacked(others))
    const broken = rows.filter(({ result }) => result!.verdict === 'vulnerable')
    for (const { result, clean, pgd } of broken) {
      expect(result!.margin).toBeLessThanOrEqual(0)
      expect(result!.margin).toBe((pgd ?? clean).margin)
    }
    for (let i = 0; i < broken.length; i += 4) {
      const pass = broken.slice(i, i + 4).map(({ index }) => index)
      for (const margin of lpCertificates(subject, pass, settings(domain).ball, true))
        expect(margin).toBeLessThanOrEqual(0)
    }
  },
)

test('a row depends on its image and the seed alone', () => {
  const together = climbBatch({ graph, dataset }, all, settings('pixels'))
  const alone = all.toReversed().flatMap((i) => climbBatch({ graph, dataset }, [i], settings('pixels')))
  expect(timeless(alone.toReversed())).toEqual(timeless(together))
})

test('what is left open waits for more expensive steps, if there are to be any', () => {
  const ended = climbBatch({ graph, dataset }, all, settings('pixels'))
  expect(ended.every(isDecided)).toBe(true)
  const more = climbBatch({ graph, dataset }, all, { ...settings('pixels'), steps: ['clean', 'crown'] })
  for (const row of more) {
    expect(isDecided(row)).toBe(row.clean.verdict === 'misclassified')
    expect(partsOf(row).map(({ step }) => step)).toEqual(['clean'])
  }
})
