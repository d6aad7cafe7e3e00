/** The whole command, on a run that was trained and certified a moment ago. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { problemsOf } from '../report/static-page.testing.ts'
import { robustra, tiny } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  await robustra('train', '--out', at('run'), ...tiny, '--epochs', '1')
  const flags = ['--epsilon', '0.01', '--first', '12', '--workers', '1', '--out', at('run/certificates.jsonl')]
  await robustra('certify', at('run/best.safetensors'), ...flags)
})

test('a run has its report in its folder, and can be reported again', async () => {
  const { code, stdout } = await robustra('report', at('run'))
  expect([code, stdout]).toEqual([0, `report: ${at('run/report.html')}\n`])
  const page = readFileSync(at('run/report.html'), 'utf8')
  expect(problemsOf(page)).toEqual([])
  const ids = [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
  expect(ids).toEqual(['errors', 'settings', 'training', 'stability', 'ladder', 'classes', 'margins', 'gallery'])
  expect(page).toContain('first 100 test images of synthetic')

  const again = await robustra('report', at('run'), '--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.stdout)).toMatchObject({
    ...{ out: at('run/report.html'), title: 'run' },
    errors: [{ name: 'run, certificates', part: 'test', images: 12, method: 'robustra', epsilon: 0.01 }],
    stability: [{ images: 100, layers: [{ neurons: 3136 }, { neurons: 1568 }, { neurons: 100 }] }],
  })
  // bit by bit the same: there is no date and no random number in it
  expect(readFileSync(at('run/report.html'), 'utf8')).toBe(page)
})

test.each([
  ['no --out', () => [at('run/certificates.jsonl')], '--out is missing'],
  ['a file that is no report', () => [at('run'), '--out', at('notes.txt')], 'is not a report: choose another --out'],
  ['no run', () => [at('nowhere'), '--out', at('x.html')], 'there is no'],
  ['a damaged network', () => [at('run'), '--network', at('notes.txt'), '--out', at('x.html')], 'notes.txt'],
  ['no folder for it', () => [at('run'), '--out', at('no/x.html')], 'create it first'],
  ['no data folder', () => [at('run'), '--data', at('no'), '--out', at('x.html')], 'there is no data folder'],
])('refuses %s in one line', async (_name, args, why) => {
  writeFileSync(at('notes.txt'), 'mine')
  const { code, stdout, stderr } = await robustra('report', ...args())
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^robustra: .*\n$/)
  expect(stderr).toContain(why)
  expect([existsSync(at('x.html')), readFileSync(at('notes.txt'), 'utf8')]).toEqual([false, 'mine'])
})

test('explains itself', async () => {
  const { code, stdout } = await robustra('report', '--help')
  expect(code).toBe(0)
  for (const part of ['Examples:', '--network', '--data', 'Nothing is downloaded']) expect(stdout).toContain(part)
})
