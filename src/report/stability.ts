/**
 * Which neurons the bounds settle: how many of each hidden layer are active for every point of the ball, inactive for
 * every point, or unstable, as LP-dual bounds (bounds/dual.ts) say.
 */
import { examples } from '../attacks/inputs.ts'
import { loadChunk } from '../bounds/chunk.ts'
import { proveNetwork } from '../bounds/dual.ts'
import { describeDomain } from '../region/domain.ts'
import type { Ball } from '../region/ball.ts'
import type { Dataset } from '../data/dataset.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { formatBall, formatCount, formatShare } from './format.ts'
import { type Html, html } from './html.ts'
import { splitBar } from './split-bar.ts'

export interface LayerStability {
  readonly neurons: number
  /** Means over the images, as shares of the neurons; they sum to 1. */
  readonly active: number
  readonly inactive: number
  readonly unstable: number
}

export interface Stability extends Ball {
  readonly dataset: string
  /** The first of the test part. */
  readonly images: number
  /** Layers with a ReLU, from the image on. */
  readonly layers: readonly LayerStability[]
}

const PASS = 4

/** @param images how many of the data set's first ones; the domain 'pixels' cuts ℓ∞ balls only */
export function measureStability(loaded: LoadedNetwork, dataset: Dataset, ball: Ball, images: number): Stability {
  const { device } = loaded
  const count = Math.min(images, dataset.count)
  const counts = loaded.stages.slice(0, -1).map(() => ({ neurons: 0, active: 0, inactive: 0, unstable: 0 }))
  for (let first = 0; first < count; first += PASS) {
    const mark = device.mark()
    const indices = Array.from({ length: Math.min(PASS, count - first) }, (_, i) => first + i)
    const chunk = loadChunk(loaded, examples(dataset, indices), ball)
    proveNetwork(loaded, chunk, true).intervals.forEach(({ lower, upper }, stage) => {
      const [l, u] = [lower.read(), upper.read()]
      const sum = counts[stage]
      sum.neurons = l.length / chunk.columns
      for (let at = 0; at < l.length; at++) {
        if (at % chunk.columns >= chunk.count) continue
        if (u[at] <= 0) sum.inactive++
        else if (l[at] >= 0) sum.active++
        else sum.unstable++
      }
    })
    device.release(mark)
  }
  const layers = counts
    .filter((_, stage) => loaded.stages[stage].relu)
    .map(({ neurons, active, inactive, unstable }) => {
      const total = neurons * count
      return { neurons, active: active / total, inactive: inactive / total, unstable: unstable / total }
    })
  return { dataset: dataset.name, images: count, ...ball, layers }
}

/** Of one subject: measured, or why not. */
export interface StabilityOf {
  readonly subject: number
  readonly name: string
  readonly network: string
  readonly stability: Stability | { readonly missing: string }
}

const states = [
  { of: 'inactive', fill: 'fill-inactive', label: 'inactive' },
  { of: 'unstable', fill: 'fill-unstable', label: 'unstable' },
  { of: 'active', fill: 'fill-active', label: 'active' },
] as const

/** The section, for people. */
export function stabilitySection(all: readonly StabilityOf[]): Html {
  return html`<section id="stability" aria-labelledby="stability-title">
    <h2 id="stability-title">Stability of neurons</h2>
    <ul class="legend">
      ${states.map(({ fill, label }) => html`<li><span class="swatch ${fill}"></span>${label}</li>`)}
    </ul>
    <div class="pairs">${all.map(stabilityTable)}</div>
    <p class="note">
      Per hidden layer, the share of ReLUs that LP bounds prove inactive or active over the domain, and of those that
      they leave unstable: what a verifier has to split.
    </p>
  </section>`
}

function stabilityTable({ subject, name, network, stability }: StabilityOf): Html {
  const title = html`<h3><span class="key s${subject}"></span>${name}: ${network}</h3>`
  if ('missing' in stability) return html`<div>${[title, html`<p>${stability.missing}</p>`]}</div>`
  const { layers, images, domain, dataset } = stability
  return html`<div>
    ${title}
    <p class="soft">
      ${formatBall(stability)}, ${describeDomain(domain)}, mean over the first ${images} test images of ${dataset}
    </p>
    <div class="wide" role="region" aria-label="Stability of ${name}" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">shares</th>
            ${states.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}
            <th scope="col" class="number">neurons</th>
          </tr>
        </thead>
        <tbody>
          ${layers.map((layer, i) => {
            const shares = states.map(({ of, fill, label }) => ({ fill, label, share: layer[of] }))
            return html` <tr>
              <th scope="row">${i + 1}</th>
              <td class="bar">${splitBar(shares, `layer ${i + 1}`)}</td>
              ${shares.map(({ share }) => html`<td class="number">${formatShare(share, 1)}</td>`)}
              <td class="number">${formatCount(layer.neurons)}</td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
  </div>`
}
