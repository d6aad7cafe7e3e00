/** What attacks ask a network: its logits at some points, in float32 on a device, or in float64 where it is a graph. */
import { forward } from '../device/forward.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { Tape } from '../device/tape.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { sizeOf } from '../model/layers.ts'
import { gradientOf } from './graph-attack.ts'
import { IMAGES_PER_PASS } from './inputs.ts'
import type { Loss } from './losses.ts'

export interface Question {
  /** Pixels, [channel][y][x]. */
  readonly pixels: Float64Array
  /** Whose value and gradient are wanted, if any is. */
  readonly loss?: Loss | undefined
}

export interface Answer {
  readonly logits: Float64Array
  /** Of the loss; NaN without one. */
  readonly value: number
  /** Of the loss, by the pixels; empty without one. */
  readonly gradient: Float64Array
}

export interface Oracle {
  /** Questions that it takes at once. */
  readonly most: number
  /** An answer depends on its question alone, not on the others. */
  ask(questions: readonly Question[]): Answer[]
}

/** One pass of a network on a device for all questions, and one back if one of them wants a gradient. */
export function deviceOracle(network: LoadedNetwork, most = IMAGES_PER_PASS): Oracle {
  const { device, architecture, normalisation } = network
  const { height, width } = architecture.input
  const inputs = sizeOf(architecture.input)
  const scaleOf = (input: number) => normalisation[Math.floor(input / (height * width))]!
  const columns = (most + 3) & ~3

  function normalised(questions: readonly Question[]): Float32Array {
    const points = new Float32Array(inputs * columns)
    for (let i = 0; i < inputs; i++) {
      const { mean, deviation } = scaleOf(i)
      questions.forEach(({ pixels }, e) => (points[i * columns + e] = (pixels[i]! - mean) / deviation))
    }
    return points
  }

  function ask(questions: readonly Question[]): Answer[] {
    const mark = device.mark()
    const images = device.tensorFrom(normalised(questions))
    const tape = questions.some(({ loss }) => loss) ? new Tape() : undefined
    const outputs = forward(network, tape, images, { columns, input: tape !== undefined, weights: false })
    const scores = outputs.read()
    const heads = questions.map(({ loss }, e) =>
      headOf(
        scores.filter((_, i) => i % columns === e),
        loss,
      ),
    )
    if (tape) {
      const back = outputs.gradient.view()
      heads.forEach(({ slopes }, e) => slopes.forEach((slope, c) => (back[c * columns + e] = slope)))
      tape.backward()
    }
    const slopes = tape && images.gradient.view()
    const answers = questions.map(({ loss }, e) => {
      const { logits, value } = heads[e]!
      const gradient = new Float64Array(loss ? inputs : 0)
      for (let i = 0; i < gradient.length; i++) gradient[i] = slopes![i * columns + e]! / scaleOf(i).deviation
      return { logits, value, gradient }
    })
    device.release(mark)
    return answers
  }

  return { most, ask }
}

/** One question after the other. @param graph over pixels */
export const graphOracle = (graph: Graph): Oracle => ({
  most: 1,
  ask: (questions) =>
    questions.map(({ pixels, loss }) => {
      const values = evaluateGraph(graph, pixels)
      const { logits, value, slopes } = headOf(values.at(-1)!, loss)
      return { logits, value, gradient: loss ? gradientOf(graph, values, slopes) : new Float64Array() }
    }),
})

/** What a loss makes of logits: its value, and its slopes by them; none without a loss. */
function headOf(scores: ArrayLike<number>, loss: Loss | undefined) {
  const logits = Float64Array.from(scores)
  const slopes = new Float64Array(loss ? logits.length : 0)
  return { logits, value: loss ? loss(logits, slopes) : NaN, slopes }
}
