/** Random networks with ℓ2 and ℓ1 balls, and their interval and dual bounds in the engine. */
import fc from 'fast-check'
import { it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { proveNetwork, relaxNetwork } from './dual.ts'
import { intervalMargins, propagateIntervals } from './interval.ts'
import { dualMargins, provedMargins } from './margins.ts'
import type { Norm } from '../region/norm.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { paperBall } from '../region/ball.ts'

const engine = await Engine.create()

export interface Case {
  readonly network: Network
  readonly images: Float32Array[]
  readonly labels: number[]
  readonly epsilon: number
  readonly norm: Norm
}

export const caseArbitrary = (everyKind: boolean): fc.Arbitrary<Case> =>
  fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 0.05, 0.3, 1.5), fc.constantFrom('l2', 'l1'))
    .map(([seed, count, epsilon, norm]) => {
      const random = new Random(seed, 'balls')
      const network = randomNetwork(random, { maxWidth: 60, everyKind: everyKind && random.integer(2) === 0 })
      const inputs = sizeOf(network.architecture.input)
      const classes = countClasses(network.architecture)
      return {
        network,
        images: Array.from({ length: count }, () => Float32Array.from({ length: inputs }, () => random.uniform())),
        labels: Array.from({ length: count }, () => random.integer(classes)),
        epsilon: Math.fround(epsilon),
        norm: norm as Norm,
      }
    })

export const cases = (name: string, check: (example: Case) => void, runs = 80, residual = true) =>
  it(name, () => fc.assert(fc.property(caseArbitrary(residual), check), { numRuns: runs, seed: 11 }))

/** One network and chunk in the engine's memory, for as long as `use` runs. */
export function inEngine<T>(example: Case, trained: boolean, use: (loaded: LoadedNetwork, chunk: Chunk) => T): T {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, example.network.architecture, trained)
  loaded.setParameters(example.network.parameters)
  const result = use(loaded, loadChunk(loaded, example, { ...paperBall(example.epsilon), norm: example.norm }))
  engine.release(mark)
  return result
}
type Chunk = ReturnType<typeof loadChunk>
export type Kind = 'interval' | 'paper' | 'pruned'
export const kinds = ['interval', 'paper', 'pruned'] as const

/** Bounds of every hidden stage and the margins, per example. */
export const engineBounds = (example: Case, kind: Kind, rigorous: boolean) =>
  inEngine(example, false, (loaded, chunk) => {
    const { labels } = example
    const column = (tensor: Tensor, e: number) =>
      Float64Array.from(tensor.read().filter((_, i) => i % chunk.columns === e))
    const results = (
      intervals: ReturnType<typeof propagateIntervals>['hidden'],
      margins: (e: number) => Float32Array,
    ) =>
      labels.map((_, e) => ({
        hidden: intervals.map(({ lower, upper }): Bounds => ({
          lower: column(lower, e),
          upper: column(upper, e),
        })),
        margins: margins(e),
      }))
    if (kind === 'interval') {
      const { hidden, last } = propagateIntervals(loaded, undefined, chunk, rigorous)
      const of = (e: number) =>
        intervalMargins(loaded, undefined, last, { columns: chunk.columns, example: e, label: labels[e], rigorous })
      return results(hidden, (e) => of(e).read())
    }
    if (rigorous) {
      const proved = proveNetwork(loaded, chunk, kind === 'pruned')
      return results(proved.intervals, (e) => provedMargins(proved, e))
    }
    const relaxed = relaxNetwork(loaded, undefined, chunk, { prune: kind === 'pruned' })
    return results(relaxed.intervals, (e) => dualMargins(relaxed, undefined, e).read())
  })
