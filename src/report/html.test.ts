import { expect, test } from 'vitest'
import { escapeText, html, trusted } from './html.ts'

const nasty = `<img src=x onerror="alert(1)">&'`

test('values are escaped, for elements and attributes', () => {
  const escaped = '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;'
  expect(escapeText(nasty)).toBe(escaped)
  expect(html`<b title="${nasty}">${nasty}</b>`.text).toBe(`<b title="${escaped}">${escaped}</b>`)
})

test('HTML inside HTML is not escaped again, in lists neither', () => {
  const items = ['a<b', 'c'].map((item) => html`<i>${item}</i>`)
  expect(html`<b>${items}</b>`.text).toBe('<b><i>a&lt;b</i><i>c</i></b>')
  expect(html`<b>${trusted('a<br>')}</b>`.text).toBe('<b>a<br></b>')
})

test('numbers are written, zero too; undefined and false leave nothing', () => {
  expect(html`${0}|${1.5}|${undefined}|${false}|${[1, false, 2]}`.text).toBe('0|1.5|||12')
})
