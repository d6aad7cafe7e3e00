/**
 * What a training step costs with each of the paper's networks and each way to bound: time per image and peak memory,
 * at the ε where training starts and at its targets, from a random start and from given weights.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../src/base/errors.ts'
import { loadNetwork } from '../src/node/network-file.ts'
import { boundModes } from '../src/training/losses/loss.ts'
import { runChild } from './child.ts'
import { type StepCase, type StepCost, datasetOf, startingEpsilon } from './network-case.ts'

/** The paper's networks and the ε that it trains them for (Table 2). */
const targets: Readonly<Record<string, readonly number[]>> = {
  'mnist-small': [0.1, 0.3],
  'mnist-large': [0.1],
  'cifar10-small': [2 / 255, 8 / 255],
  'cifar10-large': [2 / 255],
  'cifar10-resnet': [2 / 255],
}
export const networkNames = Object.keys(targets)

/** Weights to measure from, besides random ones. */
export interface GivenWeights {
  readonly architecture: string
  /** A file, or the folder of a pair. */
  readonly path: string
  /** The file of the better network of a pair, if that is known, or else of f. */
  readonly first: string
  /** What a pair was trained for: it is measured at this ε only. */
  readonly epsilon: number | undefined
}

/** @throws UserError if there is no network */
export function givenWeights(path: string): GivenWeights {
  if (existsSync(path) && statSync(path).isDirectory()) {
    if (!existsSync(join(path, 'config.json'))) throw new UserError(`${path} is not the folder of a run: give one`)
    const { architecture, epsilon } = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as GivenWeights
    const [best, f] = [join(path, 'best.safetensors'), join(path, 'f.safetensors')]
    return { architecture, path, first: existsSync(best) ? best : f, epsilon }
  }
  return { architecture: loadNetwork(path).network.architecture.name, path, first: path, epsilon: undefined }
}

/** A case's cost: unless it was stopped, with its time. */
export interface CaseResult extends StepCase {
  readonly cost: StepCost | undefined
  readonly peakMegabytes: number
}

/** @param seconds the measurement is stopped after. @throws UserError if it fails */
export async function measureCase(step: StepCase, seconds: number): Promise<CaseResult> {
  const script = fileURLToPath(new URL('./network-case.ts', import.meta.url))
  const { code, output, errors, peakMegabytes } = await runChild(process.execPath, [script, JSON.stringify(step)], {
    seconds,
  })
  if (code !== null && code !== 0) {
    const why = errors.split('\n').find((line) => line.includes('Error')) ?? errors
    throw new UserError(`${step.architecture}, ${step.bounds} at ε = ${step.epsilon}: ${why.trim()}`)
  }
  return { ...step, cost: code === 0 ? (JSON.parse(output) as StepCost) : undefined, peakMegabytes }
}

export interface NetworksRequest {
  readonly networks: readonly string[]
  readonly weights: readonly GivenWeights[]
  readonly batch: number
  readonly workers: number
  readonly data: (dataset: string) => string | undefined
  /** Per case. */
  readonly seconds: number
}

/** Cases in the order of the table, each with every way to bound, and its measurements one after the other. */
export async function* costOfNetworks(request: NetworksRequest): AsyncGenerator<readonly CaseResult[]> {
  const { batch, workers, seconds } = request
  for (const architecture of request.networks) {
    const dataset = datasetOf(architecture)
    const first = startingEpsilon(dataset)
    const own = request.weights.filter((weights) => weights.architecture === architecture)
    const cases = [
      ...[first, ...targets[architecture]].map((epsilon) => ({ start: '', epsilon })),
      ...own.flatMap(({ path, epsilon }) =>
        (epsilon === undefined ? targets[architecture] : [epsilon]).map((epsilon) => ({ start: path, epsilon })),
      ),
    ]
    for (const { start, epsilon } of cases) {
      const results: CaseResult[] = []
      for (const bounds of boundModes) {
        const data = request.data(dataset)
        results.push(
          await measureCase(
            { architecture, method: 'robustra', bounds, epsilon, start, batch, workers, data },
            seconds,
          ),
        )
      }
      yield results
    }
  }
}
