/**
 * Bounds by adaptive slopes in float64. They also condense the network over the region: later steps start from that.
 * Sound: yes, rounding included. Complete: no. Source: Zhang et al. 2018 (CROWN), search/condense/.
 */
import { withMargins } from '../../region/margins-graph.ts'
import { condense } from '../../search/condense/condense.ts'
import { type QuestionStep, endOfProof, leastOf } from '../step.ts'

export const crown = {
  name: 'crown',
  title: 'adaptive slopes (CROWN)',
  help: 'a proof by adaptive slopes in float64',
  meaning: 'not proved up to adaptive slopes',
  source: 'Zhang et al. 2018',
  error: 'at most',
  verdicts: ['robust', 'vulnerable', 'open'],
  report: { robust: { light: '#63b184', dark: '#4da474' } },
  works: 'question',
  networks: 'any',
  run: async (climb) => {
    const { engine, graph, widened, deadline } = climb
    climb.root = condense(engine, withMargins(graph, widened), widened, { deadline })
    const bound = leastOf(climb.root)
    return { bound, end: endOfProof(bound) }
  },
} as const satisfies QuestionStep
