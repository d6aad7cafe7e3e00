/** Random networks f with a reference g, in the engine and as the float64 reference has them. */
import { loadChunk } from '../bounds/chunk.ts'
import { relaxNetwork } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { Random } from '../base/random.ts'
import type { Tape } from '../device/tape.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { sizeOf } from '../model/layers.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { type AdversarialSpace, referenceAdversarialSpace } from '../reference/adversarial-space.ts'
import { referenceDualBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { inputBall } from '../reference/input-ball.ts'
import { type Ball, paperBall } from '../region/ball.ts'
import type { RoundNorm } from '../region/norm.ts'
import { robustraMargins } from './reference-space.ts'

export interface Pair {
  readonly f: Network
  readonly g: Network
  readonly images: readonly Float32Array[]
  readonly labels: readonly number[]
  readonly ball: Ball
}

const randomImages = (random: Random, network: Network, count: number) =>
  Array.from({ length: count }, () =>
    Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform()),
  )

/** Over an ℓ∞ ball; residual sums and normalisation are among them. */
export function randomPair(seed: number): Pair {
  const random = new Random(seed, 'pair')
  const f = randomNetwork(random, { maxWidth: 40, normalise: random.integer(3) === 0, everyKind: seed % 4 === 3 })
  const { input, layers } = f.architecture
  const classes = countClasses(f.architecture)
  const normalise = layers.filter((layer) => layer.kind === 'normalise')
  const drawn = randomNetwork(random, { input, classes, maxWidth: 40, normalise: false })
  const g = { ...drawn, architecture: { ...drawn.architecture, layers: [...normalise, ...drawn.architecture.layers] } }
  const count = 1 + random.integer(5)
  return {
    ...{ f, g },
    images: randomImages(random, f, count),
    labels: Array.from({ length: count }, () => random.integer(classes)),
    ball: paperBall(Math.fround([0.01, 0.1, 0.3][random.integer(3)])),
  }
}

/** Over an ℓ2 or ℓ1 ball, and random numbers for the rest of the test. */
export function randomRoundPair(seed: number, norm: RoundNorm): Pair & { readonly random: Random } {
  const random = new Random(seed, 'pair')
  const f = randomNetwork(random, { maxWidth: 40, normalise: false })
  const { input } = f.architecture
  const classes = countClasses(f.architecture)
  const g = randomNetwork(random, { input, classes, maxWidth: 40, normalise: false })
  const images = randomImages(random, f, 1 + random.integer(3))
  const labels = Array.from({ length: 4 }, () => random.integer(classes)).slice(0, images.length)
  const ball = { ...paperBall(Math.fround([0.05, 0.5, 2][random.integer(3)])), norm }
  return { f, g, images, labels, ball, random }
}

/** Every class but the label of example `e`. */
export const targetsOf = ({ f, labels }: Pair, e: number): number[] =>
  Array.from({ length: countClasses(f.architecture) }, (_, target) => target).filter((target) => target !== labels[e])

/** The float64 reference of one target. @param prune whether the slopes come from pruned bounds */
export const spaceOf = (pair: Pair, e: number, target: number, prune: boolean): AdversarialSpace =>
  referenceAdversarialSpace({
    ...{ f: pair.f, g: pair.g, label: pair.labels[e], target },
    ball: inputBall(pair.images[e], pair.ball),
    boundsOf: prune ? referencePrunedDualBounds : referenceDualBounds,
  })

export type EngineMargins = ReturnType<typeof robustraMargins>

/**
 * Runs `use` per example on the engine's bounds of f over g's space, and the ordinary bounds.
 * @param run with a tape the networks get gradients
 * @param after while both are still in the engine
 */
export function inEngine<T>(
  engine: Engine,
  { pair, prune, tape }: { readonly pair: Pair; readonly prune: boolean; readonly tape?: Tape },
  use: (margins: EngineMargins, ordinary: Float32Array, e: number) => T,
  after?: (f: LoadedNetwork, g: LoadedNetwork) => void,
): T[] {
  const mark = engine.mark()
  const load = ({ architecture, parameters }: Network) => {
    const loaded = new LoadedNetwork(engine, architecture, tape !== undefined)
    loaded.setParameters(parameters)
    return loaded
  }
  const [f, g] = [load(pair.f), load(pair.g)]
  const chunk = loadChunk(f, pair, pair.ball)
  const relaxedF = relaxNetwork(f, tape, chunk, { prune })
  const relaxedG = relaxNetwork(g, undefined, chunk, { prune })
  const plain = { ...relaxedF, options: { ...relaxedF.options, prune: false } }
  const results = pair.images.map((_, e) => {
    const ordinary = dualMargins(plain, undefined, e).read()
    return use(robustraMargins(relaxedF, tape, relaxedG, e), ordinary, e)
  })
  after?.(f, g)
  engine.release(mark)
  return results
}
