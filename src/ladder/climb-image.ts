/**
 * The steps of the ladder that work on single questions, on one image that the batch left open.
 * Sound: a counterexample counts only if it was moved into the domain and run again; a failed search proves nothing.
 */
import { recheckAt } from '../attacks/recheck.ts'
import type { Graph } from '../model/graph.ts'
import type { Ball } from '../region/ball.ts'
import { imageQuestion } from '../region/image-question.ts'
import type { ClimbOptions, ClimbOutcome, Climbed, climb as climbLadder } from './climb.ts'
import { type Draft, bestProved, figures, finishRow, finite } from './drafts.ts'
import type { CertifyResult } from './rows.ts'
import { type StepName, type StepOfList, stepNames } from './steps/index.ts'

/** A network as the climb needs it. */
export interface ClimbSubject {
  /** Over pixels. */
  readonly graph: Graph
  readonly classes: number
  /** Logits of an image by float64, independently of what searched. */
  readonly evaluate: (image: ArrayLike<number>) => Float64Array
  /** What climbs: handed in, so that what comes of its answers can be tested for every answer. */
  readonly climb: typeof climbLadder
}

/** An image that is open. */
export interface OpenImage {
  readonly draft: Draft
  readonly image: Float32Array
}

export interface ClimbSettings extends ClimbOptions {
  readonly ball: Ball
}

/**
 * The row of an image that is open, with a result.
 * @throws Error if a counterexample contradicts what was proved: a mistake in this program
 */
export async function climbImage(
  { climb, graph, classes, evaluate }: ClimbSubject,
  { draft, image }: OpenImage,
  { ball, ...options }: ClimbSettings,
): Promise<Draft> {
  const { steps } = options
  const question = imageQuestion(image, draft.label, classes, ball)
  const started = performance.now()
  let climbed: Climbed
  try {
    climbed = await climb(graph, question, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const last = steps.at(-1)!
    const failed = { ...draft, [last]: { verdict: 'open', ...figures(NaN, (performance.now() - started) / 1000) } }
    const message = error instanceof Error ? error.message : String(error)
    return finishRow(failed, { verdict: 'undecided', margin: bestProved(draft), reason: 'error', message })
  }
  const parts = partsFrom(climbed, steps)
  const result = resultOf(climbed.outcome, { ...draft, ...parts }, steps, (point) =>
    recheckAt(evaluate, { image, label: draft.label, ball, point }),
  )
  if (result.verdict !== 'undecided') {
    const step = result.method as QuestionStepName
    parts[step] = { margin: null, seconds: 0, ...parts[step], verdict: result.verdict }
  }
  return finishRow({ ...draft, ...parts }, result)
}

type QuestionStepName = Extract<StepOfList, { works: 'question' }>['name']
type Parts = { [step in QuestionStepName]?: NonNullable<Draft[QuestionStepName]> }

/** Time and best bound of each step that was asked for, with those of the steps that it stands on. */
function partsFrom(climbed: Climbed, asked: readonly StepName[]): Parts {
  const parts: Parts = {}
  for (const { step, seconds, bound } of climbed.steps) {
    const name = creditedStep(step, asked)
    if (name === undefined) continue
    const before = parts[name]
    const best = Math.max(before?.margin ?? -Infinity, Number.isNaN(bound) ? -Infinity : bound)
    parts[name] = { verdict: 'open', ...figures(best, (before?.seconds ?? 0) + seconds) }
  }
  return parts
}

/** The step that a proof counts for: the first that was asked for and is not before the one that found it. */
function creditedStep(by: StepName, asked: readonly StepName[]): QuestionStepName | undefined {
  return stepNames.slice(stepNames.indexOf(by)).find((name): name is QuestionStepName => asked.includes(name))
}

function resultOf(
  outcome: ClimbOutcome,
  draft: Draft,
  asked: readonly StepName[],
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
  const method = creditedStep(outcome.step, asked)
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
