/** WebGPU in a browser against WebGPU in Node, on the same driver: SwiftShader, which both bring along. */
import { fileURLToPath } from 'node:url'
import { type Browser, type Page, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testGpu } from '../device/webgpu/gpu.testing.ts'
import { findBrowser } from '../report/browser.testing.ts'
import { bundle, callExport, openPage, softwareGpu } from './bundle.testing.ts'
import { weights } from './gpu-scenario.testing.ts'

const executablePath = findBrowser()

describe.skipIf(executablePath === undefined)('a GPU in a browser', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    const files = await bundle(fileURLToPath(new URL('gpu-page.testing.ts', import.meta.url)))
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', ...softwareGpu] })
    page = await openPage(browser, files)
  })
  afterAll(() => browser?.close())

  test('is the one of Node', async () => {
    expect(await callExport(page, 'driver')).toBe((await testGpu()).facts.architecture)
  })

  test.each([
    ['a page', 'interval'],
    ['a worker', 'projected'],
  ] as const)('%s trains the network that Node trains, bit by bit', async (_, scenario) => {
    const trained = await weights(await testGpu(), scenario)
    expect(trained).toMatch(/^[\w+/]{1000,}=*$/)
    expect(await callExport(page, scenario)).toBe(trained)
  })
})
