/** What a bundler makes of a module, without any setting, and pages that run it. */
import { extname } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type Rollup, build } from 'vite'

/** Files by name; what runs first is 'main.js'. */
export type Bundle = ReadonlyMap<string, Rollup.OutputChunk | Rollup.OutputAsset>

/** @param entry a module's path */
export async function bundle(entry: string): Promise<Bundle> {
  const built = await build({
    ...{ configFile: false, logLevel: 'silent', publicDir: false, worker: { format: 'es' } },
    build: {
      ...{ write: false, target: 'esnext', modulePreload: false, minify: false },
      rollupOptions: {
        input: { main: entry },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
  })
  if (!('output' in built)) throw new Error('one output was asked for')
  return new Map(built.output.map((file) => [file.fileName, file]))
}

/** The packages in what is loaded before anything runs. */
export function packagesAtStart(files: Bundle): string[] {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const visit = (name: string) => {
    const file = files.get(name)
    if (seen.has(name) || file?.type !== 'chunk') return
    seen.add(name)
    for (const module of file.moduleIds) {
      const [, found] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module) ?? []
      if (found !== undefined) packages.add(found)
    }
    file.imports.forEach(visit)
  }
  visit('main.js')
  return [...packages].toSorted()
}

/** Flags of Chromium that give pages WebGPU on the driver that it brings along, which needs no GPU. */
export const softwareGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

const SITE = 'https://robustra.test'
/** The site is isolated from others, so that its workers may share memory. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const contentTypes: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

/**
 * A page of a site that has the files of the bundle, and nothing else.
 * @param others further files by name
 */
export async function openPage(
  browser: Browser,
  files: Bundle,
  others: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<Page> {
  const page = await browser.newPage()
  await page.route('**/*', async (route) => {
    const path = route
      .request()
      .url()
      .slice(SITE.length + 1)
    const file = files.get(path)
    const content = file?.type === 'chunk' ? file.code : (file?.source ?? others.get(path))
    if (path === '') await route.fulfill({ headers, contentType: 'text/html', body: '<!doctype html>' })
    else if (content === undefined) await route.abort()
    else {
      const contentType = contentTypes[extname(path)] ?? 'application/octet-stream'
      await route.fulfill({ headers, contentType, body: Buffer.from(content) })
    }
  })
  await page.goto(SITE)
  return page
}

/** Calls a function that 'main.js' exports, without arguments. */
export const callExport = (page: Page, name: string): Promise<unknown> =>
  page.evaluate(`import('${SITE}/main.js').then((main) => main.${name}())`)
