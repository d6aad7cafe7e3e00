/**
 * Bounds of every hidden stage over the balls of a batch, recorded: interval steps, and with them estimates by random
 * projections (Li et al. 2019, Section 5.5) or dense dual rows (Wong & Kolter 2018), stage by stage, as ../dual.ts has them.
 * Sound: no. A GPU's rounding is not bounded, so these are for training and for estimates. Complete: no.
 */
import { affine } from '../../device/webgpu/affine.ts'
import { boxStep } from '../../device/webgpu/box-step.ts'
import { type ErrorSource, columnShape, columnsRelu, startColumns } from '../../device/webgpu/columns.ts'
import { type BatchStage, productsOf } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { type Tightening, settle } from '../../device/webgpu/settle.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'
import { sizeOf } from '../../model/layers.ts'
import type { BatchBall } from './ball.ts'
import { exactBounds } from './exact.ts'

/** How a hidden stage is bounded, besides an interval step. */
export type StageBounds = 'interval' | 'projected' | 'exact'

export interface RelaxOptions {
  /** One per hidden stage; the first that reads the image alone needs no more than its interval step. */
  readonly how: readonly StageBounds[]
  /** Columns of a projection. */
  readonly dimension: number
  /** Whose random numbers. */
  readonly stream: 'projection' | 'reference'
}

/** Values of every hidden stage: bounds are [lower, upper], lines [slope, gap], both [neuron][example]. */
export interface RelaxedBatch {
  readonly stages: readonly BatchStage[]
  readonly ball: BatchBall
  readonly bounds: readonly Values[]
  readonly lines: readonly Values[]
  /** The box that the last stage reads. */
  readonly last: Values
}

export function relaxBatch(
  plan: Plan,
  tape: Tape | undefined,
  { stages, ball }: { readonly stages: readonly BatchStage[]; readonly ball: BatchBall },
  options: RelaxOptions,
): RelaxedBatch {
  const { batch, box } = ball
  const [bounds, lines, behind]: [Values[], Values[], Values[]] = [[], [], []]
  const columns = new Columns(plan, tape, stages, { ball, lines, options })
  stages.slice(0, -1).forEach((stage, i) => {
    const before = boxStep(plan, tape, {
      products: productsOf(stage, box, behind),
      bias: stage.bias,
      rows: batch.stride,
    })
    const neurons = sizeOf(stage.outputShape)
    const how = readsImageAlone(stage) ? 'interval' : options.how[i]
    const tightening =
      how === 'interval'
        ? undefined
        : how === 'projected'
          ? columns.tightening(i)
          : { exact: exactBounds(plan, tape, { stages, ball, lines, stage: i }) }
    const settled = settle(plan, tape, { box: before, neurons, batch, relu: stage.relu, tightening })
    bounds.push(settled.bounds)
    lines.push(settled.lines)
    behind.push(settled.behind)
  })
  const source = stages.at(-1)!.terms[0].source
  return { stages, ball, bounds, lines, last: source < 0 ? box : behind[source] }
}

/** Of such a stage an interval step is exact. */
const readsImageAlone = ({ terms }: BatchStage) => terms.length === 1 && terms[0].source < 0

/** Columns through a network, stage by stage, made when they are needed. */
class Columns {
  readonly #plan: Plan
  readonly #tape: Tape | undefined
  readonly #stages: readonly BatchStage[]
  readonly #box: Values
  readonly #lines: readonly Values[]
  readonly #source: ErrorSource
  #image: Values | undefined
  /** By stage: before its ReLU or, in the same place, behind it. */
  readonly #columns: (Values | undefined)[] = []
  readonly #isBehind: boolean[] = []

  constructor(
    plan: Plan,
    tape: Tape | undefined,
    stages: readonly BatchStage[],
    { ball, lines, options }: { ball: BatchBall; lines: readonly Values[]; options: RelaxOptions },
  ) {
    this.#plan = plan
    this.#tape = tape
    this.#stages = stages
    this.#box = ball.box
    this.#lines = lines
    const { identifiers } = ball
    this.#source = { shape: columnShape(ball.batch, options.dimension), identifiers, stream: options.stream }
  }

  /** What tightens the bounds of a stage. */
  tightening(i: number): Tightening {
    return { columns: this.#before(i), shape: this.#source.shape }
  }

  #before(i: number): Values {
    const { terms, bias } = this.#stages[i]
    const { batch, width } = this.#source.shape
    const products = terms.map(({ source, extents, weight }) => ({
      extents,
      weight,
      input: source < 0 ? (this.#image ??= startColumns(this.#plan, this.#source, this.#box)) : this.#behind(source),
    }))
    const rows = { rows: batch.size * width, biasEvery: width }
    const made = affine(this.#plan, this.#tape, { products, bias, ...rows, relu: false })
    this.#columns[i] = made
    return made
  }

  #behind(i: number): Values {
    const columns = this.#columns[i] ?? this.#before(i)
    const { relu } = this.#stages[i]
    if (relu && !this.#isBehind[i]) {
      columnsRelu(this.#plan, this.#tape, this.#source, { columns, lines: this.#lines[i], stage: i })
    }
    this.#isBehind[i] = true
    return columns
  }
}
