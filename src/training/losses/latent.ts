/**
 * Margins as an attack finds them in a latent box: intervals bound the first stages of a network, and for every class PGD
 * looks in the box behind them for the point where the rest of the network has its largest margin. That is at most the
 * margin's bound, and need not be its largest value: it certifies nothing.
 *
 * Gradients go back from a point x to the ends l, u of its box by the rectified linear connector, which is no derivative of
 * what the attack computes: with s = c·(u − l) the share of u is (x − (u − s))/s, and that of l is ((l + s) − x)/s, both cut
 * to [0, 1]. A point at an end moves with it; with c = ½ a point in the middle moves with neither.
 *
 * Sound: no. Source: Mao et al. 2023 (Connecting Certified and Adversarial Training).
 */
import type { AttackOptions } from '../../attacks/gradient-attack.ts'
import { Random } from '../../base/random.ts'
import type { Chunk } from '../../bounds/chunk.ts'
import type { CentredBox, Interval } from '../../device/device.ts'
import { forwardFrom } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import { Tape, type Tensor, makeGradients } from '../../device/tape.ts'

/** c of the connector. */
export const CONNECTOR = 0.5

/** The part of a network behind one of its stages, on the examples of a chunk. */
export interface Rest {
  readonly network: LoadedNetwork
  /** Index of the stage that it begins behind. */
  readonly stage: number
  readonly chunk: Chunk
}

/**
 * Behind which stage the last `layers` hidden stages begin.
 * @param stages in order, by the earlier stages that each reads
 * @returns undefined if no stage is left before them, or if one of them reads past the one right before
 */
export function latentStage(
  stages: readonly { readonly terms: readonly { readonly source: number }[] }[],
  layers: number,
): number | undefined {
  const stage = stages.length - 2 - layers
  const isCut = stages.slice(stage + 1).every(({ terms }) => terms.every(({ source }) => source >= stage))
  return stage >= 0 && isCut ? stage : undefined
}

/**
 * z_target − z_label at the points that PGD finds, one point for each target: [target][example], 0 at the label.
 * @param box what lies behind the stage
 * @param identifiers name each example's random stream
 */
export function latentMargins(
  rest: Rest,
  tape: Tape,
  box: CentredBox,
  { attack, identifiers }: { readonly attack: AttackOptions; readonly identifiers: readonly number[] },
): Tensor {
  const { network, stage, chunk } = rest
  const { columns, labels } = chunk
  const classes = network.stages.at(-1)!.outputShape.channels
  const ends = network.device.intervals.ends(undefined, box)
  const margins = network.device.zeroTensor(classes * columns)
  // each example has another target in a turn
  for (let turn = 1; turn < classes; turn++) {
    const targets = labels.map((label) => (label + turn) % classes)
    const random = (example: number) => new Random(attack.seed, 'latent', identifiers[example], targets[example])
    const points = climb(rest, targets, { box, ends, attack, random })
    tape.record(() => connect(box, ends, points))
    const logits = forwardFrom(network, tape, { values: points, stage }, { columns, input: true, weights: true })
    const [to, z] = [margins.view(), logits.view()]
    labels.forEach((label, e) => {
      to[targets[e] * columns + e] = z[targets[e] * columns + e] - z[label * columns + e]
    })
    tape.record(() => {
      const [from, toLogits] = [margins.gradient.view(), logits.gradient.view()]
      labels.forEach((label, e) => {
        const gradient = from[targets[e] * columns + e]
        toLogits[targets[e] * columns + e] += gradient
        toLogits[label * columns + e] -= gradient
      })
    })
  }
  return margins
}

interface Climb {
  readonly box: CentredBox
  readonly ends: Interval
  readonly attack: AttackOptions
  /** Of an example, for where it starts. */
  readonly random: (example: number) => Random
}

/** PGD from a random point of the box: the points, [neuron][example], where z_target − z_label is largest. */
function climb(rest: Rest, targets: readonly number[], { box, ends, attack, random }: Climb): Tensor {
  const { network, stage, chunk } = rest
  const { device } = network
  const { columns, count, labels } = chunk
  const worst = device.tensorFrom(box.centre.read())
  const kept = device.mark()
  const point = device.tensorFrom(box.centre.read())
  const [at, lower, upper] = [point.view(), ends.lower.view(), ends.upper.view()]
  for (let e = 0; e < count; e++) {
    const draw = random(e)
    for (let i = e; i < at.length; i += columns) at[i] = draw.between(lower[i], upper[i])
  }
  const largest = new Float64Array(count).fill(-Infinity)
  for (let step = 0; step <= attack.steps; step++) {
    const mark = device.mark()
    const tape = new Tape()
    const x = point.detached()
    const logits = forwardFrom(network, tape, { values: x, stage }, { columns, input: true, weights: false })
    const [z, toLogits] = [logits.view(), logits.gradient.view()]
    const isLarger = labels.map((label, e) => {
      const [target, own] = [targets[e] * columns + e, label * columns + e]
      toLogits[target] = 1
      toLogits[own] = -1
      const larger = z[target] - z[own] > largest[e]
      if (larger) largest[e] = z[target] - z[own]
      return larger
    })
    device.climb.keep(isLarger, columns, point, worst)
    if (step < attack.steps) {
      tape.backward()
      device.climb.step(x, box.radius, attack.stepSize, ends)
    }
    device.release(mark)
  }
  device.release(kept)
  return worst
}

/** Adds the points' gradients to those of their box, as the connector says. */
export function connect(box: CentredBox, ends: Interval, points: Tensor): void {
  makeGradients(box.centre, box.radius)
  const [x, l, u] = [points.view(), ends.lower.view(), ends.upper.view()]
  const [dx, dc, dr] = [points.gradient.view(), box.centre.gradient.view(), box.radius.gradient.view()]
  for (let i = 0; i < x.length; i++) {
    const reach = CONNECTOR * (u[i] - l[i])
    // a box that is a point moves with both ends
    const toUpper = reach > 0 ? Math.min(1, Math.max(0, (x[i] - u[i]) / reach + 1)) : 0.5
    const toLower = reach > 0 ? Math.min(1, Math.max(0, (l[i] - x[i]) / reach + 1)) : 0.5
    dc[i] += (toUpper + toLower) * dx[i]
    dr[i] += (toUpper - toLower) * dx[i]
  }
}
