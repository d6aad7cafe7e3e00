import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { makeReport } from '../node/report/measure.ts'
import { isReport, reportData, reportPage } from './page.ts'
import { dataset, logRow, smallImages, writeCertificates, writeRun } from './report.testing.ts'
import { problemsOf } from './static-page.testing.ts'
import { readSubjects } from '../node/report/subjects.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
let run: string
let page: string
let data: ReturnType<typeof reportData>
beforeAll(async () => {
  run = writeRun(folder, 'first')
  await writeCertificates(join(run, 'exact.jsonl'))
  const report = await makeReport(readSubjects([run]), smallImages)
  page = reportPage(report, '1.2.3')
  data = reportData(report)
})

const pageOf = async (...paths: string[]) => reportPage(await makeReport(readSubjects(paths), smallImages), '1.2.3')
const idsOf = (text: string) => [...text.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)

test('has all sections, with everything in one file', () => {
  expect(problemsOf(page)).toEqual([])
  expect(idsOf(page)).toEqual([
    'errors',
    'settings',
    'training',
    'stability',
    'ladder',
    'classes',
    'margins',
    'gallery',
  ])
  for (const part of [
    '<title>first – robustra</title>',
    'robustra 1.2.3',
    'Robustra: mean t₀',
    'broken by PGD',
    'Clean error, training',
    'Training took 2 min 10 s.',
  ]) {
    expect(page).toContain(part)
  }
  expect(page.match(/<img\b/g)!.length).toBeGreaterThan(10)
  // the exact error of an epoch has two ends, for f and for g
  for (const ends of ['s0', 's0 dotted', 's1', 's1 dotted']) expect(page).toContain(`class="curve ${ends}"`)
  // every section about proofs says over which inputs they hold
  for (const id of ['stability', 'ladder', 'gallery'])
    expect(page.split('<section ').find((part) => part.startsWith(`id="${id}"`))).toContain('(the ball ∩ [0, 1])')
  expect([isReport(page), isReport('<!doctype html><html></html>')]).toEqual([true, false])
})

test('the data say the same as the page', () => {
  expect(JSON.parse(JSON.stringify(data))).toMatchObject({
    title: 'first',
    errors: [{ name: 'first, exact', images: dataset.count, epochs: 2, seed: 7, part: 'test' }],
    subjects: [{ name: 'first', settings: { epsilon: 0.05 }, certificates: [{ name: 'exact' }] }],
    stability: [{ images: dataset.count, layers: [{}, {}] }],
  })
  const [errors] = data.errors
  for (const error of [errors!.clean!, errors!.pgd!, errors!.lp!]) {
    expect(page).toContain(`${(100 * error).toFixed(2)} %`)
  }
  expect(JSON.stringify(data)).not.toContain('point')
})

test('a comparison has every run side by side', async () => {
  const other = writeRun(folder, 'second', { seed: 8, dataset: 'mnist' })
  const text = await pageOf(run, other)
  expect(problemsOf(text)).toEqual([])
  for (const part of ['Comparison of 2 runs', 'first, f', 'second, g', 'The test images of mnist are not here']) {
    expect(text).toContain(part)
  }
  expect(text).toContain('Settings in which the runs differ')
})

test('certificates alone have no training, and a run that has only begun little else', async () => {
  expect(idsOf(await pageOf(join(run, 'exact.jsonl')))).toEqual([
    'errors',
    'stability',
    'ladder',
    'classes',
    'margins',
    'gallery',
  ])
  const begun = writeRun(folder, 'begun')
  writeFileSync(join(begun, 'log.jsonl'), '')
  const text = await pageOf(begun)
  expect(idsOf(text)).toEqual(['errors', 'settings', 'stability'])
  expect(problemsOf(text)).toEqual([])
})

test('texts of files stay texts', async () => {
  const attack = '"><img src=x onerror=alert(1)><script>alert(2)</script>&amp;\'</td>'
  const evil = writeRun(folder, `evil'"><b onclick=alert(3)>`, { method: attack, [attack]: attack, start: attack })
  writeFileSync(join(evil, 'log.jsonl'), `${JSON.stringify(logRow(0, attack))}\n`)
  const text = await pageOf(evil, run)
  expect(problemsOf(text)).toEqual([])
  expect(text).not.toMatch(/<script|<b onclick|src=x onerror=alert\(1\)>/)
  expect(text).toContain('&lt;script&gt;alert(2)&lt;/script&gt;&amp;amp;&#39;')
})

test('what is checked above can fail', () => {
  const broken: [RegExp | string, string, RegExp][] = [
    ['</h2>', '', /closes/],
    ['<main>', '<main><script></script>', /there is a <script>/],
    ['<main>', '<main><p onclick="x"></p>', /handler/],
    ['src="data:image/png', 'src="x', /loads/],
    [' scope="col"', '', /no scope/],
    [/ alt="[^"]*"/, '', /no alternative/],
    [/ aria-label="[^"]*"/g, '', /no label/],
    ['<main>', '<main>https://a.b', /an address/],
    ['--soft:#566170', '--soft:#8a8a8a', /contrast of --soft in scheme 0/],
  ]
  for (const [what, by, why] of broken) expect(problemsOf(page.replace(what, by)).join('\n')).toMatch(why)
})
