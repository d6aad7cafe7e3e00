import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { examples } from '../attacks/inputs.ts'
import { judge } from '../attacks/recheck.ts'
import { evaluate } from '../model/evaluate.ts'
import { type Gallery, chooseExhibits } from './gallery.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import type { Certificates } from './subject.ts'
import { dataset, network, writeCertificates } from './report.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
let file: Certificates
let gallery: Gallery
beforeAll(async () => {
  file = readCertificates(await writeCertificates(join(folder, 'full.jsonl')))
  gallery = await chooseExhibits(file, dataset, network, 4)
})

const rowOf = (index: number) => file.rows.find((row) => row.index === index)!
const marginsOf = (verdict: string) =>
  file.rows.flatMap(({ result }) => (result.verdict === verdict && result.margin !== null ? [result.margin] : []))

test('proved images are those of the smallest margins', () => {
  expect(gallery.proved.map(({ margin }) => margin)).toEqual(
    marginsOf('robust')
      .toSorted((a, b) => a - b)
      .slice(0, 4),
  )
  for (const { index, label, method, image } of gallery.proved) {
    expect(rowOf(index)).toMatchObject({ label, result: { verdict: 'robust', method } })
    expect(image).toEqual(examples(dataset, [index]).images[0])
  }
})

test('vulnerable images have counterexamples in the domain that are misclassified, by float64', () => {
  expect(gallery.vulnerable).toHaveLength(4)
  for (const { index, label, image, margin, method, counterexample } of gallery.vulnerable) {
    expect(rowOf(index)).toMatchObject({ label, result: { verdict: 'vulnerable', method } })
    const point = Float64Array.from(counterexample!.image)
    expect(judge(evaluate(network, point), label)).toEqual({ margin, prediction: counterexample!.prediction })
    expect(margin).toBeLessThanOrEqual(0)
    point.forEach((value, i) => {
      expect(Math.abs(value - image[i])).toBeLessThanOrEqual(0.05)
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(1)
    })
  }
})

test('PGD finds the same again, so that margins are those of the rows', () => {
  const attacked = gallery.vulnerable.filter(({ method }) => method === 'pgd')
  expect(attacked.length).toBeGreaterThan(0)
  for (const { index, margin } of attacked) expect(margin).toBeCloseTo(rowOf(index).result.margin!, 6)
})

test('a point of the rows is run again, and one that fools nobody is not shown', async () => {
  const [exhibit] = gallery.vulnerable
  const row = rowOf(exhibit!.index)
  const withPoint = (point: number[]) => ({
    header: file.header,
    rows: [
      {
        ...row,
        result: { ...row.result, verdict: 'vulnerable' as const, method: 'complete' as const, prediction: 0, point },
      },
    ],
  })
  const shown = async (point: number[]) => (await chooseExhibits(withPoint(point), dataset, network, 4)).vulnerable
  expect(await shown(Array.from(exhibit!.counterexample!.image))).toMatchObject([{ margin: exhibit!.margin }])
  expect(await shown(Array.from(exhibit!.image))).toEqual([])
  expect(await shown([0.5])).toEqual([])
})

const otherLabels = new Uint8Array(new SharedArrayBuffer(dataset.count))
dataset.labels.forEach((label, i) => (otherLabels[i] = (label + 1) % dataset.classes))

test('without the network nothing is said to be a counterexample; rows of other images are left out', async () => {
  const without = await chooseExhibits(file, dataset, undefined, 4)
  expect([without.proved.length, without.vulnerable.length]).toEqual([4, 0])
  const others = {
    ...dataset,
    labels: otherLabels,
  }
  expect(await chooseExhibits(file, others, network, 4)).toEqual({ proved: [], vulnerable: [] })
})
