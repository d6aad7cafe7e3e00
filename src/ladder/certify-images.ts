/**
 * The cheap steps of the ladder on some images of a data set: each tries only what the last has left open.
 * Sound: certificates bound the margins over the whole domain and give way to float32 rounding; attacks count only
 * re-checked adversarial examples. Complete: no; what no step settles is open.
 */
import { type Judged, type Subject, attackImages, classify } from '../attacks/attack-images.ts'
import type { AttackOptions } from '../attacks/gradient-attack.ts'
import { type Timed, examples, inPasses } from '../attacks/inputs.ts'
import type { Judgement } from '../attacks/recheck.ts'
import type { Ball } from '../region/ball.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import { proveNetwork } from '../bounds/dual.ts'
import { provedMargin, provedMarginsAndSlack } from '../bounds/margins.ts'
import { intervalMargins, propagateIntervals } from '../bounds/interval.ts'
import { type Draft, figures, finishRow, finite, incomplete } from './drafts.ts'
import { lpMargin } from './lp-margin.ts'
import type { CertifyMethod } from './methods.ts'
import type { CertifyResult } from './rows.ts'

export interface CertifySettings {
  /** Around each image. */
  readonly ball: Ball
  readonly methods: readonly CertifyMethod[]
  /** Of 'pgd', over the ball's domain. */
  readonly attack: AttackOptions
}

/** Steps that work on many images at once, in the engine. */
const cheap = ['clean', 'pgd', 'interval', 'lp'] as const

/**
 * One row per image, in their order: undecided if only cheap steps were asked for, without a result if dearer ones are
 * still to come. A row depends on its image, not on which others are done with it.
 * @throws Error if a bound is above a margin that was reached: a mistake in this program
 */
export function certifyImages(subject: Subject, indices: readonly number[], settings: CertifySettings): Draft[] {
  const { methods } = settings
  const clean = byIndex(
    indices,
    inPasses(indices, (pass) => classify(subject, pass)),
  )
  let open = indices.filter((index) => clean.get(index)!.value.margin > 0)
  /** Does a step on all that is open; what `settles` holds for is not. */
  const step = <R>(
    method: CertifyMethod,
    work: (pass: readonly number[]) => readonly R[],
    settles: (r: R) => boolean,
  ) => {
    const results = byIndex(open, methods.includes(method) ? inPasses(open, work) : [])
    open = open.filter((index) => !results.has(index) || !settles(results.get(index)!.value))
    return results
  }
  const interval = step('interval', (pass) => intervalCertificates(subject, pass, settings), proves)
  const lp = step('lp', (pass) => lpCertificates(subject, pass, settings, true), proves)
  // Pruning tightens bounds, which changes slopes, which on rare images loosens a margin: what it leaves open is tried
  // without, so that the verdict is never looser than the paper's.
  const unpruned = step('lp', (pass) => lpCertificates(subject, pass, settings, false), proves)
  // the dearest of the cheap steps: what is proved cannot be attacked
  const pgd = step(
    'pgd',
    (pass) => attackImages(subject, pass, settings.attack, settings.ball),
    ({ adversarial }) => adversarial !== undefined,
  )

  const onlyCheap = methods.every((method) => (cheap as readonly string[]).includes(method))
  return indices.map((index) => {
    const judged = clean.get(index)!
    const attacked = pgd.get(index)
    const draft = {
      index,
      label: subject.dataset.labels[index],
      ...cleanParts(judged, attacked),
      ...(interval.has(index) && { interval: certificate(interval.get(index)!) }),
      ...(lp.has(index) && { lp: lpResult(lp.get(index)!, unpruned.get(index)) }),
    }
    requireConsistent(draft, judged.value, attacked?.value)
    return finishRow(
      draft,
      brokenBy(judged.value, attacked?.value) ?? provedBy(draft) ?? (onlyCheap ? incomplete(draft) : undefined),
    )
  })
}

/** What an attack has reached, and the adversarial example, if that is one. */
interface Reached {
  readonly margin: number
  readonly adversarial?: Judgement
}

/** What a row says of the clean image and of PGD, if it was tried. */
export const cleanParts = (judged: Timed<Judgement>, attacked: Timed<Reached> | undefined) => ({
  prediction: judged.value.prediction,
  clean: {
    verdict: judged.value.margin > 0 ? ('correct' as const) : ('misclassified' as const),
    ...figures(judged.value.margin, judged.seconds),
  },
  ...(attacked && {
    pgd: {
      verdict: attacked.value.adversarial ? ('vulnerable' as const) : ('withstood' as const),
      ...figures(attacked.value.margin, attacked.seconds),
    },
  }),
})

