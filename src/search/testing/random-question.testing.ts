/**
 * Small random graphs with questions about them, for tests of verification against the oracle (brute-force.testing.ts):
 * about as many robust as vulnerable ones, in every shape that a graph can have, and with the corners where signs of
 * neurons and margins are exactly zero.
 */
import type { Random } from '../../base/random.ts'
import { type Graph, evaluateGraph } from '../../model/graph.ts'
import type { RoundBall } from '../../region/region.ts'
import { type LinearConstraint, type Question, distanceToUnsafe } from '../../region/question.ts'
import { classificationQuestion } from '../../region/image-question.ts'
import { GraphBuilder } from './graph-builder.testing.ts'

/** The ball, or the ball within [0, 1]. */
export const domains = ['unbounded', 'pixels'] as const
export type Domain = (typeof domains)[number]

export const families = [
  'linear',
  'convolution',
  'residual',
  'branches',
  /** All numbers are few bits long, and interval bounds of many neurons begin or end at exactly 0. */
  'touching',
  /** The least margin is exactly 0, over a part of the box or at one point: unsafe. */
  'tie',
] as const
export type Family = (typeof families)[number]

export interface RandomCase {
  readonly graph: Graph
  readonly question: Question
}

interface Box {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** 1 to 8 inputs, mostly 2 to 4, and at most 12 neurons, fewer where there are more inputs. */
export function randomCase(random: Random, family: Family, domain: Domain): RandomCase {
  const shape = family === 'convolution' ? imageShape(random) : [inputCount(random)]
  const inputs = shape.reduce((a, b) => a * b, 1)
  const exact = family === 'touching' || family === 'tie'
  const box = randomBox(random, inputs, domain, exact)
  const build = new GraphBuilder(random, shape, { neurons: inputs > 4 ? 8 : 12, exact, box })
  hidden[family](build, random)
  if (family === 'tie') return tie(build, random, box)
  build.dense(build.last, 2 + random.integer(3))
  if (random.integer(10) === 0 && build.neuronsLeft >= build.size(build.last)) build.relu(build.last)
  const graph = build.graph(family)
  return { graph, question: random.integer(5) < 3 ? labelled(graph, box, random) : general(graph, box, random) }
}

/** The same question with its distance to unsafe larger by `by` everywhere. */
export const shifted = (question: Question, by: number): Question => ({
  ...question,
  unsafe: question.unsafe.map((constraints) =>
    constraints.map(({ coefficients, bound }) => ({ coefficients, bound: bound - by })),
  ),
})

/**
 * The same question over a ball: 'unbounded' with the box that it fills, 'pixels' with a box that cuts it, or the other
 * way round.
 */
export function inBall(question: Question, norm: RoundBall['norm'], domain: Domain, random: Random): Question {
  const { lower, upper } = question
  const widths = lower.map((l, i) => upper[i] - l)
  const size = norm === 'l1' ? lower.length : Math.sqrt(lower.length)
  const radius = (Math.max(...widths) / 2) * random.between(0.5, size)
  const share = domain === 'unbounded' ? 0.5 : random.uniform()
  const centre = lower.map((l, i) => Math.min(upper[i], l + share * widths[i]))
  const ball = { norm, centre, radius }
  if (domain === 'pixels') return { ...question, ball }
  return { ...question, ball, lower: centre.map((c) => c - radius), upper: centre.map((c) => c + radius) }
}

/** Corners, the centre, and other points of the box. */
export function samplePoints({ lower, upper }: Box, random: Random, count: number): Float64Array[] {
  return Array.from({ length: count }, (_, k) =>
    lower.map((l, i) => {
      const share = k === 0 ? 0.5 : k % 2 === 0 ? random.integer(2) : random.uniform()
      return Math.min(upper[i], l + share * (upper[i] - l))
    }),
  )
}

const inputCount = (random: Random) => (random.integer(5) === 0 ? 5 + random.integer(4) : 1 + random.integer(4))

function imageShape(random: Random): number[] {
  const shapes = [
    [1, 2, 2],
    [1, 1, 4],
    [1, 2, 3],
    [2, 2, 2],
    [1, 2, 4],
  ]
  return shapes[random.integer(shapes.length)]
}

/** @param exact ends that are multiples of 1/8 */
function randomBox(random: Random, inputs: number, domain: Domain, exact: boolean): Box {
  const pixel = exact ? () => random.integer(9) / 8 : () => random.uniform()
  const centre = Float64Array.from({ length: inputs }, pixel)
  const epsilon = exact ? (1 + random.integer(6)) / 8 : 0.1 * 10 ** random.uniform()
  // now and then some inputs are fixed
  const fixed = random.integer(4) === 0
  const radius = centre.map(() => (fixed && random.integer(2) === 0 ? 0 : epsilon))
  const clip = (value: number) => (domain === 'pixels' ? Math.min(1, Math.max(0, value)) : value)
  return { lower: centre.map((c, i) => clip(c - radius[i])), upper: centre.map((c, i) => clip(c + radius[i])) }
}

const hidden: Record<Family, (build: GraphBuilder, random: Random) => void> = {
  linear: (build, random) => {
    // without a ReLU, with one on the input, two affine nodes in a row: all are networks
    if (random.integer(8) === 0 && build.size(0) <= build.neuronsLeft) build.relu(0)
    for (let layers = random.integer(8) && 1 + random.integer(3); layers > 0; layers--) {
      build.dense(build.last, 2 + random.integer(5))
      if (random.integer(8) > 0) build.cut()
    }
  },
  convolution: (build, random) => {
    build.convolution(build.last)
    build.cut()
    if (random.integer(2) === 0) build.dense(build.last, 2 + random.integer(4))
    build.cut()
  },
  residual: (build, random) => {
    if (random.integer(3) > 0) build.dense(0, 2 + random.integer(3))
    if (random.integer(2) === 0) build.cut()
    const skip = build.last
    build.dense(skip, 2 + random.integer(3))
    build.cut()
    build.denseAndSkip(build.last, skip)
    build.cut()
  },
  branches: (build, random) => {
    const from = 0
    const branch = () => {
      build.dense(from, 2 + random.integer(3))
      build.cut()
      return build.last
    }
    const parts = [branch(), branch()]
    // the input itself may be a branch, too
    if (random.integer(3) === 0) parts.push(from)
    build.concat(parts)
    if (random.integer(2) === 0) build.dense(build.last, 2 + random.integer(3))
    build.cut()
  },
  touching: (build, random) => {
    const from = random.integer(2) === 0 ? hidden.linear : hidden.residual
    from(build, random)
  },
  tie: (build, random) => {
    build.dense(0, 2 + random.integer(4))
    build.cut()
    if (random.integer(3) > 0) {
      build.dense(build.last, 2 + random.integer(3))
      build.cut()
    }
  },
}

/** Outputs [y, y − h] of a sum h of neurons: classes that tie wherever all of these are off. */
function tie(build: GraphBuilder, random: Random, box: Box): RandomCase {
  const neurons = build.last
  const width = build.size(neurons)
  const logit = Array.from({ length: width }, () => random.integer(5) - 2)
  const drop = Array.from({ length: width }, () => random.integer(3))
  build.affine(neurons, [logit, logit.map((w, k) => w - drop[k])])
  const graph = build.graph('tie')
  // shifted to the least value at corners and the centre: a tie there at the latest
  const question = classificationQuestion(box, 0, 2)
  const points = samplePoints(box, random, 1).concat(corners(box))
  const least = Math.min(...points.map((point) => distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)))
  return { graph, question: shifted(question, -least) }
}

