import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { certificatesName, isCertificates, readCertificates } from './read-certificates.ts'
import { dataset, writeCertificates } from '../../report/report.testing.ts'
import { temporaryFolder } from '../temporary.testing.ts'

const folder = temporaryFolder()
let path: string
let content: string
beforeAll(async () => {
  path = await writeCertificates(join(folder, 'lp.jsonl'), ['clean', 'lp'])
  content = readFileSync(path, 'utf8')
})

function written(name: string, text: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

test('reads rows by index and sums them up', () => {
  const { rows, header, summary } = readCertificates(path)
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: dataset.count }, (_, i) => i))
  expect(header).toMatchObject({ epsilon: 0.05, norm: 'linf', domain: 'pixels', methods: ['clean', 'lp'] })
  expect(summary).toMatchObject({ images: dataset.count, first: 0, last: dataset.count })
  expect(summary.robust + summary.vulnerable + summary.undecided).toBe(dataset.count)
})

test('compressed files say the same; a torn last line does not count', () => {
  const whole = readCertificates(path)
  expect(readCertificates(written('lp.jsonl.gz', gzipSync(content))).rows).toEqual(whole.rows)
  expect(readCertificates(written('torn.jsonl', content.slice(0, -20))).rows).toEqual(whole.rows.slice(0, -1))
})

test('files from before there were norms are of ℓ∞', () => {
  const old = written('old.jsonl', content.replace('"norm":"linf",', ''))
  expect(readCertificates(old).header.norm).toBe('linf')
})

test('files of older versions, which do not say theirs and have a seed of the search, are read', () => {
  const search = '"search":{"method":"bab","timeout":60,"seed":0},'
  const older = content.replace(/"robustra":"[^"]*",/, search)
  expect(older).not.toBe(content)
  expect(readCertificates(written('older.jsonl', older)).rows).toHaveLength(dataset.count)
  const protocol = new URL('../../../results/protocol/mnist-small-0.1-whole.jsonl.gz', import.meta.url)
  expect(readCertificates(fileURLToPath(protocol)).rows).toHaveLength(10_000)
})

test.each([
  ['another file', () => '{"a":1}\n', 'is not a file of certificates'],
  ['an empty file', () => '', 'is not a file of certificates'],
  ['an older version', () => content.replace('"version":2', '"version":1'), 'is of version 1 of the format, not 2'],
  ['a header without ε', () => content.replace('"epsilon":0.05,', ''), 'its first line is not what'],
  ['no rows', () => content.slice(0, content.indexOf('\n') + 1), 'holds no rows yet'],
  ['a damaged row', () => content.replace('"index":3,', '"index":"3",'), 'is damaged: line 5 is not a row'],
  ['two rows of an image', () => content.replace('"index":3,', '"index":4,'), 'two rows of image 4'],
])('refuses %s', (_name, text, why) => {
  const file = written('bad.jsonl', text())
  expect(() => readCertificates(file)).toThrow(UserError)
  expect(() => readCertificates(file)).toThrow(why)
})

test('knows its files by name and by what they begin with', () => {
  expect(['a.jsonl', 'a.b.JSONL.GZ', 'a.json', '.jsonl'].map(certificatesName)).toEqual([
    'a',
    'a.b',
    undefined,
    undefined,
  ])
  expect(isCertificates(path)).toBe(true)
  expect(isCertificates(written('log.jsonl', '{"epoch":0}\n'))).toBe(false)
})