/** The result of a misclassified or attacked image. */
export function brokenBy(judged: Judgement, attacked: Reached | undefined): CertifyResult | undefined {
  const broken = judged.margin > 0 ? attacked?.adversarial : judged
  if (!broken) return undefined
  const { margin, prediction } = broken
  return { verdict: 'vulnerable', method: broken === judged ? 'clean' : 'pgd', margin: finite(margin), prediction }
}

const provedBy = ({ interval, lp }: Pick<Draft, 'interval' | 'lp'>): CertifyResult | undefined => {
  if (interval?.verdict === 'robust') return { verdict: 'robust', method: 'interval', margin: interval.margin! }
  return lp?.verdict === 'robust' ? { verdict: 'robust', method: 'lp', margin: lp.margin! } : undefined
}

/** Float64's share in a margin that was reached. */
const REACHED_ROUNDING = 1e-9

/**
 * @param reached at points of the domain
 * @throws Error if something was proved that is known to be false: then nothing that the bounds say can be trusted
 */
export function requireConsistent(
  { index, interval, lp }: Pick<Draft, 'index' | 'interval' | 'lp'>,
  ...margins: readonly (Pick<Judged, 'margin' | 'slack'> | undefined)[]
): void {
  // float32 bounds its error from below; the margin may be as much above
  const most = margins.flatMap((reached) =>
    reached && !Number.isNaN(reached.margin) ? reached.margin + 2 * reached.slack : [],
  )
  const reached = Math.min(...most)
  const proved = Math.max(interval?.margin ?? -Infinity, lp?.margin ?? -Infinity)
  if (!(proved > reached + REACHED_ROUNDING * (1 + Math.abs(reached)))) return
  throw new Error(
    `internal error: image ${index} has the margin ${reached} at some point, but a bound says that it has at least ` +
      `${proved} everywhere: a bound is not sound. Nothing was written for it; please report this with the network`,
  )
}

/** Proved margins min over the domain of z_label − max(others): robust if > 0; NaN and infinity prove nothing. */
export function intervalCertificates(subject: Subject, pass: readonly number[], settings: CertifySettings): number[] {
  const { loaded } = subject
  return onChunk(subject, pass, settings, (chunk) => {
    const { last: ball } = propagateIntervals(loaded, undefined, chunk, true)
    const last = loaded.stages.at(-1)!
    return chunk.labels.map((label, e) => {
      const bounds = intervalMargins(loaded.engine, undefined, last, ball, chunk.columns, e, label, true)
      return provedMargin(loaded.engine.read(bounds.pointer, bounds.length), label)
    })
  })
}

/** How many times its slack a bound may be above zero, so that float64 looks again: the hidden bounds gave way, too. */
const DOUBTFUL = 4

/** The same by the LP dual, in float64 where float32's rounding decides. @param prune see bounds/dual.ts */
export function lpCertificates(
  subject: Subject,
  pass: readonly number[],
  settings: CertifySettings,
  prune: boolean,
): number[] {
  const { loaded, network, dataset } = subject
  const margins = onChunk(subject, pass, settings, (chunk) => {
    const proved = proveNetwork(loaded, chunk, prune)
    return chunk.labels.map((label, e) => {
      const { bounds, slack } = provedMarginsAndSlack(proved, e)
      const without = bounds.map((bound, target) => bound - DOUBTFUL * slack[target])
      return { least: provedMargin(bounds, label), isDoubtful: provedMargin(without, label) > 0 }
    })
  })
  const { images, labels } = examples(dataset, pass)
  return margins.map(({ least, isDoubtful }, e) => {
    if (proves(least) || !isDoubtful) return least
    const exact = lpMargin(loaded.engine, network, images[e], labels[e], settings.ball, prune)
    return exact > least ? exact : least
  })
}

function onChunk<R>(
  { loaded, dataset }: Subject,
  pass: readonly number[],
  { ball }: CertifySettings,
  work: (chunk: Chunk) => R,
): R {
  const mark = loaded.engine.mark()
  try {
    return work(loadChunk(loaded, examples(dataset, pass), ball))
  } finally {
    loaded.engine.release(mark)
  }
}

const proves = (margin: number): boolean => Number.isFinite(margin) && margin > 0

const byIndex = <R>(indices: readonly number[], results: readonly Timed<R>[]): Map<number, Timed<R>> =>
  new Map(results.map((result, i) => [indices[i], result]))

const certificate = ({ value, seconds }: Timed<number>) => ({
  verdict: proves(value) ? ('robust' as const) : ('open' as const),
  ...figures(value, seconds),
})

/** The better of the two margins, and the time of both. */
function lpResult(pruned: Timed<number>, unpruned: Timed<number> | undefined) {
  const better = unpruned !== undefined && unpruned.value > pruned.value
  const seconds = pruned.seconds + (unpruned?.seconds ?? 0)
  return { ...certificate({ value: (better ? unpruned : pruned).value, seconds }), pruned: !better }
}
