/**
 * The steps of the ladder for single questions (crown, alpha, complete), in float64 and in the calling thread: each step
 * works on what the steps before it left open.
 * Sound: yes; a counterexample is run through the graph itself. Complete: with the step 'complete', given time and memory.
 */
import { Deadline } from '../base/deadline.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { withEngine } from '../device/wasm/engines.ts'
import type { Graph } from '../model/graph.ts'
import type { CompleteMethod, CompleteResult, Question } from '../region/question.ts'
import { roughOutputBounds } from '../search/condense/output-bounds.ts'
import { hasErrors, widened } from '../search/presolve.ts'
import { reasonOf } from '../search/undecided.ts'
import type { Climb } from './step.ts'
import { type StepName, steps as ladder } from './steps/index.ts'

export interface ClimbOptions {
  /** Those that work on questions; the steps that they stand on are taken, too. */
  readonly steps: readonly StepName[]
  /** How 'complete' searches. */
  readonly search: CompleteMethod
  /** Seconds for all steps together. */
  readonly timeout: number
  /** Ends the climb, which then throws its reason. */
  readonly signal?: AbortSignal | undefined
}

/** How a climb ended, and at which step. */
export type ClimbOutcome =
  | (Exclude<CompleteResult, { verdict: 'undecided' }> & { readonly step: StepName })
  | {
      readonly verdict: 'undecided'
      /** What is proved of the least margin. */
      readonly bound: number
      /** 'incomplete': the steps that were asked for left it open. */
      readonly reason: 'timeout' | 'memory' | 'precision' | 'incomplete'
    }

export interface Climbed {
  readonly outcome: ClimbOutcome
  /** The steps that were taken, in order, and what had been proved of the least margin after each. */
  readonly steps: readonly { readonly step: StepName; readonly seconds: number; readonly bound: number }[]
}

/** @throws UserError if the engine runs out of memory, or for a step that cannot do the question */
export async function climb(graph: Graph, question: Question, options: ClimbOptions): Promise<Climbed> {
  const taken = stepsFor(options.steps)
  for (const { check } of taken) check?.(question, options.search)
  return withEngine((engine) => climbWith(engine, taken, { graph, question, options }))
}

/** With the steps that they stand on, in the order of the ladder. */
function stepsFor(names: readonly StepName[]) {
  const wanted = new Set<string>(names)
  const ofQuestions = ladder.filter((step) => step.works === 'question')
  for (const { name, standsOn } of ofQuestions.toReversed()) if (standsOn && wanted.has(name)) wanted.add(standsOn)
  return ofQuestions.filter(({ name }) => wanted.has(name))
}

async function climbWith(
  engine: Engine,
  taken: ReturnType<typeof stepsFor>,
  { graph, question, options }: { readonly graph: Graph; readonly question: Question; readonly options: ClimbOptions },
): Promise<Climbed> {
  const deadline = Deadline.in(1000 * options.timeout, options.signal)
  const done: { step: StepName; seconds: number; bound: number }[] = []
  let [best, last] = [-Infinity, -Infinity]
  const finish = (outcome: ClimbOutcome): Climbed => ({ outcome, steps: done })
  try {
    const asked = hasErrors(question)
      ? widened(question, roughOutputBounds(engine, graph, question, deadline))
      : question
    const state: Climb = { engine, graph, question, widened: asked, deadline, search: options.search }
    for (const { name: step, run } of taken) {
      await deadline.giveTurn()
      const started = performance.now()
      const { bound, end } = await run(state)
      last = bound
      best = Math.max(best, bound)
      done.push({ step, seconds: (performance.now() - started) / 1000, bound: best })
      if (end) return finish(end.verdict === 'undecided' ? end : { ...end, step })
    }
    return finish({ verdict: 'undecided', bound: last, reason: 'incomplete' })
  } catch (error) {
    return finish({ verdict: 'undecided', bound: best, reason: reasonOf(error) })
  }
}
