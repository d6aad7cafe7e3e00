/** What came of a run: its header, sums over its rows, and its time. */
import type { CertifyHeader } from './header.ts'
import type { CertifyRow } from './rows.ts'
import { type LadderSummary, summarise } from './summary.ts'

/** Of all rows of the range, those of earlier runs included. */
export interface CertifySummary extends Omit<CertifyHeader, 'format' | 'version' | 'classNames'>, LadderSummary {
  readonly first: number
  /** Excluded. */
  readonly last: number
  /** Wall time of this run, and the images that it did, those found in a resumed file left out. */
  readonly seconds: number
  readonly imagesDone: number
  readonly imagesPerSecond: number
}

/** @param run the range, its wall time, and how many images it did */
export function summaryOf(
  header: CertifyHeader,
  rows: readonly CertifyRow[],
  run: { readonly first: number; readonly last: number; readonly seconds: number; readonly images: number },
): CertifySummary {
  const { format: _format, version: _version, classNames: _names, ...identity } = header
  const { first, last, seconds, images } = run
  return {
    ...identity,
    ...{ first, last },
    ...summarise(rows, { tried: header.methods, classNames: header.classNames }),
    seconds,
    imagesDone: images,
    imagesPerSecond: seconds > 0 ? images / seconds : 0,
  }
}
