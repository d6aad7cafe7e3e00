import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { CertifyRow } from '../ladder/rows.ts'
import { ladderOf } from './ladder.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import type { Certificates } from './subject.ts'
import { writeCertificates } from './report.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
let full: Certificates
let cheap: Certificates
beforeAll(async () => {
  full = readCertificates(await writeCertificates(join(folder, 'full.jsonl')))
  cheap = readCertificates(await writeCertificates(join(folder, 'cheap.jsonl'), ['clean', 'lp']))
})

test('every image has one part, and parts agree with the summary', () => {
  for (const { rows, summary } of [full, cheap]) {
    const parts = ladderOf(rows)
    const sum = (outcome?: string) =>
      parts.reduce((total, part) => total + (outcome === undefined || part.outcome === outcome ? part.images : 0), 0)
    expect(sum()).toBe(rows.length)
    expect(parts.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 9)
    for (const outcome of ['robust', 'vulnerable', 'undecided'] as const) expect(sum(outcome)).toBe(summary[outcome])
    const clean = parts.find(({ outcome, method }) => outcome === 'vulnerable' && method === 'clean')
    expect(clean?.images).toBe(summary.clean.settled)
  }
  expect(ladderOf(cheap.rows).some(({ outcome }) => outcome === 'undecided')).toBe(true)
  expect(ladderOf(full.rows).some(({ outcome }) => outcome === 'undecided')).toBe(false)
})

test('a counterexample is counted once, for any step that finds it', () => {
  const row = (method: string) => ({ result: { verdict: 'vulnerable', method } }) as unknown as CertifyRow
  const methods = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete']
  expect(ladderOf(methods.map(row)).map(({ method, images }) => [method, images])).toEqual([
    ['complete', 5],
    ['pgd', 1],
    ['clean', 1],
  ])
})
