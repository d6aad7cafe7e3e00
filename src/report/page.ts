/**
 * A report as one HTML file that needs nothing else: no script, no network, pictures inside. What the file may load is
 * forbidden by a policy of its own as well.
 */
import { classesSection } from './classes.ts'
import { marginsSection } from './margins.ts'
import { gallerySection, type GalleryOf } from './gallery-section.ts'
import { type Html, html, trusted } from './html.ts'
import { ladderOf, ladderSection } from './ladder.ts'
import { settingsSection } from './settings.ts'
import { type StabilityOf, stabilitySection } from './stability.ts'
import { style } from './style.ts'
import type { Subject } from './subject.ts'
import { type TableRow, tableSection } from './table.ts'
import { trainingSection } from './training.ts'

/** Everything that a report shows. */
export interface Report {
  readonly title: string
  readonly subjects: readonly Subject[]
  readonly errors: readonly TableRow[]
  readonly stabilities: readonly StabilityOf[]
  readonly galleries: readonly GalleryOf[]
}

/** In every report's head: by it a file is known as one that may be replaced. */
const GENERATOR = '<meta name="generator" content="robustra report">'

/** Whether a file's beginning is that of a report. */
export const isReport = (text: string): boolean => text.slice(0, 1000).includes(GENERATOR)

/** @param version of the program, for the footer */
export function reportPage({ title, subjects, errors, stabilities, galleries }: Report, version: string): string {
  const sections: readonly [id: string, name: string, section: Html | undefined][] = [
    ['errors', 'Errors', tableSection(errors)],
    ['settings', 'Settings', settingsSection(subjects)],
    ['training', 'Training', trainingSection(subjects)],
    ['stability', 'Stability', stabilitySection(stabilities)],
    ['ladder', 'What decided', ladderSection(subjects)],
    ['classes', 'Classes', classesSection(subjects)],
    ['margins', 'Margins', marginsSection(subjects)],
    ['gallery', 'Images', gallerySection(galleries)],
  ]
  const there = sections.filter(([, , section]) => section !== undefined)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        ${trusted(GENERATOR)}
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – robustra</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          ${
            subjects.length > 1 &&
            html`<ul class="legend">
              ${subjects.map(({ name }, i) => html`<li><span class="swatch s${i}"></span>${name}</li>`)}
            </ul>`
          }
          <nav aria-label="Sections">
            <ul>
              ${there.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main>${there.map(([, , section]) => section)}</main>
        <footer>Made by robustra ${version}. ε is in units of pixels of [0, 1].</footer>
      </body>
    </html> `.text
}

/** The same as data, without the pictures. */
export function reportData({ title, subjects, errors, stabilities, galleries }: Report) {
  return {
    title,
    errors,
    subjects: subjects.map(({ name, run, certificates }) => ({
      name,
      ...(run && { path: run.path, settings: run.settings, log: run.log }),
      certificates: certificates.map(({ name, path, rows, summary }) => {
        const { seconds: _wall, imagesDone: _done, imagesPerSecond: _speed, ...rest } = summary
        return { name, path, summary: rest, ladder: ladderOf(rows) }
      }),
    })),
    stability: stabilities.map(({ subject, name, network, stability }) => ({ subject, name, network, ...stability })),
    gallery: galleries.map(({ subject, title, content }) => ({
      ...{ subject, title },
      ...('missing' in content
        ? content
        : { images: [...content.gallery.vulnerable, ...content.gallery.proved].map(withoutPixels) }),
    })),
  }
}

const withoutPixels = ({ index, label, margin, method, counterexample }: GalleryImage) => ({
  ...{ index, label, margin, method },
  ...(counterexample && { prediction: counterexample.prediction }),
})
type GalleryImage = Extract<GalleryOf['content'], { gallery: unknown }>['gallery']['proved'][number]
