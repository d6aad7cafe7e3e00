/** Runs the examples of docs/library.md one after another in a project of their own, and checks what they print. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from './node/temporary.testing.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(join(root, 'docs/library.md'), 'utf8')
/** A heading, a program, and what it prints. */
const examples = [...page.matchAll(/^## (.*)\n(?:(?!^## )[^])*?^```js\n([^]*?)^```\n\n```text\n([^]*?)^```/gm)].map(
  ([, title, code, printed]) => [title!, code!, printed!] as const,
)

const folder = temporaryFolder()
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/robustra'))
  for (const [from, to] of [
    ['conjunctions.onnx', 'net.onnx'],
    ['range.vnnlib', 'property.vnnlib'],
  ] as const) {
    copyFileSync(join(root, 'src/node/properties/cases', from), join(folder, to))
  }
})

/** The sources in place of the package, which may be built from older ones. */
const withSources = (code: string) =>
  code
    .replaceAll("from 'robustra'", `from '${join(root, 'src/index.ts')}'`)
    .replaceAll("from 'robustra/node'", `from '${join(root, 'src/node/index.ts')}'`)

test.each(examples)('%s', (title, code, printed) => {
  const path = join(folder, `${title.replaceAll(/\W/g, '-')}.mjs`)
  writeFileSync(path, withSources(code))
  expect(execFileSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' })).toBe(printed)
})

test('the page has its examples', () => expect(examples).toHaveLength(4))
