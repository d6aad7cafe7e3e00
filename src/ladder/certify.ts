/**
 * Certification of a network on the images of a data set: one row per image, as soon as it is decided.
 * Sound: an image counts as robust only if it is classified correctly and a bound that allows for rounding proves it
 * for the whole domain; as vulnerable only by a point of the domain that was run again in float64. Complete: with the
 * step 'complete', except for what exceeds its limits; undecided images count as neither.
 */
import type { Dataset } from '../data/dataset.ts'
import { type Executor, untilAborted } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import type { Graph } from '../model/graph.ts'
import type { Network } from '../model/network.ts'
import { packGraph } from '../model/packed-graph.ts'
import { IMAGES_PER_PART, SLOW_IMAGES_PER_PART } from '../attacks/inputs.ts'
import type { CertifyJob } from './certify-job.ts'
import { certifyTask } from './certify-task.ts'
import { stepsOnRequest, stepsThatWork } from './chosen-steps.ts'
import { type Draft, isDecided } from './drafts.ts'
import { type Plan, type PlanOptions, isGraph, planOf } from './plan.ts'
import { type LargerBall, provedByLarger } from './larger-ball.ts'
import type { CertifyRow } from './rows.ts'

export interface RunOptions {
  /** Who does it: the calling thread, if left out. */
  readonly executor?: Executor | undefined
  /** Ends it at once; the rows stop with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Called when only images are left that steps for single questions must decide, with their number. */
  readonly onHard?: ((images: number) => void) | undefined
  /** What is known of a larger ball: nothing that it proves is proved again. */
  readonly larger?: LargerBall | undefined
}

export interface CertifyOptions extends PlanOptions, RunOptions {}

/**
 * Climbs the ladder: each step works on the images that the steps before it left open. A row depends on its image and
 * the options, not on the executor nor on the other images, except for times, and for what a time limit cuts off.
 * @param network of layers, or a graph over pixels
 * @param options only ε must be there; left out, the ball is the part of ℓ∞'s in [0, 1], the steps are those of
 *   milliseconds per image, and the images are all
 * @returns rows in the order in which they are decided; who stops asking ends it
 * @throws UserError for input that makes no sense; the rows stop with one if a worker is lost
 * @throws Error (rows) if a bound contradicts a point that was found: the program is wrong, and says of which image
 */
export function certify(
  network: Network | Graph,
  dataset: Dataset,
  options: CertifyOptions,
): AsyncIterable<CertifyRow> {
  return runPlan(planOf(network, dataset, options), options)
}

/** Does the steps of batches for all images, then the steps for questions on those that are open, one by one. */
export async function* runPlan(plan: Plan, options: RunOptions = {}): AsyncGenerator<CertifyRow> {
  const { network, dataset, steps, ball, attack, ensemble, search } = plan
  const { executor = inline, signal, onHard, larger } = options
  const proved = larger ? provedByLarger(ball, plan.images, larger) : []
  yield* untilAborted(proved, signal)
  const there = new Set(proved.map(({ index }) => index))
  const images = plan.images.filter((index) => !there.has(index))
  if (images.length === 0) return
  const climbing = stepsThatWork('question', steps)
  const batches = Math.ceil(images.length / IMAGES_PER_PART)
  const target = isGraph(network) ? packGraph(network) : network
  const crew = executor.start(certifyTask, { target, dataset }, climbing.length > 0 ? images.length : batches)
  let open: Draft[] = []
  /** Yields what is decided, and keeps the rest. */
  async function* climb(job: CertifyJob, parts: number): AsyncGenerator<CertifyRow> {
    const left: Draft[] = []
    for await (const { result } of crew.run(job, parts, signal)) {
      yield* untilAborted(result.filter(isDecided), signal)
      left.push(...result.filter((draft) => !isDecided(draft)))
    }
    open = left.toSorted((a, b) => a.index - b.index)
  }
  try {
    const settings = { ball, steps, attack, ensemble }
    yield* climb({ kind: 'batch', settings, images }, batches)
    if (open.length > 0 && stepsOnRequest(steps).length > 0) {
      yield* climb({ kind: 'further', settings, drafts: open }, Math.ceil(open.length / SLOW_IMAGES_PER_PART))
    }
    if (open.length === 0) return
    onHard?.(open.length)
    const ofQuestions = { ball, steps: climbing, search: search.method, timeout: search.timeout }
    yield* climb({ kind: 'questions', settings: ofQuestions, drafts: open }, open.length)
  } finally {
    await crew.close()
  }
}
