/**
 * Interval bounds of a whole network, step by step (interval-step.ts), and of its margins.
 * Problem: bounds of every layer over a box. Sound: yes. Complete: no. Source: Gowal et al. 2018.
 */
import type { CentredBox } from '../device/device.ts'
import { type Tape, type Tensor, makeGradients } from '../device/tape.ts'
import type { LoadedNetwork, Term } from '../device/loaded-network.ts'
import type { Chunk } from './chunk.ts'
import { type StageInterval, boxBehind, boxesOf, intervalStep } from './interval-step.ts'
import { intervalRounding, underflow } from './rounding.ts'
import { tightenToBall } from './settle.ts'

/**
 * Plain interval propagation from the image. Of an ℓ2 or ℓ1 ball, stages that read the image alone get exact bounds;
 * where the network has no hidden stage, its margins come from the box around the ball.
 * @returns the bounds of every hidden stage, what is behind each, and the ball that the last stage reads
 */
export function propagateIntervals(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  rigorous = false,
): { readonly hidden: readonly StageInterval[]; readonly behind: readonly CentredBox[]; readonly last: CentredBox } {
  const { device, stages } = network
  const behind: CentredBox[] = []
  const hidden = stages.slice(0, -1).map((stage, i) => {
    const boxes = boxesOf(stage, chunk.ball, behind)
    const interval = intervalStep(device, tape, stage, { boxes, columns: chunk.columns, rigorous })
    if (stage.terms.every(({ source }) => source < 0)) tightenToBall(network, tape, { chunk, stage: i, interval })
    behind.push(boxBehind(device, tape, stage, interval))
    return interval
  })
  return { hidden, behind, last: boxesOf(stages.at(-1)!, chunk.ball, behind)[0] }
}

/**
 * Upper bounds of z_target − z_label for one example by an interval step through the difference of two rows of the
 * last stage: tighter than the difference of two bounds. One number per target, 0 at the label.
 */
export function intervalMargins(
  network: LoadedNetwork,
  tape: Tape | undefined,
  box: CentredBox,
  { columns, example, label, rigorous = false }: MarginOptions,
): Tensor {
  const { device, stages } = network
  const last = stages.at(-1)!
  const [{ weight, geometry }] = last.terms as [Term]
  const inputs = geometry.input.channels
  const classes = last.outputShape.channels
  const margins = device.zeroTensor(classes)
  const [factor, least] = rigorous ? [intervalRounding(last.terms), underflow] : [0, 0]
  const [bounds, b, w] = [margins.view(), last.bias.view(), weight.view()]
  const [centre, radius] = [box.centre.view(), box.radius.view()]
  for (let target = 0; target < classes; target++) {
    if (target === label) continue
    let sum = b[target] - b[label]
    let magnitude = Math.abs(b[target]) + Math.abs(b[label])
    for (let k = 0, at = example; k < inputs; k++, at += columns) {
      const wt = w[target * inputs + k]
      const wl = w[label * inputs + k]
      const c = centre[at]
      const r = radius[at]
      sum += (wt - wl) * c + Math.abs(wt - wl) * r
      magnitude += (Math.abs(wt) + Math.abs(wl)) * (Math.abs(c) + r)
    }
    bounds[target] = sum + factor * magnitude + least
  }
  tape?.record(() => {
    const gradients = makeGradients(margins, box.centre, box.radius, weight, last.bias)
    const [d, dc, dr, dw, db] = gradients.map((gradient) => gradient.view()) as Five
    const [w, centre, radius] = [weight.view(), box.centre.view(), box.radius.view()]
    for (let target = 0; target < classes; target++) {
      const g = d[target]
      if (target === label || g === 0) continue
      db[target] += g
      db[label] -= g
      for (let k = 0, at = example; k < inputs; k++, at += columns) {
        const difference = w[target * inputs + k] - w[label * inputs + k]
        const toWeight = g * (centre[at] + Math.sign(difference) * radius[at])
        dw[target * inputs + k] += toWeight
        dw[label * inputs + k] -= toWeight
        dc[at] += g * difference
        dr[at] += g * Math.abs(difference)
      }
    }
  })
  return margins
}

type Five = [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]

/** Which margins, and whether they allow for float32 rounding, as certificates need it. */
interface MarginOptions {
  readonly columns: number
  readonly example: number
  readonly label: number
  readonly rigorous?: boolean
}
