/** Runs the examples of docs/library.md one after another in a project of their own, and checks what they print. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { bundle, openPage, softwareGpu } from './browser/bundle.testing.ts'
import { temporaryFolder } from './node/temporary.testing.ts'
import { findBrowser } from './report/browser.testing.ts'

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
    .replaceAll("from 'robustra/browser'", `from '${join(root, 'src/browser/index.ts')}'`)

const inBrowsers = ['In the browser', 'On the GPU of a browser']

test.each(examples.filter(([title]) => !inBrowsers.includes(title)))('%s', (title, code, printed) => {
  const path = join(folder, `${title.replaceAll(/\W/g, '-')}.mjs`)
  writeFileSync(path, withSources(code))
  expect(execFileSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' })).toBe(printed)
})

test('the page has its examples', () => expect(examples).toHaveLength(8))

const executablePath = findBrowser()

test.skipIf(executablePath === undefined).each(inBrowsers)('%s', async (wanted) => {
  const [, code, printed] = examples.find(([title]) => title === wanted)!
  const path = join(folder, 'browser.mjs')
  writeFileSync(path, withSources(code))
  const model = 'mnist-small-0.1-pixels.safetensors'
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', ...softwareGpu] })
  try {
    const page = await openPage(
      browser,
      await bundle(path),
      new Map([[model, readFileSync(join(root, 'models', model))]]),
    )
    const lines: string[] = []
    page.on('console', (message) => lines.push(`${message.text()}\n`))
    await page.evaluate("import('/main.js')")
    expect(lines.join('')).toBe(printed)
  } finally {
    await browser.close()
  }
})
