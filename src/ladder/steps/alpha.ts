/**
 * Bounds by slopes that gradient ascent optimises, from the adaptive ones on.
 * Sound: yes, rounding included. Complete: no. Source: Xu et al. 2021 (α-CROWN), search/slopes.ts.
 */
import { optimiseSlopes } from '../../search/slopes.ts'
import { type QuestionStep, endOfProof, leastOf } from '../step.ts'

export const alpha = {
  name: 'alpha',
  title: 'optimised slopes (α-CROWN)',
  help: 'a proof by optimised slopes, tighter still',
  meaning: 'not proved up to optimised slopes',
  source: 'Xu et al. 2021',
  error: 'at most',
  verdicts: ['robust', 'vulnerable', 'open'],
  report: { robust: { light: '#94cdab', dark: '#2f7d54' } },
  works: 'question',
  networks: 'any',
  standsOn: 'crown',
  run: async (climb) => {
    climb.root = optimiseSlopes(climb.engine, climb.root!, climb.deadline)
    const bound = leastOf(climb.root)
    return { bound, end: endOfProof(bound) }
  },
} as const satisfies QuestionStep
