/**
 * LP-dual bounds of the margins, pruned by intervals, and by the paper's own bound where the pruned one does not do.
 * Pruning tightens bounds, which changes slopes, which loosens the margin of rare images: with both, the verdict is
 * never looser than the paper's.
 * Sound: yes, they allow for float32 rounding; where that alone leaves an image open, float64 decides. Complete: no.
 * Source: Wong & Kolter 2018, bounds/dual.ts.
 */
import type { Subject } from '../../attacks/attack-images.ts'
import { type Timed, examples, inPasses } from '../../attacks/inputs.ts'
import { proveNetwork } from '../../bounds/dual.ts'
import { provedMargin, provedMarginsAndSlack } from '../../bounds/margins.ts'
import type { Ball } from '../../region/ball.ts'
import { lpMargin } from '../lp-margin.ts'
import { onChunk } from '../on-chunk.ts'
import { type Finding, type LayersStep, type StepSettings, findingOf, proves } from '../step.ts'

export const lp = {
  name: 'lp',
  title: 'LP dual bounds',
  help: 'a proof by bounds of the LP dual, tighter',
  meaning: 'not proved up to LP dual bounds',
  source: 'Wong & Kolter 2018',
  error: 'at most',
  verdicts: ['robust', 'vulnerable', 'open'],
  /** Whether the margin is that of the pruned bound, or of the paper's. */
  flags: ['pruned'],
  report: {
    robust: { light: '#2f8a57', dark: '#7fc99d' },
    column: { title: 'LP', note: 'LP: not proved robust by bounds up to the LP dual.' },
  },
  works: 'batch',
  networks: 'layers',
  run: runLp,
} as const satisfies LayersStep

function runLp(subject: Subject, indices: readonly number[], { ball }: StepSettings): Timed<Finding>[] {
  const pruned = inPasses(indices, (pass) => lpCertificates(subject, pass, ball, true))
  const open = indices.filter((_, i) => !proves(pruned[i]!.value))
  const again = inPasses(open, (pass) => lpCertificates(subject, pass, ball, false))
  const unpruned = new Map(open.map((index, i) => [index, again[i]!]))
  return indices.map((index, i) => better(pruned[i]!, unpruned.get(index)))
}

/** The better of the two margins, and the time of both. */
function better(pruned: Timed<number>, unpruned: Timed<number> | undefined): Timed<Finding> {
  const isBetter = unpruned !== undefined && unpruned.value > pruned.value
  const { value } = isBetter ? unpruned : pruned
  return {
    value: { ...findingOf(value), flags: { pruned: !isBetter } },
    seconds: pruned.seconds + (unpruned?.seconds ?? 0),
  }
}

/** How many times its slack a bound may be above zero, so that float64 looks again: the hidden bounds gave way, too. */
const DOUBTFUL = 4

/** Proved margins, as `intervalCertificates` has them. @param prune see bounds/dual.ts */
export function lpCertificates(subject: Subject, pass: readonly number[], ball: Ball, prune: boolean): number[] {
  const { loaded, network, dataset } = subject
  const margins = onChunk(subject, pass, ball, (chunk) => {
    const proved = proveNetwork(loaded, chunk, prune)
    return chunk.labels.map((label, e) => {
      const { bounds, slack } = provedMarginsAndSlack(proved, e)
      const without = bounds.map((bound, target) => bound - DOUBTFUL * slack[target]!)
      return { least: provedMargin(bounds, label), isDoubtful: provedMargin(without, label) > 0 }
    })
  })
  const { images, labels } = examples(dataset, pass)
  return margins.map(({ least, isDoubtful }, e) => {
    if (proves(least) || !isDoubtful) return least
    const exact = lpMargin(loaded.device, network, { image: images[e]!, label: labels[e]!, ball, prune })
    return exact > least ? exact : least
  })
}
