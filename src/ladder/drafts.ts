/** Rows in the making. Apart from rows.ts, which needs more than workers should have to load. */
import { certifyMethods } from './methods.ts'
import type { CertifyResult, CertifyRow } from './rows.ts'

/** A row on its way: without a result if dearer steps are still to be tried. */
export type Draft = Omit<CertifyRow, 'result'> & { readonly result?: CertifyResult }

export const isDecided = (draft: Draft): draft is CertifyRow => draft.result !== undefined

/** Margin and time as they are written: JSON knows no NaN and no infinities. */
export const figures = (margin: number, seconds: number) => ({
  margin: finite(margin),
  seconds: rounded(seconds),
})
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
const rounded = (seconds: number) => Math.round(seconds * 1e6) / 1e6

/** The parts of a draft, cheapest first, by the name of their step. */
export const partsOf = (draft: Draft) =>
  certifyMethods.flatMap((step) => {
    const found = draft[step]
    return found ? [{ step, ...found }] : []
  })

/** A draft with its total time, and a result if there is one. */
export function finishRow(draft: Omit<Draft, 'seconds' | 'result'>, result: CertifyResult | undefined): Draft {
  const row = { ...draft, ...(result && { result }), seconds: 0 }
  return { ...row, seconds: rounded(partsOf(row).reduce((sum, { seconds }) => sum + seconds, 0)) }
}

/** The result of an image that all steps that were asked for have left open. */
export const incomplete = (draft: Omit<Draft, 'seconds' | 'result'>): CertifyResult => ({
  verdict: 'undecided',
  margin: bestProved({ ...draft, seconds: 0 }),
  reason: 'incomplete',
})

/** The best margin that was proved for the whole domain; null if none was. */
export const bestProved = (draft: Draft): number | null =>
  partsOf(draft).reduce<number | null>(
    (best, { step, margin }) =>
      step === 'clean' || step === 'pgd' || margin === null ? best : Math.max(best ?? margin, margin),
    null,
  )
