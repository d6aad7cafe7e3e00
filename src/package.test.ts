/** What `npm pack` puts into the package; it is built before, as by `npm ci`. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' })
const [{ files, size }] = JSON.parse(packed) as [{ files: { path: string }[]; size: number }]
const paths = files.map(({ path }) => path)
const { dependencies, peerDependencies, exports, bin } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))

test('has what its entries name, the kernels, and the trained networks', () => {
  const entries = Object.values(exports as Record<string, Record<string, string>>).flatMap((entry) =>
    Object.values(entry),
  )
  expect(paths).toEqual(expect.arrayContaining(entries.map((path) => path.replace('./', ''))))
  expect(paths).toEqual(expect.arrayContaining([...Object.values(bin), 'LICENSE', 'README.md', 'docs/library.md']))
  expect(paths.filter((path) => path.startsWith('build/'))).toEqual([
    'build/kernels/relaxed.js',
    'build/kernels/simd.js',
  ])
  expect(paths.filter((path) => path.endsWith('.safetensors'))).toHaveLength(4)
})

test('has nothing else: no tests, no sources, no results; less than 4 MB, and 1 MB without the networks', () => {
  const known = /^(dist\/.*\.(js|d\.ts)|build\/kernels\/.*|docs\/.*\.md|models\/.*|package\.json|[A-Z]+(\.md)?)$/
  expect(paths.filter((path) => !known.test(path) || /\.test(ing)?\./.test(path))).toEqual([])
  expect(size).toBeLessThan(4e6)
  const networks = paths.filter((path) => path.endsWith('.safetensors'))
  const compressed = networks.map((path) => gzipSync(readFileSync(`${root}/${path}`)).length)
  expect(size - compressed.reduce((a, b) => a + b)).toBeLessThan(1e6)
})

test('imports no package that is not installed with it, or left to the user', () => {
  const imported = paths
    .filter((path) => path.endsWith('.js') && path.startsWith('dist/'))
    .flatMap((path) => [
      ...readFileSync(`${root}/${path}`, 'utf8').matchAll(/(?:from |import\(|import )'([^'.][^']*)'/g),
    ])
    .map(([, name]) => name!.split('/')[0]!)
    .filter((name) => !name.startsWith('node:'))
  expect([...new Set(imported)].toSorted()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted())
})
