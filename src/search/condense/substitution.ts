/**
 * Backward substitution in float64: a linear function of any value of a graph becomes one of its inputs and its unstable
 * neurons. Neurons whose sign is known over the box are linear, so they are multiplied out on the way:
 *
 *   c·z + d,  z = W a + b   becomes   (Wᵀ c)·a + (d + c·b)
 *
 * Rounding: an error δ in a coefficient moves the row by at most |δ|·max |value|. Over all affine nodes on the way that
 * sums to γ·Σ |coefficient|·magnitude, where the magnitude of a value is |W|·max |a| + |b|, and γ counts the terms of the
 * longest possible sum. A row's `error` says it.
 * Sound: yes, the error included. Source of the rounding: Higham 2002, Section 3.1.
 */
import { BackwardRows, TOGETHER } from '../../device/wasm/backward-rows.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { type Graph, sizesOf } from '../../model/graph.ts'
import type { LinearMap } from '../../model/linear-map.ts'
import { FREE, OFF, ON, type Phases } from '../../model/phase.ts'
import type { Deadline } from '../../base/deadline.ts'
import type { Row } from '../system/condensed.ts'
import { UNDERFLOW, UNIT, checkRange } from '../system/range.ts'

const checked = new WeakSet<LinearMap>()

/** Once per map. @throws OutOfRange */
function checkWeights(map: LinearMap): void {
  if (checked.has(map)) return
  checkRange(map.form.kind === 'sparse' ? map.form.weight : map.form.weights)
  checked.add(map)
}

export class Substitution {
  readonly graph: Graph
  readonly inputs: number
  /** Bounds of every value over the box. Callers may tighten those of a value until a node reads it. */
  readonly lower: Float64Array[]
  readonly upper: Float64Array[]
  /** Unstable neurons so far: which element of which value. */
  readonly neurons: { readonly value: number; readonly element: number }[] = []
  /** Per ReLU node: its neurons' phases over the box, and the number of its first free one. */
  readonly #phases: (Phases | undefined)[]
  readonly #firstFree: Int32Array
  readonly #magnitude: (Float64Array | undefined)[]
  readonly #backward: BackwardRows
  readonly #gamma: number

  /**
   * Takes memory of the engine as it needs it: the caller marks and releases.
   * @param lower, upper ends of the box of inputs, finite, lower ≤ upper
   * @throws OutOfRange for weights or ends that are too large
   */
  constructor(engine: Engine, graph: Graph, lower: Float64Array, upper: Float64Array) {
    const sizes = sizesOf(graph)
    this.graph = graph
    this.inputs = sizes[0]
    checkRange(lower)
    checkRange(upper)
    graph.nodes.forEach((node) => node.kind === 'affine' && node.terms.forEach(({ map }) => checkWeights(map)))
    this.lower = [lower.slice()]
    this.upper = [upper.slice()]
    this.#phases = graph.nodes.map(() => undefined)
    this.#firstFree = new Int32Array(graph.nodes.length)
    this.#magnitude = graph.nodes.map(() => undefined)
    this.#backward = new BackwardRows(engine, graph)
    const terms = graph.nodes.map((node) =>
      node.kind === 'affine' ? node.terms.reduce((n, t) => n + t.map.terms, 0) : 1,
    )
    this.#gamma = 4 * UNIT * (64 + sizes.reduce((a, b) => a + b, 0) + terms.reduce((a, b) => a + b, 0))
  }

