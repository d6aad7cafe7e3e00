import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import { marginsSection } from './margins.ts'
import { writeCertificates } from './report.testing.ts'
import type { Subject } from './subject.ts'

const folder = temporaryFolder()
let subject: Subject
beforeAll(async () => {
  const certificates = readCertificates(await writeCertificates(join(folder, 'cheap.jsonl'), ['clean', 'pgd', 'lp']))
  subject = { name: 'cheap', run: undefined, certificates: [{ ...certificates, name: 'cheap', known: undefined }] }
})

test('margins: bars of each outcome, one above the other, as high as their images are many', () => {
  const { margins } = subject.certificates[0]!.summary
  const text = marginsSection([subject])!.text
  const bars = [
    ...text.matchAll(/<rect class="fill-(\w+)" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g),
  ]
  const filled = [...margins.robust, ...margins.vulnerable, ...margins.undecided].filter((count) => count > 0)
  expect(bars).toHaveLength(filled.length)
  const heightOf = (kind: string) =>
    bars.reduce((sum, [, fill, , , height]) => sum + (fill === kind ? Number(height) : 0), 0)
  const images = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
  expect(heightOf('robust') / heightOf('attacked')).toBeCloseTo(images(margins.robust) / images(margins.vulnerable), 1)
  for (const [, , x, y] of bars) {
    const above = bars.filter(([, , other, top]) => other === x && Number(top) < Number(y))
    for (const [, , , top, height] of above) expect(Number(top) + Number(height)).toBeLessThanOrEqual(Number(y) + 0.2)
  }
})
