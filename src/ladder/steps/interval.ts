/**
 * Interval bounds of the margins: the cheapest proof.
 * Sound: yes, they allow for float32 rounding. Complete: no. Source: Gowal et al. 2018, bounds/interval.ts.
 */
import type { Subject } from '../../attacks/attack-images.ts'
import { inPasses } from '../../attacks/inputs.ts'
import { intervalMargins, propagateIntervals } from '../../bounds/interval.ts'
import { provedMargin } from '../../bounds/margins.ts'
import type { Ball } from '../../region/ball.ts'
import { onChunk } from '../on-chunk.ts'
import { type LayersStep, findingOf } from '../step.ts'

export const interval = {
  name: 'interval',
  title: 'interval bounds',
  help: 'a proof by interval bounds, the cheapest one',
  meaning: 'not proved up to interval bounds',
  source: 'Gowal et al. 2018',
  error: 'at most',
  verdicts: ['robust', 'vulnerable', 'open'],
  report: { robust: { light: '#0f5c37', dark: '#b9e6c9' } },
  works: 'batch',
  networks: 'layers',
  run: (subject, indices, { ball }) =>
    inPasses(indices, (pass) => intervalCertificates(subject, pass, ball).map(findingOf)),
} as const satisfies LayersStep

/** Proved margins min over the domain of z_label − max(others): robust if > 0; NaN and infinity prove nothing. */
export function intervalCertificates(subject: Subject, pass: readonly number[], ball: Ball): number[] {
  const { loaded } = subject
  return onChunk(subject, pass, ball, (chunk) => {
    const { last: bounded } = propagateIntervals(loaded, undefined, chunk, true)
    return chunk.labels.map((label, e) => {
      const which = { columns: chunk.columns, example: e, label, rigorous: true }
      return provedMargin(intervalMargins(loaded, undefined, bounded, which).read(), label)
    })
  })
}
