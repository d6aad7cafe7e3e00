/**
 * The dear steps of the ladder on one image, in float64: what the cheap ones left open.
 * Sound: a counterexample counts only if it was moved into the domain and run again; a failed search proves nothing.
 */
import { recheckAt } from '../attacks/recheck.ts'
import type { Graph } from '../model/graph.ts'
import { type Draft, bestProved, figures, finishRow, finite } from './drafts.ts'
import type { ClimbLimits, Climbed, climb as climbLadder } from './climb.ts'
import { type CertifyMethod, certifyMethods } from './methods.ts'
import type { CompleteMethod, Outcome, ProofMethod } from '../region/question.ts'
import type { Ball } from '../region/ball.ts'
import { imageQuestion } from '../region/image-question.ts'
import type { CertifyResult } from './rows.ts'

/** A network as the climb needs it. */
export interface ClimbSubject {
  /** Over pixels. */
  readonly graph: Graph
  readonly classes: number
  /** Logits of an image by float64, independently of what searched. */
  readonly evaluate: (image: ArrayLike<number>) => Float64Array
}

/** What climbs: handed in, so that what comes of its answers can be tested for every answer. */
export type Climb = typeof climbLadder

export interface ClimbSettings extends ClimbLimits {
  readonly ball: Ball
  /** The steps to be taken here: a part of what the run was asked for. */
  readonly methods: readonly CertifyMethod[]
  readonly complete: CompleteMethod
}

/**
 * The row of an image that is open, with a result.
 * @throws Error if a counterexample contradicts what was proved: a mistake in this program
 */
export async function climbImage(
  climb: Climb,
  { graph, classes, evaluate }: ClimbSubject,
  image: Float32Array,
  draft: Draft,
  settings: ClimbSettings,
): Promise<Draft> {
  const { ball, methods, complete, timeout } = settings
  const has = (method: CertifyMethod) => methods.includes(method)
  const question = imageQuestion(image, draft.label, classes, ball)
  const steps = { crown: has('crown'), alpha: has('alpha'), complete: has('complete') ? complete : undefined }
  const started = performance.now()
  let climbed: Climbed
  try {
    climbed = await climb(graph, question, steps, { timeout })
  } catch (error) {
    const last = methods.at(-1)!
    const failed = { ...draft, [last]: { verdict: 'open', ...figures(NaN, (performance.now() - started) / 1000) } }
    const message = error instanceof Error ? error.message : String(error)
    return finishRow(failed, { verdict: 'undecided', margin: bestProved(draft), reason: 'error', message })
  }
  const parts = partsFrom(climbed, methods)
  const result = resultOf(climbed.outcome, { ...draft, ...parts }, methods, (point) =>
    recheckAt(evaluate, { image, label: draft.label, ball, point }),
  )
  if (result.verdict !== 'undecided') {
    const step = result.method as ProofStep
    parts[step] = { margin: null, seconds: 0, ...parts[step], verdict: result.verdict }
  }
  return finishRow({ ...draft, ...parts }, result)
}

type ProofStep = Exclude<CertifyMethod, 'clean' | 'pgd'>
type Parts = { [step in ProofStep]?: NonNullable<Draft[ProofStep]> }

/** Time and best bound of each step that was asked for, with those of what it had to try before. */
function partsFrom({ steps }: Climbed, methods: readonly CertifyMethod[]): Parts {
  const parts: Parts = {}
  for (const { method, seconds, bound } of steps) {
    const step = stepOf(method, methods)
    if (step === undefined) continue
    const before = parts[step]
    const best = Math.max(before?.margin ?? -Infinity, Number.isNaN(bound) ? -Infinity : bound)
    parts[step] = { verdict: 'open', ...figures(best, (before?.seconds ?? 0) + seconds) }
  }
  return parts
}

/** The step that a proof counts for: the cheapest that was asked for and is not cheaper than the proof. */
function stepOf(method: ProofMethod, methods: readonly CertifyMethod[]): ProofStep | undefined {
  const rank = (name: ProofMethod | CertifyMethod) =>
    certifyMethods.indexOf(name === 'bab' || name === 'milp' ? 'complete' : name)
  return certifyMethods.find((step) => methods.includes(step) && rank(step) >= rank(method)) as ProofStep | undefined
}

function resultOf(
  outcome: Outcome,
  draft: Draft,
  methods: readonly CertifyMethod[],
  recheck: (point: Float64Array) => ReturnType<typeof recheckAt>,
): CertifyResult {
  const best = bestProved(draft)
  const undecided = (reason: 'precision' | 'incomplete'): CertifyResult => ({
    verdict: 'undecided',
    margin: best,
    reason,
  })
  if (outcome.verdict === 'undecided') {
    const margin = Math.max(best ?? -Infinity, Number.isNaN(outcome.bound) ? -Infinity : outcome.bound)
    return { verdict: 'undecided', margin: finite(margin), reason: outcome.reason }
  }
  const method = stepOf(outcome.method, methods)
  if (method === undefined) return undecided('incomplete')
  if (outcome.verdict === 'robust') {
    const { margin } = outcome
    return margin > 0 && Number.isFinite(margin) ? { verdict: 'robust', method, margin } : undecided('precision')
  }
  const found = recheck(outcome.point)
  if (!found) return undecided('precision')
  requireBelow(draft.index, best, found.margin)
  return { verdict: 'vulnerable', method, margin: found.margin, prediction: found.prediction, point: [...found.image] }
}

/** Float64 rounding of a margin that a counterexample reaches. */
const ROUNDING = 1e-9

function requireBelow(index: number, proved: number | null, reached: number): void {
  if (proved === null || proved <= reached + ROUNDING * (1 + Math.abs(reached))) return
  throw new Error(
    `internal error: image ${index} has a counterexample of margin ${reached}, but ${proved} was proved: a bound is ` +
      'not sound. Nothing was written for it; please report this with the network',
  )
}
