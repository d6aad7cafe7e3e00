/**
 * Certifies some images of a data set, from the cheapest method to the dearest.
 * Sound: certificates bound the margins over the whole ball and give way to float32 rounding; attacks count only
 * re-checked adversarial examples. Complete: no; what neither settles is open.
 */
import { type Subject, attackImages, classify } from '../attacks/attack-images.ts'
import type { AttackOptions } from '../attacks/gradient-attack.ts'
import { type Timed, examples, inPasses } from '../attacks/inputs.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import { relaxNetwork } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { intervalMargins, propagateIntervals } from '../bounds/interval.ts'
import type { LoadedNetwork } from '../networks/load.ts'
import type { CertifyMethod, CertifyRow } from './rows.ts'

export interface CertifySettings {
  readonly epsilon: number
  readonly methods: readonly CertifyMethod[]
  /** For 'pgd'. */
  readonly attack: AttackOptions
}

/**
 * One row per image, in their order. A row depends on its image, not on which others are done with it.
 * @throws Error if an image is proved robust of which an adversarial example is known: a mistake in this program
 */
export function certifyImages(subject: Subject, indices: readonly number[], settings: CertifySettings): CertifyRow[] {
  const { epsilon, methods, attack } = settings
  const clean = byIndex(
    indices,
    inPasses(indices, (pass) => classify(subject, pass)),
  )
  const correct = indices.filter((index) => clean.get(index)!.value.margin > 0)
  const run = <R>(method: CertifyMethod, items: readonly number[], work: (pass: readonly number[]) => readonly R[]) =>
    byIndex(items, methods.includes(method) ? inPasses(items, work) : [])

  const pgd = run('pgd', correct, (pass) => attackImages(subject, pass, { ...attack, epsilon }))
  const interval = run('interval', correct, (pass) => intervalCertificates(subject, pass, epsilon))
  const lp = run('lp', correct, (pass) => lpCertificates(subject, pass, epsilon, true))
  // Pruning tightens bounds, which changes slopes, which on rare images loosens a margin: what it leaves open is tried
  // without, so that the verdict is never looser than the paper's. No bound can prove what is known to be false.
  const open = correct.filter(
    (index) => lp.has(index) && !(lp.get(index)!.value > 0) && !pgd.get(index)?.value.adversarial,
  )
  const unpruned = run('lp', open, (pass) => lpCertificates(subject, pass, epsilon, false))

  return indices.map((index) => {
    const label = subject.dataset.labels[index]!
    const { value: judgement, seconds } = clean.get(index)!
    const row: CertifyRow = {
      index,
      label,
      prediction: judgement.prediction,
      clean: { verdict: judgement.margin > 0 ? 'correct' : 'misclassified', ...figures(judgement.margin, seconds) },
      ...(methods.includes('pgd') && { pgd: pgdResult(pgd.get(index)) }),
      ...(methods.includes('interval') && { interval: certificate(interval.get(index)) }),
      ...(methods.includes('lp') && { lp: lpResult(lp.get(index), unpruned.get(index)) }),
      seconds: 0,
    }
    requireConsistent(row)
    const total = [row.clean, row.pgd, row.interval, row.lp].reduce((sum, part) => sum + (part?.seconds ?? 0), 0)
    return { ...row, seconds: rounded(total) }
  })
}

/** @throws Error if the methods contradict each other: then nothing that they say can be trusted */
export function requireConsistent({ index, clean, pgd, interval, lp }: CertifyRow): void {
  const broken =
    clean.verdict === 'misclassified' ? 'misclassified' : pgd?.verdict === 'vulnerable' ? 'attacked' : undefined
  const proof = interval?.verdict === 'robust' ? 'interval' : lp?.verdict === 'robust' ? 'lp' : undefined
  if (!broken || !proof) return
  throw new Error(
    `internal error: image ${index} is ${broken} but also certified by ${proof}: a bound is not sound. Nothing was ` +
      'written for it; please report this with the network',
  )
}

/** Proved margins min over the ball of z_label − max(others): robust if > 0; NaN and infinity prove nothing. */
function intervalCertificates({ loaded, dataset }: Subject, pass: readonly number[], epsilon: number): number[] {
  return onChunk(loaded, { ...examples(dataset, pass), epsilon }, (chunk) => {
    const ball = propagateIntervals(loaded, undefined, chunk, true)
    const last = loaded.stages.at(-1)!
    return chunk.labels.map((label, e) => {
      const bounds = intervalMargins(loaded.engine, undefined, last, ball, chunk.columns, e, label, true)
      return provedMargin(loaded.engine.read(bounds.pointer, bounds.length), label)
    })
  })
}

function lpCertificates(
  { loaded, dataset }: Subject,
  pass: readonly number[],
  epsilon: number,
  prune: boolean,
): number[] {
  return onChunk(loaded, { ...examples(dataset, pass), epsilon }, (chunk) => {
    const relaxed = relaxNetwork(loaded, undefined, chunk, { prune, rigorous: true })
    return chunk.labels.map((label, e) => {
      const bounds = dualMargins(relaxed, undefined, e)
      return provedMargin(loaded.engine.read(bounds.pointer, bounds.length), label)
    })
  })
}

function onChunk<R>(loaded: LoadedNetwork, input: Parameters<typeof loadChunk>[1], work: (chunk: Chunk) => R): R {
  const mark = loaded.engine.mark()
  try {
    return work(loadChunk(loaded, input))
  } finally {
    loaded.engine.release(mark)
  }
}

/** −max over targets ≠ label of the upper bounds of z_target − z_label; NaN if one is. */
export const provedMargin = (bounds: ArrayLike<number>, label: number): number =>
  Array.from(bounds).reduce((least, bound, target) => (target === label ? least : Math.min(least, -bound)), Infinity)

const byIndex = <R>(indices: readonly number[], results: readonly Timed<R>[]): Map<number, Timed<R>> =>
  new Map(results.map((result, i) => [indices[i]!, result]))

/** Margin and time as they are written: JSON knows no NaN and no infinities. */
const figures = (margin: number, seconds: number) => ({
  margin: Number.isFinite(margin) ? margin : null,
  seconds: rounded(seconds),
})
const rounded = (seconds: number) => Math.round(seconds * 1e6) / 1e6
const notTried = { verdict: 'misclassified', margin: null, seconds: 0 } as const

function pgdResult(
  attacked: Timed<ReturnType<typeof attackImages>[number]> | undefined,
): NonNullable<CertifyRow['pgd']> {
  if (!attacked) return notTried
  const { margin, adversarial } = attacked.value
  return { verdict: adversarial ? 'vulnerable' : 'withstood', ...figures(margin, attacked.seconds) }
}

function certificate(proved: Timed<number> | undefined): NonNullable<CertifyRow['interval']> {
  if (!proved) return notTried
  return {
    verdict: Number.isFinite(proved.value) && proved.value > 0 ? 'robust' : 'open',
    ...figures(proved.value, proved.seconds),
  }
}

/** The better of the two margins, and the time of both. */
function lpResult(
  pruned: Timed<number> | undefined,
  unpruned: Timed<number> | undefined,
): NonNullable<CertifyRow['lp']> {
  if (!pruned) return { ...notTried, pruned: true }
  const better = unpruned !== undefined && unpruned.value > pruned.value
  const seconds = pruned.seconds + (unpruned?.seconds ?? 0)
  return { ...certificate({ value: (better ? unpruned : pruned).value, seconds }), pruned: !better }
}
