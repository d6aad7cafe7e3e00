/**
 * An ensemble of attacks, on what PGD has left: the usual measure of what attacks can find. It takes seconds for an image
 * that withstands it, so it is not tried unless it is asked for.
 * Sound: yes, a point counts only if float64 misclassifies it, in the domain. Complete: no.
 * Source: Croce & Hein 2020; attacks/ensemble.ts, in the engine or in float64 on graphs.
 */
import { attackByEnsemble, attackGraphByEnsemble } from '../../attacks/ensemble.ts'
import type { AnyNetworkStep, BatchSubject, StepSettings } from '../step.ts'

export const auto = {
  name: 'auto',
  title: 'attack ensemble',
  help: 'an ensemble of attacks, as AutoAttack is one, on what PGD has left: seconds per image',
  meaning: 'misclassified or attacked by any',
  source: 'Croce & Hein 2020',
  error: 'at least',
  verdicts: ['vulnerable', 'withstood'],
  onRequest: true,
  report: {
    vulnerable: { label: 'broken by the attack ensemble', light: '#e58a74', dark: '#b3513a' },
  },
  works: 'batch',
  networks: 'any',
  run: (subject, indices, settings) =>
    attackAll(subject, indices, settings).map(({ value: { tried, by }, seconds }) => ({
      seconds,
      value: {
        margin: tried.margin,
        ...(by
          ? {
              ...{ verdict: 'vulnerable', settled: 'vulnerable', prediction: tried.prediction },
              // to find it again would take as long
              point: Array.from(tried.image),
            }
          : { verdict: 'withstood' }),
      },
    })),
} as const satisfies AnyNetworkStep

const attackAll = (subject: BatchSubject, indices: readonly number[], { ball, ensemble }: StepSettings) =>
  'graph' in subject
    ? attackGraphByEnsemble(subject, indices, ensemble, ball)
    : attackByEnsemble(subject, indices, ensemble, ball)
