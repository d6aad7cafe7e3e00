/** What can be said of a report without a browser. */

const empty = new Set(['meta', 'img', 'br', 'path', 'circle', 'rect'])

/** What is wrong with a page, one line each: nesting, what it loads, what screen readers miss, contrast. */
export function problemsOf(page: string): string[] {
  const problems: string[] = []
  const open: string[] = []
  const body = page.replace(/<style>[^<]*<\/style>/, '').replaceAll(/\s+/g, ' ')
  for (const [tag, slash, name, attributes] of body.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>/gi,
  )) {
    if (slash === '/') {
      const last = open.pop()
      if (last !== name) problems.push(`${tag} closes ${last}`)
      continue
    }
    if (!empty.has(name!)) open.push(name!)
    const has = (attribute: string) => attributes!.includes(` ${attribute}="`)
    if (['script', 'link', 'iframe', 'object', 'base', 'form'].includes(name!)) problems.push(`there is a ${tag}`)
    if (/ on[a-z]+=/i.test(attributes!.replaceAll(/"[^"]*"/g, '""'))) problems.push(`there is a handler: ${tag}`)
    if (has('src') && !attributes!.includes(' src="data:image/png;base64,')) problems.push(`loads: ${tag}`)
    if (has('href') && !attributes!.includes(' href="#')) problems.push(`leads away: ${tag}`)
    if (name === 'th' && !has('scope')) problems.push(`no scope: ${tag}`)
    if (name === 'img' && !has('alt')) problems.push(`no alternative text: ${tag}`)
    if (name === 'svg' && !has('aria-label') && !has('aria-hidden')) problems.push(`no label: ${tag}`)
  }
  if (open.length > 0) problems.push(`never closed: ${open.join(', ')}`)
  if (/[<>]/.test(body.replaceAll(/<!?\/?[a-z](?:"[^"]*"|'[^']*'|[^"'<>])*>/gi, '')))
    problems.push('a stray angle bracket')
  if (/url\(|@import|https?:/.test(page)) problems.push('an address')
  if (/\b(?:NaN|undefined|Infinity)\b/.test(body)) problems.push('a value that is none')
  return [...problems, ...lowContrasts(page)]
}

/** Texts are of these colours, on --paper. */
const textColours = ['ink', 'soft', 'mark', ...Array.from({ length: 8 }, (_, i) => `s${i}`)]

function lowContrasts(page: string): string[] {
  const schemes = [...page.matchAll(/:root\{([^}]*)\}/g)].map(
    ([, list]) => new Map([...list!.matchAll(/--(\w+):(#\w{6})/g)].map(([, name, colour]) => [name!, colour!])),
  )
  if (schemes.length !== 3) return [`${schemes.length} schemes, not those of light, dark and paper`]
  return schemes.flatMap((scheme, i) =>
    textColours
      .filter((name) => !(contrast(scheme.get(name)!, scheme.get('paper')!) >= 4.5))
      .map((name) => `the contrast of --${name} in scheme ${i}`),
  )
}

/** WCAG 2's contrast ratio of two colours such as #1c2430. */
function contrast(a: string, b: string): number {
  const [dark, light] = [a, b].map(luminance).toSorted((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
