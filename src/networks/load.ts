/** A network in an engine's memory: its affine stages, ready for the kernels. */
import { type Affine, affineLists } from '../engine/affine.ts'
import type { Engine } from '../engine/engine.ts'
import { createGeometry } from '../engine/layout.ts'
import type { Shape } from './layers.ts'
import { type Architecture, countParameters, parameterLayout, shapesOf } from './network.ts'

/** An affine layer and whether a ReLU follows it. */
export interface Stage extends Affine {
  readonly inputShape: Shape
  readonly outputShape: Shape
  readonly relu: boolean
}

export class LoadedNetwork {
  readonly engine: Engine
  readonly architecture: Architecture
  readonly stages: readonly Stage[]
  readonly parameterCount: number
  /** Per input channel: a pixel p enters the first stage as (p − mean) / deviation. */
  readonly normalisation: readonly { readonly mean: number; readonly deviation: number }[]
  readonly #parameters: number
  readonly #absolutes: number
  readonly #gradient: number
  readonly #absoluteGradient: number

  /** @param trained false for a network whose gradient is never wanted */
  constructor(engine: Engine, architecture: Architecture, trained: boolean) {
    this.engine = engine
    this.architecture = architecture
    this.parameterCount = countParameters(architecture)
    const padded = (this.parameterCount + 3) & ~3
    this.#parameters = engine.zeros(padded)
    this.#absolutes = engine.zeros(padded)
    this.#gradient = trained ? engine.zeros(padded) : 0
    this.#absoluteGradient = trained ? engine.zeros(padded) : 0
    this.normalisation = normalisationOf(architecture)
    this.stages = this.#stages()
  }

  #stages(): Stage[] {
    const { layers } = this.architecture
    const shapes = shapesOf(this.architecture)
    const tensors = parameterLayout(this.architecture)
    const at = (base: number, offset: number) => (base === 0 ? 0 : base + offset * 4)
    return layers.flatMap((layer, i) => {
      if (layer.kind !== 'convolution' && layer.kind !== 'linear') return []
      const [weight, bias] = tensors.filter((tensor) => tensor.layer === i)
      const options = layer.kind === 'linear' ? { kernel: 1, stride: 1, padding: 0 } : layer
      const geometry = createGeometry(this.engine, shapes[i]!, shapes[i + 1]!, options)
      return [
        {
          geometry,
          inputShape: shapes[i]!,
          outputShape: shapes[i + 1]!,
          relu: layers.slice(i + 1).find((next) => next.kind !== 'flatten')?.kind === 'relu',
          weight: at(this.#parameters, weight!.offset),
          bias: at(this.#parameters, bias!.offset),
          absoluteWeight: at(this.#absolutes, weight!.offset),
          absoluteBias: at(this.#absolutes, bias!.offset),
          weightGradient: at(this.#gradient, weight!.offset),
          biasGradient: at(this.#gradient, bias!.offset),
          absoluteWeightGradient: at(this.#absoluteGradient, weight!.offset),
          ...affineLists(this.engine, geometry),
        },
      ]
    })
  }

  /** Takes over a flat parameter array, laid out as `parameterLayout` says. */
  setParameters(parameters: Float32Array): void {
    this.engine.f32.set(parameters, this.#parameters >> 2)
    this.engine.kernels.absolute((this.parameterCount + 3) & ~3, this.#parameters, this.#absolutes)
  }

  clearGradient(): void {
    const { f32 } = this.engine
    for (const pointer of [this.#gradient, this.#absoluteGradient]) {
      f32.fill(0, pointer >> 2, (pointer >> 2) + this.parameterCount)
    }
  }

  /** Adds up the gradients of W and |W| and copies them out. */
  readGradient(target: Float32Array): void {
    const { engine, parameterCount } = this
    engine.kernels.absoluteAdjoint((parameterCount + 3) & ~3, this.#parameters, this.#gradient, this.#absoluteGradient)
    target.set(engine.f32.subarray(this.#gradient >> 2, (this.#gradient >> 2) + parameterCount))
  }
}

/**
 * @throws RangeError if a normalise layer is not the first one, a ReLU comes before any affine layer or a second time
 * after one, or the last layer is no affine one
 */
function normalisationOf(architecture: Architecture) {
  let affine = false
  for (const [i, { kind }] of architecture.layers.entries()) {
    if (kind === 'normalise' && i > 0) throw new RangeError('normalise must be the first layer')
    if (kind === 'relu' && !affine) throw new RangeError('a ReLU must follow an affine layer')
    if (kind !== 'flatten') affine = kind === 'convolution' || kind === 'linear'
  }
  if (!affine) throw new RangeError('the last layer must be an affine one: logits are not cut at zero')
  const first = architecture.layers[0]
  return Array.from({ length: architecture.input.channels }, (_, c) =>
    first?.kind === 'normalise' ? { mean: first.mean[c]!, deviation: first.deviation[c]! } : { mean: 0, deviation: 1 },
  )
}
