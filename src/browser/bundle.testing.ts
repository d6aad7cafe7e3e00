/** What a bundler makes of a module, without any setting, and pages that run it. */
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'

/** Code by file name; what runs first is 'main.js'. */
export type Bundle = ReadonlyMap<string, string>

/** @param entry a module's path */
export async function bundle(entry: string): Promise<Bundle> {
  const output = await build({
    ...{ configFile: false, logLevel: 'silent', publicDir: false },
    build: {
      ...{ write: false, target: 'esnext', modulePreload: false },
      rollupOptions: {
        input: { main: entry },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
  })
  if (!('output' in output)) throw new Error('one output was asked for')
  return new Map(output.output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code] as const] : [])))
}

const SITE = 'http://robustra.test'

/** A page of a site that has the files of the bundle, and nothing else. */
export async function openPage(browser: Browser, files: Bundle): Promise<Page> {
  const page = await browser.newPage()
  await page.route('**/*', async (route) => {
    const path = route
      .request()
      .url()
      .slice(SITE.length + 1)
    const code = files.get(path)
    if (path === '') await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>robustra</title>' })
    else if (code === undefined) await route.abort()
    else await route.fulfill({ contentType: 'text/javascript', body: code })
  })
  await page.goto(SITE)
  return page
}

/** Calls a function that 'main.js' exports, without arguments. */
export const callExport = (page: Page, name: string): Promise<unknown> =>
  page.evaluate(`import('${SITE}/main.js').then((main) => main.${name}())`)
