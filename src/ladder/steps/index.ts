/**
 * The ladder, in the order of rows and tables. Images climb it in this order, too, except for
 * attacks (pgd.ts).
 * A new step is a file beside this one and a line here: rows, summaries, help and reports are made from the list.
 */
import { alpha } from './alpha.ts'
import { auto } from './auto.ts'
import { clean } from './clean.ts'
import { complete } from './complete.ts'
import { crown } from './crown.ts'
import { interval } from './interval.ts'
import { lp } from './lp.ts'
import { pgd } from './pgd.ts'
import type { Step } from '../step.ts'

/** Every certification takes the first. */
const list = [clean, pgd, auto, interval, lp, crown, alpha, complete] as const

/** Their types one by one, for what each says in a row. */
export type StepOfList = (typeof list)[number]
export type StepName = StepOfList['name']

/** Any of them. */
export type LadderStep = Step & { readonly name: StepName }

export const steps: readonly LadderStep[] = list
export const stepNames: readonly StepName[] = steps.map(({ name }) => name)
