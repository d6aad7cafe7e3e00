/** Rows in the making. Apart from rows.ts, which needs more than workers should have to load. */
import type { CertifyResult, CertifyRow } from './rows.ts'
import { type StepName, steps } from './steps/index.ts'

/** A row on its way: without a result if further steps are still to be tried. */
export type Draft = Omit<CertifyRow, 'result'> & { readonly result?: CertifyResult }

export const isDecided = (draft: Draft): draft is CertifyRow => draft.result !== undefined

/** Margin and time as they are written: JSON knows no NaN and no infinities. */
export const figures = (margin: number, seconds: number) => ({
  margin: finite(margin),
  seconds: rounded(seconds),
})
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
const rounded = (seconds: number) => Math.round(seconds * 1e6) / 1e6

/** The parts of a draft in the order of the ladder, with the names of their steps. */
export const partsOf = (draft: Draft) =>
  steps.flatMap(({ name }) => {
    const found = draft[name]
    return found ? [{ step: name, ...found }] : []
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
    (best, { step, margin }) => (!isProof(step) || margin === null ? best : Math.max(best ?? margin, margin)),
    null,
  )

/** Whether the margins of a step are proved, not reached. */
export const isProof = (step: StepName): boolean =>
  steps.some(({ name, error }) => name === step && error === 'at most')
