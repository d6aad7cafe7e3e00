/** `robustra reproduce` as its users run it; what it computes is tested in experiments/. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { finished, robustra, start } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const reproduce = (...args: string[]) => robustra('reproduce', ...args, '--workers', '1')

describe('reproduce', () => {
  test('table1 goes to results/, as text, or as JSON', async () => {
    const { code, stdout, stderr } = await finished(start(['reproduce', 'table1'], folder))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('there are 48,064')
    expect(readFileSync(at('runs/table1/table1.md'), 'utf8')).toBe(stdout.slice(0, stdout.lastIndexOf('\nfiles: ')))
    const again = await reproduce('table1', '--out', at('runs/table1'), '--resume', '--json')
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(readFileSync(at('runs/table1/table1.json'), 'utf8')))
  })

  test('a small figure, with its progress on stderr', async () => {
    const small = ['--dataset', 'synthetic', '--epochs', '1', '--training-count', '20', '--images', '4']
    const { code, stdout, stderr } = await reproduce('figure1', ...small, '--out', at('figure1'))
    expect(code).toBe(0)
    expect(stderr).toMatch(/^Figure 1: orthogonal, mnist-small on synthetic$/m)
    expect(stderr).toMatch(/^1\/1 f {2}loss [\d.]+ {2}train [\d.]+ % {2}lr 1\.0e-3 {2}[\d.]+ s /m)
    expect(stderr).toMatch(/^1\/1 g {2}loss/m)
    expect(stdout).toContain(`files: ${at('figure1/figure1.json')}, `)
    expect(readFileSync(at('figure1/figure1.svg'), 'utf8')).toContain('f, PGD')
  })
})

const tiny = ['--dataset', 'synthetic', '--epochs', '1']
test.each<[string, string[], RegExp]>([
  ['an unknown name', ['figure2'], /unknown table or figure 'figure2': did you mean 'figure1'\?/],
  ['none', [], /missing required argument 'what'/],
  ['an unknown row', ['table2', '--rows', 'mnist-0.3-small,cifar-8-small'], /unknown row 'cifar-8-small': did you/],
  ['a setting of another', ['figure1', '--rows', 'a'], /--rows is not for figure1 but for table2: leave it out/],
  ['a setting that table1 lacks', ['table1', '--epochs', '2'], /--epochs is not for table1 but for table2, figure1/],
  ['an unknown data set', ['figure3', '--dataset', 'cifar10'], /unknown data set 'cifar10'/],
  ['no epoch', ['figure3', '--epochs', '0'], /--epochs cannot be '0'/],
  ['too many images', ['figure3', ...tiny, '--images', '9999', '--out', '@new'], /there are no images 0 to 9999/],
  ['a folder that is there', ['table1', '--out', '@runs/table1'], /exists already: continue it with --resume/],
  ['a folder of others', ['figure4', ...tiny, '--out', '@', '--resume'], /is not a folder of robustra reproduce/],
  ['another figure’s folder', ['figure4', ...tiny, '--out', '@runs/table1', '--resume'], /started with other settings/],
])('refuses %s, on one line', async (_name, args, message) => {
  const { code, stdout, stderr } = await reproduce(...args.map((arg) => (arg[0] === '@' ? at(arg.slice(1)) : arg)))
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(message)
  expect(stderr.trimEnd()).not.toContain('\n')
  expect(existsSync(at('new'))).toBe(false)
})
