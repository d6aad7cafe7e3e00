/**
 * The report in a real browser, where this machine has one (Debian: apt-get install chromium); elsewhere the same page
 * is only parsed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type Page, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBrowser, lowContrasts } from './browser.testing.ts'
import { makeReport } from '../node/report/measure.ts'
import { reportPage } from './page.ts'
import { logRow, smallImages, writeCertificates, writeRun } from './report.testing.ts'
import { problemsOf } from './static-page.testing.ts'
import { readSubjects } from '../node/report/subjects.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const attack = '"><img src=x onerror="document.title=1"><script>document.title=2</script>'
const folder = temporaryFolder()
const file = join(folder, 'report.html')
let html: string
beforeAll(async () => {
  const first = writeRun(folder, 'first')
  await writeCertificates(join(first, 'exact.jsonl'))
  const second = writeRun(folder, 'a-second-run-with-an-unusually-long-name-and-no-space-in-it', { start: attack })
  writeFileSync(join(second, 'log.jsonl'), `${JSON.stringify(logRow(0, attack))}\n`)
  html = reportPage(await makeReport(readSubjects([first, second]), smallImages), '1.2.3')
  writeFileSync(file, html)
})

const sections = [
  'Errors',
  'Settings',
  'Training',
  'Stability of neurons',
  'What decided the images',
  'Classes',
  'Margins',
  'Images',
]
const executablePath = findBrowser()

if (executablePath === undefined) {
  test('without a browser here, the page is parsed: nesting, contents, contrast, nothing loaded', () => {
    expect(problemsOf(html)).toEqual([])
    expect([...html.matchAll(/<h2 [^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual(sections)
  })
} else {
  describe.each(['light', 'dark'] as const)('in a browser, %s', (colorScheme) => {
    let browser: Browser
    let page: Page
    const messages: string[] = []
    const requests: string[] = []
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
      page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } })
      page.on('console', (message) => messages.push(message.text()))
      page.on('pageerror', (error) => messages.push(error.message))
      page.on('request', (request) => requests.push(request.url()))
      await page.goto(pathToFileURL(file).href)
    })
    afterAll(() => browser?.close())

    const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth') as Promise<number>

    test('shows every section, without a message, a script or a request but for the file', async () => {
      expect(await page.locator('h2').allTextContents()).toEqual(sections)
      expect(await page.title()).toBe('Comparison of 2 runs – robustra')
      expect(messages).toEqual([])
      expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href])
      const pictures = (await page.evaluate('[...document.images].map((image) => image.naturalWidth)')) as number[]
      expect(new Set(pictures)).toEqual(new Set([6]))
    })

    test('its colours are of the scheme, and its texts can be read', async () => {
      const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      expect(paper).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(17, 22, 29)')
      expect(await page.evaluate(lowContrasts)).toEqual([])
      // the check can fail
      await page.evaluate("document.querySelector('h1').style.color = getComputedStyle(document.body).backgroundColor")
      expect(await page.evaluate(lowContrasts)).toEqual(['1.00 Comparison of 2 runs'])
      await page.evaluate("document.querySelector('h1').style.color = ''")
    })

    test.each([1280, 768, 390, 320])('fits a window of %d pixels', async (width) => {
      await page.setViewportSize({ width, height: 800 })
      expect(await overflow()).toBeLessThanOrEqual(0)
      const smallest = (await page.evaluate(
        "Math.min(...[...document.querySelectorAll('.chart svg text')].map((text) => text.getBoundingClientRect().height))",
      )) as number
      if (width >= 390) expect(smallest).toBeGreaterThan(9)
    })

    test('cuts off no table of errors, classes or bounds in a window of 500 pixels', async () => {
      await page.setViewportSize({ width: 500, height: 800 })
      const cut = await page.evaluate(
        "[...document.querySelectorAll('.wide:not(#settings *)')].filter((table) => table.scrollWidth > table.clientWidth + 1).map((table) => table.ariaLabel)",
      )
      expect(cut).toEqual([])
    })

    test('prints as a PDF, dark on white, with everything open', async () => {
      // what A4 leaves between margins of 15 mm
      await page.setViewportSize({ width: 680, height: 900 })
      await page.emulateMedia({ media: 'print', colorScheme })
      expect(await overflow()).toBeLessThanOrEqual(0)
      expect(await page.evaluate(lowContrasts)).toEqual([])
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
      const closed = await page.evaluate(
        "[...document.querySelectorAll('details table')].filter((table) => !table.checkVisibility()).length",
      )
      expect(closed).toBe(0)
      const pdf = await page.pdf({ format: 'A4', printBackground: true })
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      await page.emulateMedia({ media: 'screen', colorScheme })
    })
  })
}
