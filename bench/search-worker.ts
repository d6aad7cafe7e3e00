/** Counts the sub-problems that branch and bound gets through. Part i takes every n-th image, from the i-th on. */
import { Deadline } from '../src/base/deadline.ts'
import { Engine } from '../src/device/wasm/engine.ts'
import { withMargins } from '../src/region/margins-graph.ts'
import { imageQuestion } from '../src/region/image-question.ts'
import { distanceToUnsafe } from '../src/region/question.ts'
import { examples } from '../src/attacks/inputs.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { evaluateGraph, graphOf } from '../src/model/graph.ts'
import { type Network, countClasses } from '../src/model/network.ts'
import { branchAndBound } from '../src/search/branch/branch-and-bound.ts'
import { condense } from '../src/search/condense/condense.ts'
import { optimiseSlopes } from '../src/search/slopes.ts'

export interface SearchBench {
  readonly network: Network
  readonly dataset: Dataset
}

export interface SearchBenchJob {
  readonly epsilon: number
  /** Images that the cheaper steps leave open. */
  readonly images: readonly number[]
  /** Seconds of search per part. */
  readonly seconds: number
}

export interface SearchRate {
  readonly subProblems: number
  readonly seconds: number
}

export async function prepare({ network, dataset }: SearchBench) {
  const engine = await Engine.create()
  const graph = graphOf(network)
  return async ({ epsilon, images, seconds }: SearchBenchJob): Promise<SearchRate> => {
    let [subProblems, spent] = [0, 0]
    for (let i = 0; spent < seconds; i = (i + 1) % images.length) {
      const index = images[i]
      const [image] = examples(dataset, [index]).images
      const ball = { epsilon, norm: 'linf', domain: 'unbounded' } as const
      const question = imageQuestion(image, dataset.labels[index], countClasses(network.architecture), ball)
      const isCounterexample = (x: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, x).at(-1)!) <= 0
      const root = condense(engine, withMargins(graph, question), question, { deadline: Deadline.never })
      const { condensed } = optimiseSlopes(engine, root, Deadline.never)
      const started = performance.now()
      const deadline = Deadline.in(1000 * (seconds - spent))
      subProblems += (await branchAndBound(engine, condensed, { deadline, isCounterexample })).subProblems
      spent += (performance.now() - started) / 1000
    }
    return { subProblems, seconds: spent }
  }
}
