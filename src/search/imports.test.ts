import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { importsOf, readSources } from '../imports.testing.ts'

/** The folders of the search, each of which imports from itself and from those before it. */
const order = ['system', 'sweep', 'condense', 'milp', 'branch']

const rankOf = (file: string) => (file.includes('/') ? order.indexOf(file.slice(0, file.indexOf('/'))) : 2.5)

test('the folders of the search import from those before them; its own files come after condense', () => {
  const all = importsOf(readSources(fileURLToPath(new URL('.', import.meta.url))))
  const sources = all.filter(
    ({ from, to }) => !from.startsWith('testing/') && !from.endsWith('.test.ts') && /^\w/.test(to),
  )
  const inside = sources.filter(({ to }) => to.endsWith('.ts'))
  expect(inside.length).toBeGreaterThan(40)
  expect(inside.filter(({ from, to }) => !(rankOf(from) >= rankOf(to) && rankOf(to) >= 0))).toEqual([])
})

vi.mock('highs', () => {
  throw new Error('HiGHS is read')
})

test('the library can be read without HiGHS, which only LPs need', async () => {
  await expect(import('highs')).rejects.toThrow()
  expect(Object.keys(await import('../index.ts')).length).toBeGreaterThan(10)
})
