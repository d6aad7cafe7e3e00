/**
 * Bounds of a whole network over the ball around one image, for library users. Both kinds are rigorous: they allow
 * for float32 rounding, so a negative margin is a proof.
 */
import { LoadedNetwork } from '../device/loaded-network.ts'
import { withEngine } from '../device/wasm/engines.ts'
import { sizeOf } from '../model/layers.ts'
import { checkImage, checkLabel, checkParameters } from '../model/checked.ts'
import { type Network, countClasses } from '../model/network.ts'
import type { Interval } from '../device/device.ts'
import type { Tensor } from '../device/tape.ts'
import { type Chunk, loadChunk } from './chunk.ts'
import { type BallOptions, requireBall } from '../region/ball.ts'
import { trainingDomain } from '../region/domain.ts'
import { proveNetwork } from './dual.ts'
import { provedMargins } from './margins.ts'
import { intervalMargins, propagateIntervals } from './interval.ts'
import { unlessOverflowed } from './rounding.ts'

export interface NetworkBounds {
  /** Bounds of the values before each activation, layer by layer, without those of the logits. */
  readonly hidden: readonly { readonly lower: Float32Array; readonly upper: Float32Array }[]
  /**
   * Per class, an upper bound of its logit minus the label's, 0 at the label. If all others are negative, no point of
   * the domain is misclassified.
   */
  readonly margins: Float32Array
}

export interface DualBoundOptions extends BallOptions {
  /** Settle neurons by interval steps and intersect (default); false gives the paper's looser, slower bound. */
  readonly prune?: boolean
}

/**
 * The exact LP-dual bound of Wong & Kolter (2018).
 * @param image pixel values in [0, 1], [channel][y][x]
 * @param around ε, norm and domain; here the domain is 'unbounded' if left out. Of an ℓ2 or ℓ1 ball bounds over the whole
 *   stand for those over its pixels
 * @throws UserError for a ball or a label that cannot be, an image of another size, numbers that are not finite, and pixels
 *   outside [0, 1], if these are the domain
 */
export function dualBounds(
  network: Network,
  image: Float32Array,
  label: number,
  { prune = true, ...around }: DualBoundOptions,
): Promise<NetworkBounds> {
  return inEngine(network, { image, label, ...around }, (loaded, chunk) => {
    const proved = proveNetwork(loaded, chunk, prune)
    // of numbers that are too large for dual rows, intervals still tell
    const hidden = proved.proof.trusted ? proved.intervals : propagateIntervals(loaded, undefined, chunk, true).hidden
    return { hidden, margins: provedMargins(proved, 0) }
  })
}

/** Interval bounds (Gowal et al. 2018): much looser, much faster. Arguments as of `dualBounds`. */
export function intervalBounds(
  network: Network,
  image: Float32Array,
  label: number,
  around: BallOptions,
): Promise<NetworkBounds> {
  return inEngine(network, { image, label, ...around }, (loaded, chunk) => {
    const { hidden, last } = propagateIntervals(loaded, undefined, chunk, true)
    const which = { columns: chunk.columns, example: 0, label, rigorous: true }
    const margins = intervalMargins(loaded, undefined, last, which)
    return { hidden, margins: margins.read().map(unlessOverflowed) }
  })
}

interface Query extends BallOptions {
  readonly image: Float32Array
  readonly label: number
}

/** Loads network and image, and copies out what `bound` leaves in the engine's memory. */
async function inEngine(
  network: Network,
  { image, label, domain = trainingDomain, ...around }: Query,
  bound: (
    loaded: LoadedNetwork,
    chunk: Chunk,
  ) => { readonly hidden: readonly Interval[]; readonly margins: Float32Array },
): Promise<NetworkBounds> {
  const classes = countClasses(network.architecture)
  checkParameters(network)
  checkImage(image, sizeOf(network.architecture.input))
  checkLabel(label, classes)
  const ball = requireBall({ ...around, domain }, sizeOf(network.architecture.input))
  return withEngine(async (engine) => {
    const loaded = new LoadedNetwork(engine, network.architecture, false)
    loaded.setParameters(network.parameters)
    const chunk = loadChunk(loaded, { images: [image], labels: [label] }, ball)
    const { hidden, margins } = bound(loaded, chunk)
    const first = (tensor: Tensor) => tensor.view().filter((_, i) => i % chunk.columns === 0)
    return {
      hidden: hidden.map(({ lower, upper }) => ({ lower: first(lower), upper: first(upper) })),
      margins,
    }
  })
}
