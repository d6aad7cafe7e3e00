/** How losses over dual bounds bound the hidden neurons: by exact rows, random projections, or intervals. */
import { Random } from '../../base/random.ts'
import { type Relaxed, relaxNetwork, unstableShare } from '../../bounds/dual.ts'
import { drawnErrors } from '../../bounds/projections.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tape } from '../../device/tape.ts'
import type { LossInput, LossResult } from './loss.ts'

/**
 * Bounds the hidden neurons of f or of its reference.
 * @param tape none for a reference, whose weights get no gradient
 * @param stream names the network's random numbers, so that f and g have different ones
 */
export function boundHidden(
  { chunk, bounds, identifiers }: LossInput,
  network: LoadedNetwork,
  tape: Tape | undefined,
  stream: string,
): Relaxed {
  const { mode, dimension, memory, seed } = bounds
  const estimates = {
    dimension,
    errors: (example: number) => drawnErrors(new Random(seed, stream, identifiers[example]), chunk.norm),
    ifCheaper: mode === 'auto',
  }
  // no random numbers estimate the dual norm of ℓ1 balls
  const isExact = mode === 'exact' || mode === 'interval' || chunk.norm === 'l1'
  const options = { memory, hidden: mode === 'interval' ? 'interval' : 'dual' } as const
  return relaxNetwork(network, tape, chunk, { ...options, ...(!isExact && { estimates }) })
}

/** What bounds say besides the loss. */
export const costOf = (bounds: Relaxed): Pick<LossResult, 'unstable' | 'rows' | 'projected'> => ({
  unstable: unstableOf(bounds),
  rows: bounds.rowCount,
  projected: bounds.projectedCount,
})

/** Share of all hidden neurons that are unstable, summed over the examples of a chunk. */
export function unstableOf(relaxed: Relaxed): number {
  const { network, chunk } = relaxed
  const sizes = network.stages.slice(0, -1).map(({ outputShape: s }) => s.channels * s.height * s.width)
  const unstable = sizes.reduce((sum, size, stage) => sum + size * unstableShare(relaxed, stage), 0)
  return (chunk.count * unstable) / sizes.reduce((a, b) => a + b, 0)
}
