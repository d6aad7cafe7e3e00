/**
 * Backward substitution: a linear function of any value of a graph becomes one of its inputs and its unstable
 * neurons. Neurons whose sign is known over the box are linear and are multiplied out on the way.
 *
 * All in float64. A row's `error` bounds its rounding: an error δ in a coefficient of a value moves the row by at most
 * |δ|·max|value|, which sums to γ·Σ|coefficient|·magnitude over the affine nodes on the way, where the magnitude of a
 * value is |W|·max|a| + |b| and γ counts the terms of the longest possible sum (Higham 2002, Section 3.1).
 */
import { type Graph, sizesOf } from '../networks/graph.ts'

/** bias + Σ weight · source, where sources are the inputs 0 … n − 1 and then the unstable neurons. */
export interface Row {
  readonly bias: number
  readonly source: Int32Array
  readonly weight: Float64Array
  readonly error: number
}

/** What is known of a ReLU neuron over the box; unstable neurons have their number instead, from 0. */
const OFF = -2
const ON = -1

const UNIT = 2 ** -53

export class Substitution {
  readonly graph: Graph
  readonly inputs: number
  /** Bounds of every value over the box; callers may tighten those of values that no node has read yet. */
  readonly lower: Float64Array[]
  readonly upper: Float64Array[]
  /** Unstable neurons so far, with the value and element that each one cuts. */
  readonly neurons: { readonly value: number; readonly element: number }[] = []
  readonly #phases: (Int32Array | undefined)[]
  readonly #magnitude: (Float64Array | undefined)[]
  readonly #coefficients: Float64Array[]
  readonly #touched: boolean[]
  readonly #gamma: number

  /** @param lower, upper ends of the box of inputs, finite, lower ≤ upper */
  constructor(graph: Graph, lower: Float64Array, upper: Float64Array) {
    const sizes = sizesOf(graph)
    this.graph = graph
    this.inputs = sizes[0]!
    this.lower = [lower.slice()]
    this.upper = [upper.slice()]
    this.#phases = graph.nodes.map(() => undefined)
    this.#magnitude = graph.nodes.map(() => undefined)
    this.#coefficients = sizes.map((size) => new Float64Array(size))
    this.#touched = sizes.map(() => false)
    const terms = graph.nodes.map((node) =>
      node.kind === 'affine' ? node.terms.reduce((n, t) => n + t.map.terms, 0) : 1,
    )
    this.#gamma = 4 * UNIT * (64 + sizes.reduce((a, b) => a + b, 0) + terms.reduce((a, b) => a + b, 0))
  }

  /** An interval step: bounds of what an affine node makes, from those of its values. */
  pushAffine(node: number): void {
    const { terms, bias } = this.graph.nodes[node] as Extract<Graph['nodes'][number], { kind: 'affine' }>
    const centre = bias.slice()
    const radius = new Float64Array(bias.length)
    const magnitude = bias.map(Math.abs)
    for (const { value, map } of terms) {
      const [l, u] = [this.lower[value]!, this.upper[value]!]
      map.forward(
        l.map((low, j) => (low + u[j]!) / 2),
        centre,
      )
      map.absolute(
        l.map((low, j) => (u[j]! - low) / 2),
        radius,
      )
      map.absolute(
        l.map((low, j) => Math.max(Math.abs(low), Math.abs(u[j]!))),
        magnitude,
      )
    }
    const widened = radius.map((r, o) => r + this.#gamma * magnitude[o]! + Number.MIN_VALUE)
    this.#magnitude[node] = magnitude
    this.lower.push(centre.map((c, o) => c - widened[o]!))
    this.upper.push(centre.map((c, o) => c + widened[o]!))
  }

  /** Settles a ReLU node by the bounds of its value: what they leave open becomes a neuron of the system. */
  pushRelu(node: number): void {
    const { value } = this.graph.nodes[node] as Extract<Graph['nodes'][number], { kind: 'relu' }>
    const [lower, upper] = [this.lower[value]!, this.upper[value]!]
    this.#phases[node] = Int32Array.from(lower, (l, element) => {
      if (l >= 0) return ON
      if (upper[element]! <= 0) return OFF
      return this.neurons.push({ value, element }) - 1
    })
    this.lower.push(lower.map((l) => Math.max(l, 0)))
    this.upper.push(upper.map((u) => Math.max(u, 0)))
  }

  /** One element of a value as a row. All nodes below the value must have been pushed. */
  row(value: number, element: number): Row {
    this.#coefficients[value]![element] = 1
    this.#touched[value] = true
    const ofNeurons = new Float64Array(this.neurons.length)
    let [bias, error] = [0, 0]
    for (let v = value; v > 0; v--) {
      if (!this.#touched[v]) continue
      const node = this.graph.nodes[v - 1]!
      const coefficients = this.#coefficients[v]!
      if (node.kind === 'affine') {
        const magnitude = this.#magnitude[v - 1]!
        for (let o = 0; o < coefficients.length; o++) {
          const c = coefficients[o]!
          if (c === 0) continue
          bias += c * node.bias[o]!
          error += Math.abs(c) * magnitude[o]!
        }
        for (const { value: from, map } of node.terms) {
          map.transposed(coefficients, this.#coefficients[from]!)
          this.#touched[from] = true
        }
      } else {
        const phases = this.#phases[v - 1]!
        const below = this.#coefficients[node.value]!
        this.#touched[node.value] = true
        for (let j = 0; j < coefficients.length; j++) {
          const c = coefficients[j]!
          if (c === 0 || phases[j] === OFF) continue
          if (phases[j] === ON) below[j]! += c
          else ofNeurons[phases[j]!]! += c
        }
      }
      coefficients.fill(0)
      this.#touched[v] = false
    }
    const ofInputs = this.#coefficients[0]!
    const source: number[] = []
    const weight: number[] = []
    const collect = (coefficients: Float64Array, first: number) =>
      coefficients.forEach((c, j) => {
        if (c === 0) return
        source.push(first + j)
        weight.push(c)
      })
    collect(ofInputs, 0)
    collect(ofNeurons, this.inputs)
    ofInputs.fill(0)
    this.#touched[0] = false
    return {
      bias,
      source: Int32Array.from(source),
      weight: Float64Array.from(weight),
      error: this.#gamma * error + Number.MIN_VALUE,
    }
  }
}