export function corners({ lower, upper }: Box): Float64Array[] {
  return Array.from({ length: 2 ** lower.length }, (_, k) => lower.map((l, i) => ((k >> i) & 1 ? upper[i] : l)))
}

/** Mostly the label that the network gives to the centre. */
function labelled(graph: Graph, box: Box, random: Random): Question {
  const outputs = evaluateGraph(graph, samplePoints(box, random, 1)[0]).at(-1)!
  const label = random.integer(8) === 0 ? random.integer(outputs.length) : outputs.indexOf(Math.max(...outputs))
  return classificationQuestion(box, label, outputs.length)
}

/** One to three cases of one to three constraints, near the edge of what the outputs can be. */
function general(graph: Graph, box: Box, random: Random): Question {
  const outputs = samplePoints(box, random, 60).map((point) => evaluateGraph(graph, point).at(-1)!)
  const constraint = (): LinearConstraint => {
    const coefficients = outputs[0].map(() => (random.integer(3) === 0 ? 0 : random.normal()))
    const values = outputs.map((y) => coefficients.reduce((sum, c, i) => sum + c * y[i], 0)).sort((a, b) => a - b)
    return { coefficients, bound: values[random.integer(values.length)] }
  }
  const unsafe = Array.from({ length: 1 + random.integer(3) }, () =>
    Array.from({ length: 1 + random.integer(3) }, constraint),
  )
  const question = { ...box, unsafe }
  const seen = outputs.map((y) => distanceToUnsafe(question, y)).sort((a, b) => a - b)
  // beyond all samples by some of their spread, or just within it
  const spread = seen.at(-1)! - seen[0]
  return shifted(question, -seen[0] + spread * random.between(-0.3, 0.5))
}
