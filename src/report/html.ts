/** HTML and SVG as templates, which escape every value that is not HTML itself. */

/** Text that is HTML. `html` makes it; `trusted` is for texts of ours, such as style sheets. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Lists are joined; undefined and false leave nothing. */
export type Content = Html | string | number | false | undefined | readonly Content[]

/** A template whose values are escaped, for elements and for attributes in double or single quotes alike. */
export const html = (strings: TemplateStringsArray, ...values: readonly Content[]): Html =>
  new Html(strings.map((string, i) => string + render(values[i])).join(''))

/** Only for text that no file and no user has a part in. */
export const trusted = (text: string): Html => new Html(text)

function render(content: Content): string {
  if (content === undefined || content === false) return ''
  if (content instanceof Html) return content.text
  if (typeof content === 'object') return content.map(render).join('')
  return escapeText(String(content))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** With all characters escaped that mean something in HTML or SVG, or in their attributes. */
export const escapeText = (raw: string): string => raw.replaceAll(/[&<>"']/g, (character) => entities[character])
