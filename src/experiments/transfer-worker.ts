/** A worker of `transferErrors`: part i is a run of images, see inputs.ts. */
import { type AttackOptions, attackChunk } from '../attacks/gradient-attack.ts'
import { examples, indicesOfPart } from '../attacks/inputs.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import { Engine } from '../device/wasm/engine.ts'
import type { Tensor } from '../device/tape.ts'
import { largestIndex } from '../model/evaluate.ts'
import { forward } from '../device/forward.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Network } from '../model/network.ts'
import { paperBall } from '../region/ball.ts'

/** Images that a network gets wrong, or, of an attack, the other network: shares, or counts of a part. */
export interface TransferErrors {
  /** The images themselves. */
  readonly fClean: number
  readonly gClean: number
  /** Untargeted PGD on the network itself. */
  readonly fPgd: number
  readonly gPgd: number
  /** The points of smallest margin that were found against f, given to g; and the other way round. */
  readonly fToG: number
  readonly gToF: number
}

export interface TransferData {
  readonly f: Network
  readonly g: Network
  readonly dataset: Dataset
}

export interface TransferJob {
  /** Radius of the ℓ∞ balls, pixel units; attacks stay in [0, 1]. */
  readonly epsilon: number
  readonly attack: AttackOptions
}

export async function prepare({ f, g, dataset }: TransferData) {
  const engine = await Engine.create()
  const [loadedF, loadedG] = [f, g].map(({ architecture, parameters }) => {
    const network = new LoadedNetwork(engine, architecture, false)
    network.setParameters(parameters)
    return network
  }) as [LoadedNetwork<Engine>, LoadedNetwork<Engine>]
  const mark = engine.mark()

  return ({ epsilon, attack }: TransferJob, part: number): TransferErrors => {
    const indices = indicesOfPart(part, { first: 0, last: dataset.count })
    try {
      const chunk = loadChunk(loadedF, examples(dataset, indices), paperBall(epsilon))
      const worstOfF = attackChunk(loadedF, chunk, attack, indices)
      const worstOfG = attackChunk(loadedG, chunk, attack, indices)
      return {
        fClean: errorsAt(loadedF, chunk, chunk.ball.centre),
        gClean: errorsAt(loadedG, chunk, chunk.ball.centre),
        fPgd: errorsAt(loadedF, chunk, worstOfF),
        gPgd: errorsAt(loadedG, chunk, worstOfG),
        fToG: errorsAt(loadedG, chunk, worstOfF),
        gToF: errorsAt(loadedF, chunk, worstOfG),
      }
    } finally {
      engine.release(mark)
    }
  }
}

/** How many examples of a chunk the network gets wrong at some points [input][example]. */
function errorsAt(network: LoadedNetwork, { columns, labels }: Chunk, points: Tensor): number {
  const logits = forward(network, undefined, points, { columns, input: false, weights: false })
  const scores = logits.read()
  return labels.filter((label, e) => largestIndex(scores.filter((_, i) => i % columns === e)) !== label).length
}
