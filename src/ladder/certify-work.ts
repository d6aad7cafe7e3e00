/** What a worker of a certification does: runs of images in the engine, single images in float64. */
import { IMAGES_PER_PART, SLOW_IMAGES_PER_PART, examples } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { Engine } from '../device/wasm/engine.ts'
import type { Part } from '../jobs/task.ts'
import { evaluate } from '../model/evaluate.ts'
import { type Graph, evaluateGraph, graphOf } from '../model/graph.ts'
import { type Network, countClasses } from '../model/network.ts'
import { unpackGraph } from '../model/packed-graph.ts'
import type { CertifyJob, CertifySetup } from './certify-job.ts'
import { climbBatch, climbFurther } from './climb-batch.ts'
import { type ClimbSubject, climbImage } from './climb-image.ts'
import type { Draft } from './drafts.ts'
import type { BatchSubject } from './step.ts'

/** A network, as the steps of batches take it, and as those of questions do. */
interface Subjects {
  readonly batch: BatchSubject
  readonly climbSubject: () => Omit<ClimbSubject, 'climb'>
}

export async function prepare({ target, dataset }: CertifySetup): Promise<Part<CertifyJob, Draft[]>> {
  const { batch, climbSubject } =
    'packed' in target ? ofGraph(unpackGraph(target), dataset) : await ofNetwork(target, dataset)
  let subject: ClimbSubject | undefined
  return async (job, part, signal) => {
    if (job.kind === 'batch') {
      const images = job.images.slice(part * IMAGES_PER_PART, (part + 1) * IMAGES_PER_PART)
      return climbBatch(batch, images, job.settings)
    }
    if (job.kind === 'further') {
      const drafts = job.drafts.slice(part * SLOW_IMAGES_PER_PART, (part + 1) * SLOW_IMAGES_PER_PART)
      return climbFurther(batch, drafts, job.settings)
    }
    // loaded only where something is left open
    const { climb } = await import('./climb.ts')
    subject ??= { ...climbSubject(), climb }
    const draft = job.drafts[part]!
    const image = examples(dataset, [draft.index]).images[0]!
    return [await climbImage(subject, { draft, image }, { ...job.settings, signal })]
  }
}

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
