import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { table1 } from './table1.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

test('all counts but one are the paper’s; that one does not fit the paper’s own', async () => {
  const out = join(folder, 'new', 'table1')
  const { data, text, files } = await table1({ out, resume: false })
  expect(data).toMatchObject({
    differing: [{ architecture: 'mnist-large', count: 'hiddenUnits', ours: 48_064, paper: 28_064 }],
  })
  expect(text).toContain('| cifar10-resnet | 11 | 11 | 107,496 | 107,496 | 4,214,850 | 4,214,850 |')
  expect(text).toContain('The paper prints 28,064 hidden units for mnist-large; there are 48,064.')
  expect(files.map((path) => path.split('/').at(-1))).toEqual(['table1.json', 'table1.csv', 'table1.svg', 'table1.md'])
  expect(readFileSync(join(out, 'table1.svg'), 'utf8')).toContain('>28,064<')
  const lines = readFileSync(join(out, 'table1.csv'), 'utf8').trim().split('\n')
  expect(lines).toHaveLength(6)
  expect(lines[1]).toBe('mnist-small,4,4,4804,4804,166406,166406')
  expect(JSON.parse(readFileSync(join(out, 'table1.json'), 'utf8'))).toEqual(data)
})

test('what is there is written again only by --resume', async () => {
  const out = join(folder, 'twice')
  const before = await table1({ out, resume: false })
  await expect(table1({ out, resume: false })).rejects.toThrow(/twice exists already: continue it with --resume/)
  expect(await table1({ out, resume: true })).toEqual(before)
  await expect(table1({ out: folder, resume: true })).rejects.toThrow(/is not a folder of robustra reproduce/)
})
