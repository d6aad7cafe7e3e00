/** A bar of shares side by side. */
import { type Html, html } from './html.ts'

export interface BarPart {
  readonly label: string
  /** Class of the style sheet. */
  readonly fill: string
  readonly share: number
}

/** As wide as there is space. @param parts whose shares sum to 1; those of 0 are left out @param title what it is of */
export function splitBar(parts: readonly BarPart[], title: string): Html {
  const there = parts.filter(({ share }) => share > 0)
  const said = there.map(({ label, share }) => `${label} ${(100 * share).toFixed(1)} %`).join(', ')
  let x = 0
  const blocks = there.map(({ fill, share }) => {
    const start = x
    x += share
    return html`<rect class="${fill}" x="${coordinate(start)}" y="0" width="${coordinate(share)}" height="20" />`
  })
  return html`<svg
    class="split"
    viewBox="0 0 1000 20"
    preserveAspectRatio="none"
    role="img"
    aria-label="${title}: ${said}"
  >
    ${blocks}
  </svg>`
}

/** Thousandths of the bar, a thousandth of them exactly. */
const coordinate = (share: number) => Number((1000 * share).toFixed(3))
