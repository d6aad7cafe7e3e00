/**
 * What a step of the ladder is. A step tries to settle images: it proves them robust or finds a counterexample. The
 * ladder gives each step the images that the steps before it left open. Each file of steps/ is one step with all that
 * help, tables and reports say of it; the list of them is steps/index.ts.
 *
 * Every step is sound: it says 'robust' only with a bound that holds for the whole domain, rounding included, and
 * 'vulnerable' only with a point of the domain that float64 misclassifies. Every step takes balls of every norm.
 */
import type { Deadline } from '../base/deadline.ts'
import type { Subject } from '../attacks/attack-images.ts'
import type { EnsembleOptions } from '../attacks/ensemble.ts'
import type { AttackOptions } from '../attacks/gradient-attack.ts'
import type { Timed } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Engine } from '../device/wasm/engine.ts'
import type { Graph } from '../model/graph.ts'
import type { Ball } from '../region/ball.ts'
import type { CompleteMethod, CompleteResult, Question } from '../region/question.ts'
import type { Root } from '../search/condense/condense.ts'

/** For screens in light and in dark. */
interface Colours {
  readonly light: string
  readonly dark: string
}

interface AnyStep {
  readonly name: string
  /** What it is, in reports: 'LP dual bounds'. */
  readonly title: string
  /** What it is, in the help of `certify`. */
  readonly help: string
  /** What the images are that its error counts, in the table of `certify`: 'not proved up to LP dual bounds'. */
  readonly meaning: string
  /** Who published it; help says so. */
  readonly source?: string
  /**
   * What its error says of the robust error. At least: it counts the images known to be vulnerable, and its margins are
   * those of points. At most: it counts the images without a proof, and its margins are proved for the whole domain.
   */
  readonly error: 'at least' | 'at most'
  /** What its part of a row may say. */
  readonly verdicts: readonly string[]
  /** It takes so long that it is tried only where it is asked for. */
  readonly onRequest?: true
  /** Further entries of its part of a row: true, false or missing. */
  readonly flags?: readonly string[]
  readonly report: {
    /** Of the images that it proves robust. */
    readonly robust?: Colours
    /** Of the images that it finds vulnerable. Without them they count for the next step that has such colours. */
    readonly vulnerable?: Colours & { readonly label: string }
    /** Its column in the table of errors. */
    readonly column?: { readonly title: string; readonly note: string }
  }
}

/** What steps are told, besides the image. */
export interface StepSettings {
  readonly ball: Ball
  /** Of 'pgd'. */
  readonly attack: AttackOptions
  /** Of 'auto'. */
  readonly ensemble: EnsembleOptions
}

/** What a step in a batch works on: a network of our layers in the engine, or any other one as a graph in float64. */
export type BatchSubject = Subject | GraphSubject

export interface GraphSubject {
  /** Over pixels. */
  readonly graph: Graph
  readonly dataset: Dataset
}

/** What a step in a batch says of an image. */
export interface Finding {
  /** One of the step's verdicts. */
  readonly verdict: string
  /** Proved or reached, see `error`. NaN: nothing was. */
  readonly margin: number
  /** What the image is settled as, if it is. */
  readonly settled?: 'robust' | 'vulnerable' | undefined
  /** The class at the point that was reached. */
  readonly prediction?: number
  /** Pixels of a counterexample that took long to find: rows keep it. */
  readonly point?: readonly number[]
  /** How far rounding may have moved a margin that was reached. */
  readonly slack?: number
  /** See `AnyStep`. */
  readonly flags?: Readonly<Record<string, boolean>>
}

interface AnyBatchStep extends AnyStep {
  readonly works: 'batch'
}

/** A step that works on many images at once, in the engine: only networks of our layers can be there. */
export interface LayersStep extends AnyBatchStep {
  readonly networks: 'layers'
  /** @param indices of open images @returns one finding per image, in their order; it depends on that image alone */
  run(subject: Subject, indices: readonly number[], settings: StepSettings): Timed<Finding>[]
}

/** A step that works on many images at once, milliseconds for each. */
export interface AnyNetworkStep extends AnyBatchStep {
  readonly networks: 'any'
  /** @param indices of open images @returns one finding per image, in their order; it depends on that image alone */
  run(subject: BatchSubject, indices: readonly number[], settings: StepSettings): Timed<Finding>[]
}

export type BatchStep = LayersStep | AnyNetworkStep

/** A question on its way up the ladder: what each step finds, and leaves to the next. */
export interface Climb {
  readonly engine: Engine
  readonly graph: Graph
  readonly question: Question
  /** The question that bounds must answer: wider where float64 cannot hold what was asked. */
  readonly widened: Question
  readonly deadline: Deadline
  /** How 'complete' searches. */
  readonly search: CompleteMethod
  /** The network condensed over the region, and what is proved of each case. 'crown' makes it. */
  root?: Root
}

/** A step that works on one question in float64, until it is decided, or the time is up. */
export interface QuestionStep extends AnyStep {
  readonly works: 'question'
  readonly networks: 'any'
  /** The step that must come before it, whether it was asked for or not. */
  readonly standsOn?: string
  /** @throws UserError if it cannot do such a question */
  check?(question: Question, search: CompleteMethod): void
  /**
   * @returns what is proved of the least margin, and how the climb ends, if it ends here
   * @throws TimeIsUp past the deadline
   */
  run(climb: Climb): Promise<{ readonly bound: number; readonly end?: CompleteResult | undefined }>
}

export type Step = BatchStep | QuestionStep

/** What is proved of the least margin. */
export const leastOf = ({ margins }: Root): number =>
  margins.reduce((least, margin) => Math.min(least, margin), Infinity)

/** How a climb ends at bounds that proved all cases: no margin can be infinite. */
export const endOfProof = (bound: number): CompleteResult | undefined => {
  if (!(bound > 0)) return undefined
  return bound < Infinity
    ? { verdict: 'robust', margin: bound }
    : { verdict: 'undecided', bound: -Infinity, reason: 'precision' }
}

/** Whether a margin proves an image robust: NaN and infinity do not. */
export const proves = (margin: number): boolean => Number.isFinite(margin) && margin > 0

/** What a bound on the margin says of an image. */
export const findingOf = (margin: number): Finding =>
  proves(margin) ? { verdict: 'robust', margin, settled: 'robust' } : { verdict: 'open', margin }
