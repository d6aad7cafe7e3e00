/**
 * Which file imports which, and the rules that hold for it (docs/architecture.md): no circles; folders import only
 * from those before them; only adapters know Node, files or the command line.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { parseSync } from 'vite'

/** The core, in the order in which it is built: each folder imports from itself and from those before it. */
export const coreFolders = [
  ...['base', 'jobs', 'model', 'region', 'device', 'reference', 'bounds', 'reference-space', 'formats', 'data'],
  ...['attacks', 'search', 'training', 'ladder', 'report', 'workers'],
]

/** What each adapter may import besides the core. */
const adapters: Readonly<Record<string, readonly string[]>> = {
  node: [],
  browser: [],
  experiments: ['node'],
  cli: ['node', 'experiments'],
}

/** The packages that run wherever JavaScript runs. */
const corePackages = ['fflate', 'highs', 'jpeg-js', 'protobufjs', 'smol-toml', 'zod']

/** Where scripts/build-kernels.mjs puts what it makes. */
const compiled = '../build/kernels/'

/** Sources by path below src/, such as 'base/errors.ts'. */
export type Sources = ReadonlyMap<string, string>

export interface Import {
  readonly from: string
  /** A path below src/, or the name of a package. */
  readonly to: string
}

/** The TypeScript files of a folder, except for the kernels', which are AssemblyScript. */
export function readSources(folder: string): Sources {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.includes('wasm/assembly/'))
  return new Map(paths.toSorted().map((path) => [path, readFileSync(`${folder}/${path}`, 'utf8')]))
}

/** Every import of every file: of values, of types, at run time, and files found beside the module's own address. */
export function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([from, source]) => {
    const { staticImports, staticExports } = parseSync(from, source).module
    const names = [
      ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
      ...[...source.matchAll(/\bimport\(\s*'([^']+)'/g)].map((match) => match[1]!),
      ...[...source.matchAll(/\bnew URL\(\s*'([^']+)',\s*import\.meta\.url/g)].map((match) => localUrl(match[1]!)),
    ]
    return [...new Set(names)].map((name) => {
      const to = resolve(from, name)
      // bundlers want the name that the script of a worker has once it is built
      const source = to.replace(/\.js$/, '.ts')
      return { from, to: sources.has(source) ? source : to }
    })
  })
}

const localUrl = (path: string) => (path.startsWith('.') ? path : `./${path}`)

const resolve = (from: string, name: string) => (name.startsWith('.') ? posix.join(posix.dirname(from), name) : name)

/** One circle of each knot of files that import one another: 'a → b → a', with their paths. */
export function circles(imports: readonly Import[]): string[] {
  const next = new Map<string, Import[]>()
  for (const one of imports) next.set(one.from, [...(next.get(one.from) ?? []), one])
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file)
    if (start >= 0) found.push([...path.slice(start), file].join(' → '))
    if (start >= 0 || done.has(file)) return
    for (const { to } of next.get(file) ?? []) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return found
}

/** Imports that the order of the folders forbids: 'a → b', with their paths. Tests may import what they like. */
export function againstOrder(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, to }) => !isTest(from) && !isAllowed(from, to))
    .map(({ from, to }) => `${from} → ${to}`)
    .toSorted()
}

const isTest = (file: string) => /\.test(ing)?\.ts$/.test(file)
const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '')

function isAllowed(from: string, to: string): boolean {
  const adapter = adapters[folderOf(from)]
  if (!to.endsWith('.ts')) return isOnNode(from) || isCorePackage(to) || to.startsWith(compiled)
  const [mine, its] = [from, to].map((file) => coreFolders.indexOf(folderOf(file)))
  if (isTest(to) || folderOf(to) === '') return false
  if (adapter) return its! >= 0 || folderOf(to) === folderOf(from) || adapter.includes(folderOf(to))
  // src/index.ts gathers the whole core
  return its! >= 0 && (folderOf(from) === '' || its! <= mine!)
}

/** Adapters that may import any package, Node's own among them. */
const isOnNode = (file: string) => ['node', 'experiments', 'cli'].includes(folderOf(file))

const isCorePackage = (name: string) => corePackages.some((known) => name === known || name.startsWith(`${known}/`))
