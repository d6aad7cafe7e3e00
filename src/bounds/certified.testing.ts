/** Certificates of one image, to be held against exact arithmetic. */
import { Engine } from '../device/wasm/engine.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network } from '../model/network.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { proveNetwork } from './dual.ts'
import { provedMargins } from './margins.ts'
import { type Norm } from '../region/norm.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { paperBall } from '../region/ball.ts'

/** An image of a network, and the ball around it. */
export interface Case {
  readonly network: Network
  readonly image: Float32Array
  readonly label: number
  readonly epsilon: number
  readonly norm?: Norm
}

export const variants = ['simd', 'relaxed'] as const

/** Certified margins and the hidden bounds that they rest on. */
export function certify(engine: Engine, { network, image, label, epsilon, norm = 'linf' }: Case, prune: boolean) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  const chunk = loadChunk(loaded, { images: [image], labels: [label] }, { ...paperBall(epsilon), norm })
  const relaxed = proveNetwork(loaded, chunk, prune)
  const first = (tensor: Tensor) => Float64Array.from(tensor.read().filter((_, i) => i % chunk.columns === 0))
  const hidden: Bounds[] = relaxed.intervals.map(({ lower, upper }) => ({
    lower: first(lower),
    upper: first(upper),
  }))
  const margins = provedMargins(relaxed, 0)
  engine.release(mark)
  return { hidden, margins }
}
