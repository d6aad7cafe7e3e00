/** A browser of this machine, if there is one: nothing is downloaded. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of Chromium or Chrome. */
export function findBrowser(path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(delimiter), '/usr/bin'].filter((folder) => folder !== '')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * For a page to run: texts that contrast less than 4.5 to 1 with what is behind them, by WCAG 2, as 'ratio text'.
 * Self-contained, since it is sent to the browser as source.
 */
export function lowContrasts(): string[] {
  type Colour = [number, number, number, number]
  const parse = (text: string) => (text.match(/[\d.]+/g) ?? []).map(Number)
  const colourOf = (text: string): Colour => {
    // 'rgb(12, 34, 56)', or of a mixture 'color(srgb 0.1 0.2 0.3)'
    const scale = text.startsWith('color(') ? 255 : 1
    const [r = 0, g = 0, b = 0, a = 1] = parse(text)
    return [r * scale, g * scale, b * scale, a]
  }
  const luminance = ([r, g, b]: Colour) => {
    const [x, y, z] = [r, g, b].map((value) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    ) as [number, number, number]
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const { document, getComputedStyle } = globalThis as unknown as BrowserGlobals
  const behind = (element: BrowserElement | null): Colour => {
    for (let at = element; at; at = at.parentElement) {
      const colour = colourOf(getComputedStyle(at).backgroundColor)
      if (colour[3] > 0) return colour
    }
    return [255, 255, 255, 1]
  }
  const low: string[] = []
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].map((node) => (node.nodeType === 3 ? node.textContent.trim() : '')).join('')
    if (text === '') continue
    const style = getComputedStyle(element)
    const colour = colourOf(element.namespaceURI?.endsWith('svg') ? style.fill : style.color)
    const [dark, light] = [luminance(colour), luminance(behind(element))].sort((a, b) => a - b) as [number, number]
    const ratio = (light + 0.05) / (dark + 0.05)
    if (!(ratio >= 4.5)) low.push(`${ratio.toFixed(2)} ${text}`)
  }
  return low
}

/** What of a browser's types is needed here, where the library of the DOM is not loaded. */
interface BrowserElement {
  readonly parentElement: BrowserElement | null
  readonly namespaceURI: string | null
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string }>
}
interface BrowserGlobals {
  readonly document: { readonly querySelectorAll: (selector: string) => Iterable<BrowserElement> }
  readonly getComputedStyle: (element: BrowserElement) => {
    readonly backgroundColor: string
    readonly color: string
    readonly fill: string
  }
}