  /** An interval step: bounds of an affine node's result, from those of the values that it reads. */
  pushAffine(node: number): void {
    const { terms, bias } = this.graph.nodes[node] as Extract<Graph['nodes'][number], { kind: 'affine' }>
    const centre = bias.slice()
    const radius = new Float64Array(bias.length)
    const magnitude = bias.map(Math.abs)
    for (const { value, map } of terms) {
      const [l, u] = [this.lower[value], this.upper[value]]
      map.forward(
        l.map((low, j) => (low + u[j]) / 2),
        centre,
      )
      map.absolute(
        l.map((low, j) => (u[j] - low) / 2),
        radius,
      )
      map.absolute(
        l.map((low, j) => Math.max(Math.abs(low), Math.abs(u[j]))),
        magnitude,
      )
    }
    checkRange(magnitude)
    const widened = radius.map((r, o) => r + this.#gamma * magnitude[o] + UNDERFLOW)
    this.#magnitude[node] = magnitude
    this.lower.push(centre.map((c, o) => c - widened[o]))
    this.upper.push(centre.map((c, o) => c + widened[o]))
  }

  /** Settles the neurons of a ReLU node by the bounds of its value. Those that are unstable become neurons of the system. */
  pushRelu(node: number): void {
    const { value } = this.graph.nodes[node] as Extract<Graph['nodes'][number], { kind: 'relu' }>
    const [lower, upper] = [this.lower[value], this.upper[value]]
    this.#firstFree[node] = this.neurons.length
    this.#phases[node] = Int8Array.from(lower, (l, element) => {
      if (l >= 0) return ON
      if (upper[element] <= 0) return OFF
      this.neurons.push({ value, element })
      return FREE
    })
    this.lower.push(lower.map((l) => Math.max(l, 0)))
    this.upper.push(upper.map((u) => Math.max(u, 0)))
  }

  /** Elements of a value as rows. All nodes below the value must have been pushed. @throws TimeIsUp past the deadline */
  rows(value: number, elements: readonly number[], deadline: Deadline): Row[] {
    const rows: Row[] = []
    for (let first = 0; first < elements.length; first += TOGETHER) {
      deadline.check()
      rows.push(...this.#together(value, elements.slice(first, first + TOGETHER)))
    }
    return rows
  }

  /** At most TOGETHER rows. Coefficients lie [element][row]. */
  #together(value: number, elements: readonly number[]): Row[] {
    const backward = this.#backward
    backward.reach(value)
    const first = backward.coefficients(value)
    elements.forEach((element, r) => (first[element * TOGETHER + r] = 1))
    const ofNeurons = new Float64Array(this.neurons.length * TOGETHER)
    const bias = new Float64Array(TOGETHER)
    const error = new Float64Array(TOGETHER)
    for (let v = value; v > 0; v--) {
      if (!backward.isReached(v)) continue
      const node = this.graph.nodes[v - 1]
      if (node.kind === 'affine') {
        const magnitude = this.#magnitude[v - 1]!
        const own = backward.coefficients(v)
        for (let o = 0, at = 0; o < magnitude.length; o++) {
          for (let r = 0; r < TOGETHER; r++, at++) {
            const c = own[at]
            if (c === 0) continue
            bias[r] += c * node.bias[o]
            error[r] += Math.abs(c) * magnitude[o]
          }
        }
        backward.carry(v - 1)
      } else {
        backward.reach(node.value)
        const [own, below] = [backward.coefficients(v), backward.coefficients(node.value)]
        let free = this.#firstFree[v - 1]
        this.#phases[v - 1]!.forEach((phase, j) => {
          if (phase === OFF) return
          const [target, to] = phase === ON ? [below, j * TOGETHER] : [ofNeurons, free++ * TOGETHER]
          for (let r = 0; r < TOGETHER; r++) target[to + r] += own[j * TOGETHER + r]
        })
      }
      backward.clear(v)
    }
    backward.reach(0)
    const ofInputs = backward.coefficients(0).slice()
    backward.clear(0)
    return elements.map((_, r) => {
      const source: number[] = []
      const weight: number[] = []
      const collect = (all: Float64Array, start: number) => {
        for (let at = r, s = start; at < all.length; at += TOGETHER, s++) {
          if (all[at] === 0) continue
          source.push(s)
          weight.push(all[at])
        }
      }
      collect(ofInputs, 0)
      collect(ofNeurons, this.inputs)
      return {
        bias: bias[r],
        source: Int32Array.from(source),
        weight: Float64Array.from(weight),
        error: this.#gamma * error[r] + UNDERFLOW,
      }
    })
  }
}
