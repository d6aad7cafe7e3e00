/**
 * Interval bounds: each affine layer maps centres by W and radii by |W|.
 * Problem: bounds of every layer over a box. Sound: yes. Complete: no. Source: Gowal et al. 2018.
 */
import { affine } from '../device/wasm/affine.ts'
import { type Ball, type Interval, intervalEnds, reluInterval } from '../device/wasm/elementwise.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { none } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { LoadedNetwork, Stage, Term } from '../device/loaded-network.ts'
import type { Chunk } from './chunk.ts'
import { intervalRounding, underflow } from './rounding.ts'
import { tightenToBall } from './settle.ts'

/** Pre-activation bounds of a stage, and per neuron |W|·max|a| + |b|, which bounds rounding (rounding.ts). */
export interface StageInterval extends Interval {
  readonly magnitude?: Tensor
}

/**
 * One interval step through an affine stage.
 * @param balls bounds of what each term of the stage reads, [neuron][example]
 * @param rigorous widen by float32 rounding, for certificates
 */
export function intervalStep(
  engine: Engine,
  tape: Tape | undefined,
  stage: Stage,
  balls: readonly Ball[],
  columns: number,
  rigorous: boolean,
): StageInterval {
  const { terms, bias, biasGradient } = stage
  // no gradient goes further back than the image
  const wanted = (i: number) => ({ input: terms[i].source >= 0, weights: true })
  const centres = balls.map((ball) => ball.centre)
  const radii = balls.map((ball) => ball.radius)
  const shift = { values: bias, gradient: biasGradient }
  const centre = affine(engine, tape, terms, centres, columns, 'signed', shift, wanted)
  const radius = affine(engine, tape, terms, radii, columns, 'absolute', undefined, wanted)
  if (!rigorous) return intervalEnds(engine, tape, { centre, radius })
  const magnitude = magnitudeOf(engine, stage, balls, columns)
  const widening = { factor: intervalRounding(terms.map(({ geometry }) => geometry)), magnitude }
  return { ...intervalEnds(engine, tape, { centre, radius }, widening), magnitude }
}

/** Σ |W|·(|centre| + radius) + |b|: the largest sum of absolute terms that a stage's outputs can have. */
export function magnitudeOf(
  engine: Engine,
  { terms, absoluteBias }: Stage,
  balls: readonly Ball[],
  columns: number,
): Tensor {
  const largest = balls.map(({ centre, radius }) => {
    const sum = Tensor.create(engine, centre.length)
    engine.kernels.absolute(centre.length, centre.pointer, sum.pointer)
    engine.kernels.addTo(centre.length, radius.pointer, sum.pointer)
    return sum
  })
  return affine(engine, undefined, terms, largest, columns, 'absolute', { values: absoluteBias, gradient: none })
}

/** The balls that the terms of a stage read: the image's, or those behind earlier stages. */
export const ballsOf = ({ terms }: Stage, image: Ball, behind: readonly Ball[]): Ball[] =>
  terms.map(({ source }) => (source < 0 ? image : behind[source]))

/** What a stage's interval becomes behind it: behind its ReLU, if it has one. */
export const ballBehind = (engine: Engine, tape: Tape | undefined, { relu }: Stage, interval: Interval): Ball =>
  relu ? reluInterval(engine, tape, interval) : centred(engine, tape, interval)

/**
 * Plain interval propagation from the image. Of an ℓ2 or ℓ1 ball, stages that read the image alone get exact bounds;
 * where the network has no hidden stage, its margins come from the box around the ball.
 * @returns the bounds of every hidden stage, and the ball that the last stage reads
 */
export function propagateIntervals(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  rigorous = false,
): { readonly hidden: readonly StageInterval[]; readonly last: Ball } {
  const { engine, stages } = network
  const behind: Ball[] = []
  const hidden = stages.slice(0, -1).map((stage, i) => {
    const balls = ballsOf(stage, chunk.ball, behind)
    const interval = intervalStep(engine, tape, stage, balls, chunk.columns, rigorous)
    if (stage.terms.every(({ source }) => source < 0)) tightenToBall(network, tape, chunk, i, interval)
    behind.push(ballBehind(engine, tape, stage, interval))
    return interval
  })
  return { hidden, last: ballsOf(stages.at(-1)!, chunk.ball, behind)[0] }
}

