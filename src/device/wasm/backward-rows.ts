/**
 * Sixteen linear functions of a graph's values on their way back to its inputs: c_below += Wᵀ c for every affine node
 * (assembly/scatter.ts). Coefficients lie [element][row], in float64, and are zero until something is added to them.
 */
import { type Graph, sizesOf } from '../../model/graph.ts'
import { DoubleArray } from './double-array.ts'
import type { Engine } from './engine.ts'
import { type Scatter, TOGETHER, scatterOf } from './scatter.ts'

export { TOGETHER } from './scatter.ts'

export class BackwardRows {
  readonly #engine: Engine
  readonly #graph: Graph
  readonly #sizes: readonly number[]
  /** Per value, and per node and term, once they are needed. */
  readonly #coefficients: (DoubleArray | undefined)[]
  readonly #scatters: Scatter[][]
  readonly #reached: boolean[]

  /** Takes memory of the engine as it needs it: the caller marks and releases. */
  constructor(engine: Engine, graph: Graph) {
    this.#engine = engine
    this.#graph = graph
    this.#sizes = sizesOf(graph)
    this.#coefficients = this.#sizes.map(() => undefined)
    this.#scatters = graph.nodes.map(() => [])
    this.#reached = this.#sizes.map(() => false)
  }

  /** Whether a value's coefficients may be other than zero. */
  isReached(value: number): boolean {
    return this.#reached[value]
  }

  /** Makes room for a value's coefficients. */
  reach(value: number): void {
    this.#reached[value] = true
    this.#coefficients[value] ??= DoubleArray.zeros(this.#engine, this.#sizes[value] * TOGETHER)
  }

  /** The coefficients of a value that was reached, until another one is. */
  coefficients(value: number): Float64Array {
    return this.#coefficients[value]!.view
  }

  /** Carries the coefficients of an affine node's result, which was reached, to the values that it reads. */
  carry(node: number): void {
    const affine = this.#graph.nodes[node]
    if (affine.kind !== 'affine') return
    affine.terms.forEach(({ value, map }, i) => {
      this.reach(value)
      const scatter = (this.#scatters[node][i] ??= scatterOf(this.#engine, map))
      scatter(this.#coefficients[node + 1]!.pointer, this.#coefficients[value]!.pointer)
    })
  }

  /** Sets a value's coefficients to zero. */
  clear(value: number): void {
    this.#coefficients[value]!.view.fill(0)
    this.#reached[value] = false
  }
}
