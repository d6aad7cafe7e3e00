import { beforeAll, expect, test } from 'vitest'
import { pixelsAt } from '../../data/dataset.ts'
import { smallCase } from '../../attacks/random-dataset.testing.ts'
import { threads } from '../../node/threads.ts'
import { judge } from '../../attacks/recheck.ts'
import { evaluate } from '../../model/evaluate.ts'
import { graphOf } from '../../model/graph.ts'
import { certify } from '../certify.ts'
import { defaultSteps } from '../chosen-steps.ts'
import { comparable, rowsOf } from '../rows.testing.ts'
import { type CertifyRow, rowSchema } from '../rows.ts'
import { summarise } from '../summary.ts'

const { network, dataset } = smallCase()
const few = { epsilon: 0.05, auto: { steps: 15, queries: 100 } } as const
// a weak PGD, so that it leaves something
const weak = { pgd: { steps: 1, randomStart: false } }
let rows: CertifyRow[]
beforeAll(async () => {
  rows = await rowsOf(certify(network, dataset, { ...few, ...weak, steps: ['pgd', 'auto', 'lp'] }))
})

test('it works on what proofs and PGD have left; what it finds is kept, and is a counterexample', () => {
  const found = rows.filter(({ result }) => result.verdict === 'vulnerable' && result.method === 'auto')
  expect(found.length).toBeGreaterThan(1)
  for (const row of found) {
    expect(row).toMatchObject({ clean: { verdict: 'correct' }, lp: { verdict: 'open' }, pgd: { verdict: 'withstood' } })
    const { result, label, index, auto } = row
    if (result.verdict !== 'vulnerable') continue
    const image = pixelsAt(dataset, index)
    expect(result.point!.every((x, i) => Math.abs(x - image[i]!) <= 0.05 && x >= 0 && x <= 1)).toBe(true)
    const { margin, prediction } = judge(evaluate(network, result.point!), label)
    expect(result).toMatchObject({ margin, prediction })
    expect(auto).toMatchObject({ verdict: 'vulnerable', margin })
    expect(rowSchema.parse(JSON.parse(JSON.stringify(row)))).toEqual(row)
  }
  for (const row of rows.filter(({ auto }) => auto?.verdict === 'withstood')) {
    expect(row.result).toMatchObject({ verdict: 'undecided', reason: 'incomplete' })
    expect(row.auto!.margin).toBeGreaterThan(0)
  }
})

test('its error lies between those of PGD and of the proofs', async () => {
  const { clean, pgd, auto, lp } = summarise(rows)
  expect(pgd!.errors).toBeGreaterThan(clean.errors)
  expect(auto!.errors).toBeGreaterThan(pgd!.errors)
  expect(lp!.errors).toBeGreaterThanOrEqual(auto!.errors)
  const alone = await rowsOf(certify(network, dataset, { ...few, steps: ['auto'] }))
  const exact = await rowsOf(certify(network, dataset, { ...few, steps: ['lp', 'alpha', 'complete'] }))
  expect(summarise(alone).auto!.errors).toBeLessThanOrEqual(summarise(exact).vulnerable)
  expect(summarise(alone).auto!.errors).toBeGreaterThanOrEqual(auto!.errors)
})

test('nobody gets it without asking; rows do not depend on which other images there are', async () => {
  for (const kind of ['layers', 'graph'] as const) expect(defaultSteps(kind)).not.toContain('auto')
  const withstood = rows.flatMap(({ index, auto }) => (auto?.verdict === 'withstood' ? [index] : []))
  expect(withstood.length).toBeGreaterThan(0)
  const images = [7, 3, 30, ...withstood.slice(0, 1)]
  let hard = 0
  const options = { ...few, ...weak, images, onHard: () => hard++ }
  const some = await rowsOf(certify(network, dataset, { ...options, steps: ['pgd', 'auto', 'lp'] }))
  expect(hard).toBe(0)
  const ofAll = images.map((index) => rows.find((row) => row.index === index)!)
  expect(comparable(some)).toEqual(comparable(ofAll))
})

test('workers do not matter, and searches go on with what it leaves; a row has its part in its place', async () => {
  const options = { ...few, ...weak, auto: { steps: 2, queries: 5 }, steps: ['pgd', 'auto', 'lp', 'complete'] } as const
  const inline = await rowsOf(certify(network, dataset, options))
  expect(comparable(await rowsOf(certify(network, dataset, { ...options, executor: threads(2) })))).toEqual(
    comparable(inline),
  )
  const searched = inline.filter(({ complete }) => complete)
  expect(searched.length).toBeGreaterThan(1)
  for (const row of searched) {
    expect(Object.keys(row).filter((key) => ['clean', 'pgd', 'auto', 'lp', 'complete'].includes(key))).toEqual([
      ...['clean', 'pgd', 'auto', 'lp', 'complete'],
    ])
    expect(row.auto!.verdict).toBe('withstood')
    expect(row.seconds).toBeGreaterThanOrEqual(row.auto!.seconds + row.complete!.seconds)
  }
})

test('graphs are attacked in float64', async () => {
  const images = rows.flatMap(({ index, auto }) => (auto ? [index] : [])).slice(0, 8)
  const options = { ...few, auto: { steps: 15, queries: 1 }, images }
  const found = await rowsOf(certify(graphOf(network), dataset, { ...options, steps: ['auto'] }))
  const verdicts = found.map(({ auto }) => auto!.verdict)
  expect(verdicts).toContain('vulnerable')
  for (const { result, label } of found) {
    if (result.verdict !== 'vulnerable') continue
    expect(judge(evaluate(network, result.point!), label).margin).toBeCloseTo(result.margin!, 9)
  }
})
