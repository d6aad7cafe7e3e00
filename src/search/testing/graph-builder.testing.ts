/**
 * Builds small random graphs node by node, within a budget of neurons. Among the rows it draws are those that break
 * verifiers: zero weights, constants, neurons that are always off or on, copies of the row before.
 */
import type { Random } from '../../base/random.ts'
import { type Graph, type GraphNode, sizesOf } from '../../model/graph.ts'
import { convolutionMap } from '../../model/convolution-map.ts'
import { type ConvolutionShape, convolutionSize } from '../../model/convolution-shape.ts'
import { type LinearMap, denseMap, selectionMap, sparseMap } from '../../model/linear-map.ts'

interface BuilderOptions {
  /** Most neurons of all ReLUs together. */
  readonly neurons: number
  /** Small whole weights, and biases that let interval bounds over the box begin or end at 0. */
  readonly exact: boolean
  readonly box: { readonly lower: Float64Array; readonly upper: Float64Array }
}

export class GraphBuilder {
  readonly #random: Random
  readonly #inputShape: readonly number[]
  readonly #nodes: GraphNode[] = []
  readonly #exact: boolean
  /** Interval bounds of every value; without rounding if `exact` and the box has few bits. */
  readonly #bounds: { readonly lower: Float64Array; readonly upper: Float64Array }[]
  neuronsLeft: number

  constructor(random: Random, inputShape: readonly number[], { neurons, exact, box }: BuilderOptions) {
    this.#random = random
    this.#inputShape = inputShape
    this.#exact = exact
    this.#bounds = [box]
    this.neuronsLeft = neurons
  }

  /** The value made last; 0 is the input. */
  get last(): number {
    return this.#nodes.length
  }

  size(value: number): number {
    return this.#bounds[value].lower.length
  }

  graph(name: string): Graph {
    const graph = { name, inputShape: this.#inputShape, nodes: this.#nodes }
    if (sizesOf(graph).some((size, value) => size !== this.size(value))) throw new RangeError('sizes do not fit')
    return graph
  }

  relu(value: number): void {
    this.#nodes.push({ kind: 'relu', value })
    const { lower, upper } = this.#bounds[value]
    const cut = (z: Float64Array) => z.map((v) => Math.max(v, 0))
    this.#bounds.push({ lower: cut(lower), upper: cut(upper) })
    this.neuronsLeft -= lower.length
  }

  /** A ReLU on the last value, if there are neurons enough. */
  cut(): void {
    if (this.size(this.last) <= this.neuronsLeft) this.relu(this.last)
  }

  /** Rows as given, without biases. */
  affine(value: number, rows: readonly (readonly number[])[]): void {
    this.#push([{ value, map: denseMap(Float64Array.from(rows.flat()), rows.length, this.size(value)) }], false)
  }

  dense(value: number, outputs: number): void {
    const map = denseMap(this.#weights(outputs, this.size(value)), outputs, this.size(value))
    this.#push([{ value, map }], true)
  }

  /** A dense layer of as many outputs as `skip` has values, which are added to them. */
  denseAndSkip(value: number, skip: number): void {
    const size = this.size(skip)
    const map = denseMap(this.#weights(size, this.size(value)), size, this.size(value))
    const identity = selectionMap(size, size, (j) => j)
    this.#push(
      [
        { value, map },
        { value: skip, map: identity },
      ],
      true,
    )
  }

  concat(values: readonly number[]): void {
    const sizes = values.map((value) => this.size(value))
    const total = sizes.reduce((a, b) => a + b, 0)
    let offset = 0
    const terms = values.map((value, k) => {
      const first = offset
      offset += sizes[k]
      return { value, map: placed(sizes[k], first, total) }
    })
    this.#push(terms, false)
  }

  /** Of the input, which must be an image: whatever kernel, stride and padding make few outputs. */
  convolution(value: number): void {
    const [channels, height, width] = this.#inputShape
    const shape = (): ConvolutionShape => {
      const kernel = [1 + this.#random.integer(height), 1 + this.#random.integer(Math.min(width, 3))] as const
      const side = () => this.#random.integer(2)
      return {
        input: [channels, height, width],
        outChannels: 1 + this.#random.integer(2),
        kernel: [kernel[0], kernel[1]],
        stride: [1 + this.#random.integer(2), 1 + this.#random.integer(2)],
        dilation: [1, 1],
        padding: [side(), side(), side(), side()],
        groups: 1,
      }
    }
    const outputs = (s: ConvolutionShape) => s.outChannels * convolutionSize(s).reduce((a, b) => a * b, 1)
    let drawn = shape()
    while (outputs(drawn) > this.neuronsLeft) drawn = shape()
    const fanIn = channels * drawn.kernel[0] * drawn.kernel[1]
    this.#push([{ value, map: convolutionMap(this.#weights(drawn.outChannels, fanIn), drawn) }], true)
  }

  #weights(outputs: number, inputs: number): Float64Array {
    const random = this.#random
    const weight = () => (this.#exact ? random.integer(5) - 2 : random.normal() * Math.sqrt(2 / inputs))
    let row: number[] = []
    return Float64Array.from(
      Array.from({ length: outputs }, () => {
        const kind = random.integer(12)
        if (kind === 0) row = Array.from({ length: inputs }, () => 0)
        // kind 1: a copy of the row before
        else if (kind > 1 || row.length === 0) {
          row = Array.from({ length: inputs }, () => (random.integer(8) === 0 ? 0 : weight()))
        }
        return row
      }).flat(),
    )
  }

  #push(terms: readonly { readonly value: number; readonly map: LinearMap }[], biased: boolean): void {
    const size = terms[0].map.outputs
    const [middle, radius] = [new Float64Array(size), new Float64Array(size)]
    for (const { value, map } of terms) {
      const { lower, upper } = this.#bounds[value]
      map.forward(
        lower.map((l, i) => (l + upper[i]) / 2),
        middle,
      )
      map.absolute(
        lower.map((l, i) => (upper[i] - l) / 2),
        radius,
      )
    }
    const bias = middle.map((m, j) => (biased ? this.#bias(m, radius[j]) : 0))
    this.#nodes.push({ kind: 'affine', terms, bias })
    this.#bounds.push({
      lower: middle.map((m, j) => m - radius[j] + bias[j]),
      upper: middle.map((m, j) => m + radius[j] + bias[j]),
    })
  }

  /** For a sum from middle − radius to middle + radius. */
  #bias(middle: number, radius: number): number {
    const random = this.#random
    if (this.#exact) {
      const kind = random.integer(5)
      return kind === 0 ? radius - middle : kind === 1 ? -radius - middle : random.integer(9) / 4 - 1
    }
    const kind = random.integer(20)
    // always off, always on, both signs about equally, any
    if (kind < 2) return kind === 0 ? -20 : 20
    return kind < 15 ? -middle + 0.5 * radius * random.normal() : 0.3 * random.normal()
  }
}

/** The identity into a part of a longer value. */
const placed = (size: number, first: number, total: number): LinearMap =>
  sparseMap({
    inputs: size,
    start: Int32Array.from({ length: total + 1 }, (_, o) => Math.min(Math.max(o - first, 0), size)),
    source: Int32Array.from({ length: size }, (_, j) => j),
    weight: new Float64Array(size).fill(1),
  })
