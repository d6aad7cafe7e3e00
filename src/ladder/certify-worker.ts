/** A worker of `certify`: cheap steps on runs of images, dear ones on one image at a time. */
import type { Subject } from '../attacks/attack-images.ts'
import { IMAGES_PER_TASK, examples } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { serve } from '../node/threads.ts'
import { evaluate } from '../model/evaluate.ts'
import { type Graph, evaluateGraph, graphOf } from '../model/graph.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { certifyGraphImages } from './certify-graph.ts'
import { type CertifySettings, certifyImages } from './certify-images.ts'
import { type ClimbSettings, type ClimbSubject, climbImage } from './climb-image.ts'
import type { Draft } from './drafts.ts'
import { type GraphFile, isGraphFile, loadGraph } from './target.ts'

export interface CertifyData {
  readonly target: Network | GraphFile
  readonly dataset: Dataset
}

/** Task i is the i-th run of `IMAGES_PER_TASK` of the indices. */
export interface CheapJob extends CertifySettings {
  readonly indices: readonly number[]
}

/** Task i is the i-th draft. */
export interface ClimbJob extends ClimbSettings {
  readonly drafts: readonly Draft[]
}

/** How one kind of network takes the steps. */
interface Certifier {
  readonly cheap: (indices: readonly number[], settings: CertifySettings) => Draft[]
  readonly climbSubject: () => ClimbSubject
}

serve<CertifyData>(async ({ target, dataset }) => {
  const { cheap, climbSubject } = isGraphFile(target)
    ? graphCertifier(await loadGraph(target, dataset), dataset)
    : await networkCertifier(target, dataset)

  const doCheap = ({ indices, ...settings }: CheapJob, task: number): Draft[] =>
    cheap(indices.slice(task * IMAGES_PER_TASK, (task + 1) * IMAGES_PER_TASK), settings)

  let subject: ClimbSubject | undefined
  const doClimb = async ({ drafts, ...settings }: ClimbJob, task: number): Promise<Draft[]> => {
    // loaded only where something is left open
    const { climb } = await import('./climb.ts')
    subject ??= climbSubject()
    const draft = drafts[task]
    return [await climbImage(climb, subject, examples(dataset, [draft.index]).images[0], draft, settings)]
  }

  return (kind, job: CheapJob & ClimbJob, task) => (kind === 'cheap' ? doCheap(job, task) : doClimb(job, task))
})

async function networkCertifier(network: Network, dataset: Dataset): Promise<Certifier> {
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  const subject: Subject = { network, loaded, dataset }
  return {
    cheap: (indices, settings) => certifyImages(subject, indices, settings),
    climbSubject: () => ({
      graph: graphOf(network),
      classes: countClasses(network.architecture),
      evaluate: (image) => evaluate(network, image),
    }),
  }
}

function graphCertifier(graph: Graph, dataset: Dataset): Certifier {
  return {
    cheap: (indices, settings) => certifyGraphImages(graph, dataset, indices, settings),
    climbSubject: () => ({
      graph,
      classes: dataset.classes,
      evaluate: (image) => evaluateGraph(graph, image).at(-1)!,
    }),
  }
}
