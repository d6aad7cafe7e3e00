/** A worker of `transferErrors`: task i is a run of images, see inputs.ts. */
import { attackChunk } from '../attacks/gradient-attack.ts'
import { examples, indicesOfTask } from '../attacks/inputs.ts'
import { type Chunk, loadChunk } from '../bounds/chunk.ts'
import { Engine } from '../device/wasm/engine.ts'
import { serve } from '../node/threads.ts'
import type { Tensor } from '../device/tape.ts'
import { largestIndex } from '../model/evaluate.ts'
import { forward } from '../device/forward.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { TransferData, TransferErrors, TransferJob } from './transfer.ts'
import { paperBall } from '../region/ball.ts'

serve<TransferData>(async ({ f, g, dataset }) => {
  const engine = await Engine.create()
  const [loadedF, loadedG] = [f, g].map(({ architecture, parameters }) => {
    const network = new LoadedNetwork(engine, architecture, false)
    network.setParameters(parameters)
    return network
  }) as [LoadedNetwork, LoadedNetwork]
  const mark = engine.mark()

  return (_kind, { epsilon, attack }: TransferJob, task): TransferErrors => {
    const indices = indicesOfTask(task, { first: 0, last: dataset.count })
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
})

/** How many examples of a chunk the network gets wrong at some points [input][example]. */
function errorsAt(network: LoadedNetwork, { columns, labels }: Chunk, points: Tensor): number {
  const logits = forward(network, undefined, points, columns, { input: false, weights: false })
  const scores = network.engine.read(logits.pointer, logits.length)
  return labels.filter((label, e) => largestIndex(scores.filter((_, i) => i % columns === e)) !== label).length
}
