/** The pictures of a report. */
import { amplified } from '../attacks/picture.ts'
import { describeDomain } from '../region/domain.ts'
import { type Dataset, className } from '../data/dataset.ts'
import { toBase64 } from '../formats/bytes.ts'
import { encodePng } from '../formats/png.ts'
import type { Shape } from '../model/layers.ts'
import { formatBall, formatNumber, titleOf } from './format.ts'
import type { Exhibit, Gallery } from './gallery.ts'
import { type Html, html } from './html.ts'
import type { NamedCertificates } from './subject.ts'

/** Of one file of certificates: pictures, or why there are none. */
export interface GalleryOf {
  readonly subject: number
  readonly title: string
  readonly header: NamedCertificates['header']
  readonly content:
    | { readonly gallery: Gallery; readonly dataset: Described; readonly note?: string }
    | { readonly missing: string }
}

type Described = Pick<Dataset, 'shape' | 'classNames'>

/** The section; nothing without certificates. */
export function gallerySection(galleries: readonly GalleryOf[]): Html | undefined {
  if (galleries.length === 0) return undefined
  return html`<section id="gallery" aria-labelledby="gallery-title">
    <h2 id="gallery-title">Images</h2>
    <p class="note">
      Margins are those of the label's logit over the largest other one: of proved images what is proved for all of the
      ball that counts, of vulnerable ones what it is at the counterexample, by float64. Changes are amplified: grey is
      none, black and white are the largest of the picture. Pixels outside [0, 1] are drawn as black or white.
    </p>
    ${galleries.map(galleryOf)}
  </section>`
}

function galleryOf({ subject, title, header, content }: GalleryOf): Html {
  const heading = html`<h3>
    <span class="key s${subject}"></span>${title}
    <span class="soft">${formatBall(header)}, ${describeDomain(header.domain)}</span>
  </h3>`
  if ('missing' in content)
    return html`${heading}
      <p>${content.missing}</p>`
  const { gallery, dataset, note } = content
  const group = (name: string, exhibits: readonly Exhibit[]) =>
    exhibits.length > 0 &&
    html`<h4>${name}</h4>
      <ul class="gallery">
        ${exhibits.map((exhibit) => html`<li>${card(exhibit, dataset)}</li>`)}
      </ul>`
  return html`${heading}${note !== undefined && html`<p>${note}</p>`}
  ${group('Vulnerable, though the network was surest of them', gallery.vulnerable)}
  ${group('Proved, by the smallest margins', gallery.proved)}`
}

function card({ index, label, image, margin, method, counterexample }: Exhibit, dataset: Described): Html {
  const { shape } = dataset
  const truth = className(dataset, label)
  if (!counterexample) {
    return html`<figure>
      <div class="pictures">${picture(shape, image, `image ${index}, class ${truth}`)}</div>
      <figcaption>
        <b>${truth}</b> image ${index}<br />margin ≥ ${formatNumber(margin)}<br /><span class="soft"
          >${titleOf(method)}</span
        >
      </figcaption>
    </figure>`
  }
  const wrong = className(dataset, counterexample.prediction)
  return html`<figure>
    <div class="pictures">
      ${[
        picture(shape, image, `image ${index}, class ${truth}`),
        picture(shape, amplified(image, counterexample.image), `its change, amplified`),
        picture(shape, counterexample.image, `counterexample, classified as ${wrong}`),
      ]}
    </div>
    <figcaption>
      <b>${truth} → ${wrong}</b> image ${index}<br />margin ${formatNumber(margin)}<br /><span class="soft"
        >${titleOf(method)}</span
      >
    </figcaption>
  </figure>`
}

function picture(shape: Shape, values: ArrayLike<number>, alt: string): Html {
  const data = toBase64(encodePng(shape, values))
  return html`<img
    src="data:image/png;base64,${data}"
    width="${3 * shape.width}"
    height="${3 * shape.height}"
    alt="${alt}"
  />`
}
