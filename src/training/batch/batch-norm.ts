/**
 * Batch normalisation in training on a GPU, as ../batch-norm.ts has it on the CPU: methods see stages with folded weights,
 * W/σ and b − μ/σ. In a step μ and σ are those of the micro-batch's clean images, and the gradient goes through them; after
 * an epoch they are those of many images.
 */
import { affine } from '../../device/webgpu/affine.ts'
import type { Batch } from '../../device/webgpu/batch.ts'
import { normalise } from '../../device/webgpu/channels.ts'
import { padded } from '../../device/webgpu/extents.ts'
import { foldWeights } from '../../device/webgpu/fold-weights.ts'
import { gatherMoments, gathered, momentsOf } from '../../device/webgpu/gather-moments.ts'
import { type BatchNetwork, type BatchStage, productsOf } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'
import type { Architecture } from '../../model/network.ts'
import { planStages } from '../../model/stages.ts'
import { type NormalisedTerms, type StageNorm, fold, stageNorms } from '../moments.ts'

/** Clean images, normalised for the network, [input][stride]. */
export interface CleanImages {
  readonly images: Values
  readonly batch: Batch
}

/**
 * Folds the moments of a micro-batch into stages.
 * @param stages of the network, whose weights want gradients
 * @returns stages whose gradients go on to those of `stages`, and what the first of them make of the images
 */
export function foldBatch(
  plan: Plan,
  tape: Tape,
  { architecture, stages }: Pick<BatchNetwork, 'architecture'> & { readonly stages: readonly BatchStage[] },
  clean: CleanImages,
): { readonly folded: readonly BatchStage[]; readonly behind: readonly Values[] } {
  const norms = stageNorms({ architecture })
  const last = norms.findLastIndex(({ groups }) => groups.length > 0)
  const behind: Values[] = []
  const first = stages.slice(0, last + 1).map((stage, s) => {
    const { folded, value } = foldStage(plan, tape, { stage, norm: norms[s], outputs: behind }, clean)
    behind.push(value ?? outputOf(plan, tape, folded, { ...clean, outputs: behind }))
    return folded
  })
  return { folded: [...first, ...stages.slice(last + 1)], behind }
}

interface Folding {
  readonly stage: BatchStage
  readonly norm: StageNorm
  readonly outputs: readonly Values[]
}

/** A folded stage and, if all of it is normalised together, what comes out of it. */
function foldStage(
  plan: Plan,
  tape: Tape,
  { stage, norm: { groups, others }, outputs }: Folding,
  clean: CleanImages,
): { readonly folded: BatchStage; readonly value: Values | undefined } {
  const { channels } = stage.outputShape
  const terms = [...stage.terms]
  let [bias, value]: [Values, Values | undefined] = [stage.bias, undefined]
  for (const group of groups) {
    const z = unnormalised(plan, tape, stage, { ...clean, outputs, group })
    const made = normalise(plan, tape, { z, channels, batch: clean.batch, bias, relu: stage.relu })
    for (const i of group.terms) {
      const weight = foldWeights(plan, tape, { ...terms[i], moments: made.moments })
      terms[i] = { ...terms[i], weight }
    }
    ;({ bias, value } = made)
  }
  const isWhole = groups.length === 1 && others.length === 0
  return { folded: { ...stage, terms, bias }, value: isWhole ? value : undefined }
}

/** What stages read that are behind some. */
interface Passed extends CleanImages {
  readonly outputs: readonly Values[]
}

/** Σ W·x over terms that are normalised together, without biases. */
function unnormalised(
  plan: Plan,
  tape: Tape | undefined,
  stage: BatchStage,
  { images, batch, outputs, group }: Passed & { readonly group: NormalisedTerms },
): Values {
  const all = productsOf(stage, images, outputs)
  return affine(plan, tape, {
    products: group.terms.map((i) => all[i]),
    bias: plan.kept('zeros', padded(stage.outputShape.channels)),
    ...{ rows: batch.stride, biasEvery: 1, relu: false },
  })
}

const outputOf = (plan: Plan, tape: Tape | undefined, stage: BatchStage, { images, batch, outputs }: Passed): Values =>
  affine(plan, tape, {
    products: productsOf(stage, images, outputs),
    ...{ bias: stage.bias, rows: batch.stride, biasEvery: 1, relu: stage.relu },
  })

/** A stage of a network whose moments are gathered, and where. */
export interface Gathering {
  readonly stage: number
  /** One for each group of terms that are normalised together. */
  readonly groups: readonly { readonly terms: NormalisedTerms; readonly channels: number; readonly moments: Values }[]
}

/** What is gathered of a network, stage by stage: each counts on those before it to be folded. */
export function gatheringsOf(architecture: Architecture): readonly Gathering[] {
  const { stages } = planStages(architecture)
  return stageNorms({ architecture }).flatMap(({ groups }, stage) => {
    const { channels } = stages[stage].outputShape
    const own = groups.map((terms) => ({ terms, channels, moments: gathered(channels) }))
    return own.length > 0 ? [{ stage, groups: own }] : []
  })
}

/** Adds a micro-batch to the moments of a stage. @param network what the stages before it have been folded into */
export function gatherBatch(plan: Plan, network: BatchNetwork, { stage, groups }: Gathering, clean: CleanImages): void {
  const stages = network.stages(plan, false)
  const outputs: Values[] = []
  for (const before of stages.slice(0, stage)) {
    outputs.push(outputOf(plan, undefined, before, { ...clean, outputs }))
  }
  for (const { terms, channels, moments } of groups) {
    const z = unnormalised(plan, undefined, stages[stage], { ...clean, outputs, group: terms })
    gatherMoments(plan, { z, channels, batch: clean.batch }, moments)
  }
}

/** Folds what has been gathered of a stage into flat parameters. @param read what is in kept values */
export async function foldGathered(
  parameters: Float32Array,
  { groups }: Gathering,
  read: (values: Values) => Promise<Float32Array>,
): Promise<void> {
  for (const { terms, channels, moments } of groups) {
    fold(parameters, { tensors: terms.tensors, ...momentsOf(await read(moments), channels) })
  }
}
