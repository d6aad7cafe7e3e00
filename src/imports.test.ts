import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { againstOrder, circles, importsOf, readSources } from './imports.testing.ts'

const all = importsOf(readSources(fileURLToPath(new URL('.', import.meta.url))))

test('no file imports itself by way of others', () => expect(circles(all)).toEqual([]))

test('folders import from those before them, and only adapters know Node', () => expect(againstOrder(all)).toEqual([]))

const violations = (files: Readonly<Record<string, string>>) => {
  const imports = importsOf(new Map(Object.entries(files)))
  return [...circles(imports), ...againstOrder(imports)]
}

test('finds every kind of import', () => {
  const sources = {
    'model/a.ts': "import { b, type B } from './b.ts'\nexport * from './c.ts'\nexport { d } from '../base/d.ts'\n",
    'model/b.ts': "const e = await import('./e.ts')\nlet f: import('./f.ts').F\nnew URL('g.wasm', import.meta.url)\n",
  }
  expect(importsOf(new Map(Object.entries(sources))).map(({ to }) => to)).toEqual([
    ...['model/b.ts', 'model/c.ts', 'base/d.ts', 'model/e.ts', 'model/f.ts', 'model/g.wasm'],
  ])
})

test('catches circles of values, of types and at run time', () => {
  expect(violations({ 'model/a.ts': "import './b.ts'", 'model/b.ts': "import type { A } from './a.ts'" })).toEqual([
    'model/a.ts → model/b.ts → model/a.ts',
  ])
  const dynamic = { 'model/a.ts': "import './b.ts'", 'model/b.ts': "import './c.ts'", 'model/c.ts': "import('./a.ts')" }
  expect(violations(dynamic)).toEqual(['model/a.ts → model/b.ts → model/c.ts → model/a.ts'])
})

test.each([
  ['model/a.ts', '../bounds/b.ts', 'bounds/b.ts'],
  ['model/a.ts', '../node/b.ts', 'node/b.ts'],
  ['report/a.ts', '../cli/b.ts', 'cli/b.ts'],
  ['model/a.ts', '../index.ts', 'index.ts'],
  ['index.ts', './node/b.ts', 'node/b.ts'],
  ['node/a.ts', '../browser/b.ts', 'browser/b.ts'],
  ['node/a.ts', '../cli/b.ts', 'cli/b.ts'],
  ['model/a.ts', './b.testing.ts', 'model/b.testing.ts'],
  ['unheard-of/a.ts', '../base/b.ts', 'base/b.ts'],
  ['model/a.ts', 'node:fs', 'node:fs'],
  ['model/a.ts', 'fs', 'fs'],
  ['browser/a.ts', 'node:fs', 'node:fs'],
  ['model/a.ts', 'commander', 'commander'],
])('does not let %s import %s', (from, name, to) => {
  expect(violations({ [from]: `import '${name}'` })).toEqual([`${from} → ${to}`])
})

test.each([
  ['bounds/a.ts', '../model/b.ts'],
  ['bounds/a.ts', './b.ts'],
  ['index.ts', './workers/b.ts'],
  ['node/training/a.ts', '../../workers/b.ts'],
  ['node/a.ts', 'node:fs'],
  ['cli/a.ts', '../experiments/b.ts'],
  ['formats/a.ts', 'protobufjs/light.js'],
  ['model/a.test.ts', '../node/b.ts'],
])('lets %s import %s', (from, name) => expect(violations({ [from]: `import '${name}'` })).toEqual([]))