/** Centre and radius of an interval, for two affine stages without a ReLU between them. */
function centred(engine: Engine, tape: Tape | undefined, { lower, upper }: Interval): Ball {
  const n = lower.length
  const centre = Tensor.create(engine, n)
  const radius = Tensor.create(engine, n)
  for (let i = 0; i < n; i++) {
    const [l, u] = [engine.f32[(lower.pointer >> 2) + i], engine.f32[(upper.pointer >> 2) + i]]
    engine.f32[(centre.pointer >> 2) + i] = (l + u) / 2
    engine.f32[(radius.pointer >> 2) + i] = (u - l) / 2
  }
  tape?.record(() => {
    const [dl, du] = [lower.gradient(engine) >> 2, upper.gradient(engine) >> 2]
    const [dc, dr] = [centre.gradient(engine) >> 2, radius.gradient(engine) >> 2]
    const { f32 } = engine
    for (let i = 0; i < n; i++) {
      f32[dl + i] += (f32[dc + i] - f32[dr + i]) / 2
      f32[du + i] += (f32[dc + i] + f32[dr + i]) / 2
    }
  })
  return { centre, radius }
}

/**
 * Upper bounds of z_target − z_label for one example by an interval step through the difference of two rows of the
 * last stage: tighter than the difference of two bounds. One number per target, 0 at the label.
 */
export function intervalMargins(
  engine: Engine,
  tape: Tape | undefined,
  last: Stage,
  ball: Ball,
  columns: number,
  example: number,
  label: number,
  rigorous = false,
): Tensor {
  const [{ weight: weights, weightGradient, geometry }] = last.terms as [Term]
  const inputs = geometry.input.channels
  const classes = last.outputShape.channels
  const margins = Tensor.zeros(engine, classes)
  const [centre, radius] = [(ball.centre.pointer >> 2) + example, (ball.radius.pointer >> 2) + example]
  const [weight, bias] = [weights >> 2, last.bias >> 2]
  const [factor, least] = rigorous ? [intervalRounding([geometry]), underflow] : [0, 0]
  for (let target = 0; target < classes; target++) {
    if (target === label) continue
    const { f32 } = engine
    let sum = f32[bias + target] - f32[bias + label]
    let magnitude = Math.abs(f32[bias + target]) + Math.abs(f32[bias + label])
    for (let k = 0; k < inputs; k++) {
      const wt = f32[weight + target * inputs + k]
      const wl = f32[weight + label * inputs + k]
      const c = f32[centre + k * columns]
      const r = f32[radius + k * columns]
      sum += (wt - wl) * c + Math.abs(wt - wl) * r
      magnitude += (Math.abs(wt) + Math.abs(wl)) * (Math.abs(c) + r)
    }
    f32[(margins.pointer >> 2) + target] = sum + factor * magnitude + least
  }
  tape?.record(() => {
    const d = margins.gradient(engine) >> 2
    const [dc, dr] = [(ball.centre.gradient(engine) >> 2) + example, (ball.radius.gradient(engine) >> 2) + example]
    const [dw, db] = [weightGradient >> 2, last.biasGradient >> 2]
    const { f32 } = engine
    for (let target = 0; target < classes; target++) {
      const g = f32[d + target]
      if (target === label || g === 0) continue
      f32[db + target] += g
      f32[db + label] -= g
      for (let k = 0; k < inputs; k++) {
        const difference = f32[weight + target * inputs + k] - f32[weight + label * inputs + k]
        const toWeight = g * (f32[centre + k * columns] + Math.sign(difference) * f32[radius + k * columns])
        f32[dw + target * inputs + k] += toWeight
        f32[dw + label * inputs + k] -= toWeight
        f32[dc + k * columns] += g * difference
        f32[dr + k * columns] += g * Math.abs(difference)
      }
    }
  })
  return margins
}
