/** A worker of `certify`: cheap steps on runs of images, expensive ones on one image at a time. */
import { IMAGES_PER_TASK, examples } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { serve } from '../node/threads.ts'
import { evaluate } from '../model/evaluate.ts'
import { type Graph, evaluateGraph, graphOf } from '../model/graph.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { type BatchSettings, climbBatch } from './climb-batch.ts'
import { type ClimbSettings, type ClimbSubject, climbImage } from './climb-image.ts'
import type { Draft } from './drafts.ts'
import type { BatchSubject } from './step.ts'
import { type GraphFile, isGraphFile, loadGraph } from './target.ts'

export interface CertifyData {
  readonly target: Network | GraphFile
  readonly dataset: Dataset
}

/** Task i is the i-th run of `IMAGES_PER_TASK` of the indices. */
export interface CheapJob extends BatchSettings {
  readonly indices: readonly number[]
}

/** Task i is the i-th draft. */
export interface ClimbJob extends ClimbSettings {
  readonly drafts: readonly Draft[]
}

/** A network, as the steps of batches take it, and as those of questions do. */
interface Subjects {
  readonly batch: BatchSubject
  readonly climbSubject: () => Omit<ClimbSubject, 'climb'>
}

serve<CertifyData>(async ({ target, dataset }) => {
  const { batch, climbSubject } = isGraphFile(target)
    ? ofGraph(await loadGraph(target, dataset), dataset)
    : await ofNetwork(target, dataset)

  const doBatch = ({ indices, ...settings }: CheapJob, task: number): Draft[] =>
    climbBatch(batch, indices.slice(task * IMAGES_PER_TASK, (task + 1) * IMAGES_PER_TASK), settings)

  let subject: ClimbSubject | undefined
  const doClimb = async ({ drafts, ...settings }: ClimbJob, task: number): Promise<Draft[]> => {
    // loaded only where something is left open
    const { climb } = await import('./climb.ts')
    subject ??= { ...climbSubject(), climb }
    const draft = drafts[task]!
    return [await climbImage(subject, { draft, image: examples(dataset, [draft.index]).images[0]! }, settings)]
  }

  return (kind, job: CheapJob & ClimbJob, task) => (kind === 'cheap' ? doBatch(job, task) : doClimb(job, task))
})

async function ofNetwork(network: Network, dataset: Dataset): Promise<Subjects> {
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  return {
    batch: { network, loaded, dataset },
    climbSubject: () => ({
      graph: graphOf(network),
      classes: countClasses(network.architecture),
      evaluate: (image) => evaluate(network, image),
    }),
  }
}

function ofGraph(graph: Graph, dataset: Dataset): Subjects {
  return {
    batch: { graph, dataset },
    climbSubject: () => ({
      graph,
      classes: dataset.classes,
      evaluate: (image) => evaluateGraph(graph, image).at(-1)!,
    }),
  }
}
