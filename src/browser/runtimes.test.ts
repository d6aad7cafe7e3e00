/** The core in a browser, where this machine has one (Debian: apt-get install chromium), against the core in Node. */
import { fileURLToPath } from 'node:url'
import { type Browser, type Page, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBrowser } from '../report/browser.testing.ts'
import { bundle, callExport, openPage } from './bundle.testing.ts'
import * as scenario from './scenario.testing.ts'

const executablePath = findBrowser()

describe.skipIf(executablePath === undefined)('a bundle in a browser', () => {
  let browser: Browser
  let page: Page
  const workers: string[] = []
  beforeAll(async () => {
    const files = await bundle(fileURLToPath(new URL('scenario.testing.ts', import.meta.url)))
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    page = await openPage(browser, files)
    page.on('worker', (worker) => workers.push(worker.url()))
  })
  afterAll(() => browser?.close())

  test.each(['margins', 'verdicts', 'weights', 'weightsOfWorkers'] as const)(
    '%s are those of Node, bit by bit',
    async (name) => {
      const here = await scenario[name]()
      if (name === 'verdicts') expect(here).toEqual(['robust bab', 'robust milp', 'vulnerable pgd'])
      expect(await callExport(page, name)).toEqual(here)
    },
  )

  test('web workers were at work', () => expect(workers).toHaveLength(2))
})
