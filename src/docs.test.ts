/** The documents speak of what is there: files, headings, names, and every part of the paper. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from './cli/program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')
const filesIn = (folder: string) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map((path) =>
    posix.join(folder, path.replaceAll('\\', '/')),
  )
const files = ['src', 'docs', 'bench', 'scripts', 'models', 'results'].flatMap(filesIn)
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'models/README.md', 'results/README.md'],
  ...filesIn('docs').filter((path) => path.endsWith('.md')),
]
const sources = files.filter((path) => /^(src|bench|scripts)\/.*\.m?ts$|^scripts\/.*\.mjs$/.test(path))

/** Of the changelog only what is not released: versions speak of files as they were. */
const textOf = (document: string) =>
  document === 'CHANGELOG.md' ? read(document).split(/^## \[\d/m)[0]! : read(document)

/** Headings as GitHub links to them. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

test.each(documents)('links of %s lead somewhere', (document) => {
  const broken = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split('#') as [string, string?]
      const file = path === '' ? document : posix.join(posix.dirname(document), path)
      return !existsSync(`${root}/${file}`) || (anchor !== undefined && !anchors(read(file)).includes(anchor))
    })
  expect(broken).toEqual([])
})

/** Names of source files, and paths below a folder of the repository, that no file has. */
function gone(text: string): string[] {
  const names = [...text.matchAll(/(?<![\w/@.:*-])[\w@][\w./@-]*\.(?:m?ts|md)\b(?![\w/-])/g)].map(([name]) => name)
  const paths = [...text.matchAll(/(?<![\w/.-])(?:src|docs|bench|scripts)\/[\w./-]*\w/g)].map(([path]) => path)
  const isThere = (name: string) => files.some((file) => file === name || file.endsWith(`/${name}`))
  return [...new Set([...names, ...paths])].filter((name) => !isThere(name) && !existsSync(`${root}/${name}`))
}

/** The comments of a source. */
const comments = (source: string) =>
  [...source.matchAll(/^\s*\/\*[^]*?\*\/|(?<=^|\s)\/\/ .*$/gm)].map(([comment]) => comment).join('\n')

test.each(documents)('files that %s names exist', (document) => expect(gone(textOf(document))).toEqual([]))

test('files that comments name exist', () => {
  const found = sources.flatMap((path) => gone(comments(read(path))).map((name) => `${path}: ${name}`))
  expect(found).toEqual([])
})

test('the README is short', () => expect(read('README.md').split('\n').length).toBeLessThanOrEqual(121))

/** Command lines of robustra, without what a shell makes of them. */
const commandLines = (text: string) =>
  [...text.replaceAll(/\\\n\s*/g, '').matchAll(/^(?:npm ci && )?npx robustra (.*?)(?: +#.*)?$/gm)].map(
    ([, line]) => line!,
  )

test.each(documents.flatMap((document) => commandLines(textOf(document)).map((line) => ({ line, document }))))(
  '$document: robustra $line',
  async ({ line }) => {
    const words = line.split(/\s+/)
    const named = ({ commands }: Command) => commands.find((each) => each.name() === words[0]) ?? expect.fail(words[0])
    let command: Command = await createProgram(words)
    while (command.commands.length > 0) {
      command = named(command)
      words.shift()
    }
    const flags = words.filter((word) => word.startsWith('--'))
    expect(flags.filter((flag) => !command.options.some(({ long }) => long === flag))).toEqual([])
  },
)

test('every folder of sources has a line in the architecture', () => {
  const folders = new Set(files.filter((path) => /^src\/.*\.ts$/.test(path)).map((path) => posix.dirname(path)))
  const text = read('docs/architecture.md')
  const named = [...text.matchAll(/^\| `(src\/[^`]*)\/` \|/gm)].map(([, folder]) => folder!)
  const inside = (folder: string) => named.some((each) => folder === each || isAdapterPart(folder, each))
  expect([...folders].filter((folder) => folder !== 'src' && !inside(folder))).toEqual([])
})
/** Parts of adapters are in the line of the adapter. */
const isAdapterPart = (folder: string, line: string) => line === 'src/node' && folder.startsWith('src/node/')

describe('the paper', () => {
  const text = read('docs/paper.md')
  const rows = [
    ...text.matchAll(/^\| ((?:Section|Eqn\.|Theorem|Definition|Table|Figure) .*?) \| (.*?) \| (.*) \|$/gm),
  ].map(([, part, file, words]) => ({ part: part!, file: file!, words: words! }))
  const numbers = (kind: string) =>
    rows.flatMap(({ part }) => new RegExp(`^${kind} \\(?([\\d.]+\\d|\\d)`).exec(part)?.[1] ?? [])

  test.each([
    ['Section', ['1', '2', '3', '4', '5', '5.1', '5.2', '5.3', '5.4', '5.5', '5.6', '6', '6.1', '6.2', '6.3', '7']],
    ['Eqn\\.', ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11']],
    ['Theorem', ['1', '2']],
    ['Table', ['1', '2']],
    ['Figure', ['1', '2', '3', '4']],
  ])('every %s of it has a row', (kind, expected) => expect(numbers(kind)).toEqual(expected))

  test.each(rows)('$part is one file, which has the names that the row gives', ({ file, words }) => {
    const [, name, target] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(file)!
    const path = posix.join('docs', target!.split('#')[0]!)
    expect(path).toBe(name)
    const names = [...words.matchAll(/`([A-Za-z]\w*)`/g)].map(([, each]) => each!)
    expect(names.filter((each) => !read(path).includes(each))).toEqual([])
  })
})
