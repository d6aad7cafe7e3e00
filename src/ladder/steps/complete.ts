/**
 * A complete search over the cases that slopes leave open: branch and bound, or mixed-integer programming.
 * Sound: yes; a counterexample is run through the graph itself. Complete: given time and memory, where no minimum is
 * within rounding of 0. Source: Wang et al. 2021 (β-CROWN), search/branch/; Tjeng et al. 2019 (MILP), search/milp/.
 */
import { runCandidate } from '../../region/counterexample.ts'
import { type CompleteResult, requireBallsSearchable } from '../../region/question.ts'
import type { Root } from '../../search/condense/condense.ts'
import { type Climb, type QuestionStep, endOfProof, leastOf } from '../step.ts'

export const complete = {
  name: 'complete',
  title: 'complete search',
  help: 'branch and bound (bab) or MILP (milp, ℓ∞ only), up to its time limit',
  meaning: 'not proved up to complete search',
  source: 'Wang et al. 2021, Tjeng et al. 2019',
  error: 'at most',
  verdicts: ['robust', 'vulnerable', 'open'],
  report: {
    robust: { light: '#c3e5d0', dark: '#1f5a3c' },
    vulnerable: { label: 'found vulnerable by search', light: '#f3b3a3', dark: '#7d3528' },
  },
  works: 'question',
  networks: 'any',
  standsOn: 'alpha',
  check: ({ ball }, search) => {
    if (ball) requireBallsSearchable(search)
  },
  run: async (climb) => {
    const result = await search(climb)
    const bound = boundAfter(climb.root!, result)
    if (result.verdict === 'robust') return { bound, end: endOfProof(bound) ?? noProof }
    return { bound, end: result.verdict === 'undecided' ? { ...result, bound } : result }
  },
} as const satisfies QuestionStep

const noProof = { verdict: 'undecided', bound: -Infinity, reason: 'precision' } as const

async function search({ engine, graph, question, deadline, search, root }: Climb): Promise<CompleteResult> {
  const { condensed } = root!
  const isCounterexample = (point: Float64Array) => runCandidate(graph, question, point) !== undefined
  // most images never come here: what searches is loaded for the first that does
  if (search === 'milp') {
    const { solveMilp } = await import('../../search/milp/solve-milp.ts')
    return solveMilp(condensed, { deadline, isCounterexample })
  }
  const { branchAndBound } = await import('../../search/branch/branch-and-bound.ts')
  return branchAndBound(engine, condensed, { deadline, isCounterexample })
}

/** What is proved of the least margin after a search over the cases that the root left open. */
function boundAfter(root: Root, result: CompleteResult): number {
  const closed = root.margins.reduce((least, margin) => (margin > 0 ? Math.min(least, margin) : least), Infinity)
  if (result.verdict === 'robust') return Math.min(result.margin, closed)
  return result.verdict === 'undecided' ? Math.max(leastOf(root), Math.min(result.bound, closed)) : leastOf(root)
}
