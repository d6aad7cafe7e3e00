/**
 * Networks with one tiny place where a counterexample is, or where it only just is not: for tests. Every number is a
 * small multiple of a power of two and every hidden transformation is a matrix of whole numbers whose inverse is one,
 * so the least distance to unsafe is known exactly, by construction: at the place it is 1 − height, elsewhere more.
 */
import type { Random } from '../../base/random.ts'
import type { Graph, GraphNode } from '../../model/graph.ts'
import { type LinearMap, denseMap } from '../../model/linear-map.ts'
import type { Question } from '../../region/question.ts'

export interface NearMiss {
  readonly graph: Graph
  readonly question: Question
  /** Where the distance to unsafe is least. */
  readonly place: Float64Array
}

/**
 * The output is 1 − height · bump − 7/8 · rival + decoys: each bump falls from 1 at its place to 0 within the width, the
 * rival's place is another, and decoys are neurons that are 0 at the place. Both bumps at once are what relaxations
 * see, so that even a robust one needs splits: 2 · inputs + 4 neurons can be unstable.
 * @param width of the bumps, a power of two, in a box of width 1
 * @param height the question is robust iff it is < 1; from 15/16 to 17/16
 */
export function bump(random: Random, inputs: number, width: number, height: number): NearMiss {
  // inside the box, on its sides and at its corners
  const somewhere = () =>
    Float64Array.from({ length: inputs }, () => [0, 1, random.integer(1025) / 1024][random.integer(3)])
  const place = somewhere()
  let rival = somewhere()
  while (rival.reduce((sum, x, i) => sum + Math.abs(x - place[i]), 0) < 1 / 4) rival = somewhere()
  const chain = hide(random, inputs)
  // |x − place| = 2 max(x − place, 0) − (x − place); x itself is never below 0
  const axes = identity(inputs)
  const steep = axes.map((row) => row.map((v) => v / width))
  const decoys = [0, 1].map(() => Array.from({ length: inputs }, () => random.integer(5) - 2))
  const minus = (row: readonly number[], at: Float64Array) => -dot(row, at)
  chain.read(
    [...steep, ...steep, ...axes, ...decoys],
    [
      ...steep.map((row) => minus(row, place)),
      ...steep.map((row) => minus(row, rival)),
      ...axes.map(() => 0),
      ...decoys.map((row) => minus(row, place)),
    ],
  )
  chain.relu()
  const none = axes.map(() => 0)
  const near = [...axes.map(() => -2), ...none, ...axes.map(() => 1 / width), 0, 0]
  const nearRival = [...none, ...axes.map(() => -2), ...axes.map(() => 1 / width), 0, 0]
  const kept = [...none, ...none, ...none, 1, 1]
  const sum = (at: Float64Array) => at.reduce((a, b) => a + b, 0)
  chain.affine([near, nearRival, kept], [1 - sum(place) / width, 1 - sum(rival) / width, 0])
  chain.relu()
  chain.affine([[-height, -7 / 8, 1 / 4]], [1])
  return question(chain.graph('bump'), inputs, place)
}

/**
 * The output is 1 − height · teeth(x) + |x − peak| for one coordinate x, where teeth rises to 1 and falls to 0 in 2^depth
 * pieces: one neuron for each level.
 * @param depth number of levels
 */
export function sawtooth(random: Random, inputs: number, depth: number, height: number): NearMiss {
  const peak = (2 * random.integer(2 ** (depth - 1)) + 1) / 2 ** depth
  const place = Float64Array.from({ length: inputs }, (_, i) => (i === 0 ? peak : random.integer(9) / 8))
  const chain = hide(random, inputs)
  const coordinate = identity(inputs)[0]
  const minus = coordinate.map((v) => -v)
  // carried to the end: x − peak and peak − x; then x, x − 1/2
  chain.read([coordinate, minus, coordinate, coordinate], [-peak, peak, 0, -1 / 2])
  for (let level = 1; level < depth; level++) {
    chain.relu()
    // a tooth of [0, 1] is 2 x − 4 max(x − 1/2, 0)
    const tooth = [0, 0, 2, -4]
    chain.affine([[1, 0, 0, 0], [0, 1, 0, 0], tooth, tooth], [0, 0, 0, -1 / 2])
  }
  chain.relu()
  chain.affine([[1, 1, -2 * height, 4 * height]], [1])
  return question(chain.graph('sawtooth'), inputs, place)
}

const question = (graph: Graph, inputs: number, place: Float64Array): NearMiss => ({
  ...{ graph, place },
  question: {
    lower: new Float64Array(inputs),
    upper: new Float64Array(inputs).fill(1),
    unsafe: [[{ coefficients: Float64Array.of(1), bound: 0 }]],
  },
})

/** An affine layer, ReLUs that are all on, and what is needed to undo both. */
function hide(random: Random, inputs: number): Chain {
  const { matrix, inverse } = unimodular(random, inputs)
  const shift = matrix.map((row) => row.reduce((sum, v) => sum + Math.max(-v, 0), 1))
  const chain = new Chain(inputs, inverse, shift)
  chain.affine(matrix, shift)
  chain.relu()
  return chain
}

/** Nodes one after another. */
class Chain {
  readonly #inputs: number
  readonly #inverse: readonly number[][]
  readonly #shift: readonly number[]
  readonly #nodes: GraphNode[] = []

  constructor(inputs: number, inverse: readonly number[][], shift: readonly number[]) {
    this.#inputs = inputs
    this.#inverse = inverse
    this.#shift = shift
  }

  /** Affine functions of the hidden input. */
  read(rows: readonly number[][], bias: readonly number[]): void {
    const undone = rows.map((row) =>
      row.map((_, i) =>
        dot(
          row,
          this.#inverse.map((line) => line[i]),
        ),
      ),
    )
    this.affine(
      undone,
      bias.map((b, r) => b - dot(undone[r], this.#shift)),
    )
  }

  affine(rows: readonly (readonly number[])[], bias: readonly number[]): void {
    const map: LinearMap = denseMap(Float64Array.from(rows.flat()), rows.length, rows[0].length)
    this.#nodes.push({ kind: 'affine', terms: [{ value: this.#nodes.length, map }], bias: Float64Array.from(bias) })
  }

  relu(): void {
    this.#nodes.push({ kind: 'relu', value: this.#nodes.length })
  }

  graph(name: string): Graph {
    return { name, inputShape: [this.#inputs], nodes: this.#nodes }
  }
}

/** A matrix of whole numbers and determinant 1, by row operations, which its inverse undoes. */
function unimodular(random: Random, size: number): { matrix: number[][]; inverse: number[][] } {
  const matrix = identity(size)
  const inverse = identity(size)
  for (let step = 0; step < 2 * size && size > 1; step++) {
    const [to, from] = random.permutation(size)
    const sign = 2 * random.integer(2) - 1
    matrix[to] = matrix[to].map((v, i) => v + sign * matrix[from][i])
    for (const row of inverse) row[from] -= sign * row[to]
  }
  return { matrix, inverse }
}

const identity = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)))

const dot = (a: readonly number[], b: ArrayLike<number>): number => a.reduce((sum, v, i) => sum + v * b[i], 0)
