/**
 * Complete verification by mixed-integer programming, one unsafe case at a time: is this minimum above 0?
 *
 *   min over the box of  max_i g_i,   g the case's constraints, with a binary for each unstable neuron
 *
 * Branch and bound on the LP relaxation solves it. It splits the neuron whose triangle costs the bound most, and takes
 * the side to which the LP's point leans first, depth first, so that each LP starts from a basis near its own.
 * Sound: yes, every node is closed by a safe bound of its own (safe-bound.ts), and HiGHS is never trusted. Complete: up to
 * rounding; where the minimum is within rounding of 0 the verdict is 'undecided'. Source: Tjeng, Xiao & Tedrake (2019).
 */
import { Deadline } from '../../base/deadline.ts'
import { FREE, OFF, ON, type Phase, type Phases } from '../../model/phase.ts'
import type { CompleteResult, Resumable } from '../../region/question.ts'
import type { Condensed } from '../system/condensed.ts'
import { type LpResult, LinearProgram, abandonHighs } from './lp.ts'

export interface MilpOptions {
  readonly deadline: Deadline
  /** Whether the network itself, in float64, is unsafe at a point of the box. */
  readonly isCounterexample: (point: Float64Array) => boolean
}

/** With the number of parts of the box that were bounded, and of the LPs. */
export type MilpResult = CompleteResult & { readonly nodes: number; readonly lps: number }

/**
 * Decides a condensed question.
 * @throws Error if HiGHS cannot be loaded or runs out of memory
 */
export async function solveMilp(system: Condensed, options: MilpOptions): Promise<MilpResult> {
  const search = new MilpSearch(system, options.isCounterexample)
  try {
    const verdict = await search.run(options.deadline)
    return { ...verdict, nodes: search.nodes, lps: search.lps }
  } finally {
    await search.close()
  }
}

/** The part of the box where these neurons have these phases. */
interface Node {
  readonly phases: Phases
  /** The bound that was proved of the part that it was split from. */
  readonly bound: number
}

/** A case, and the parts of the box where it is still open, the next one last. */
interface OpenCase {
  readonly rows: readonly number[]
  readonly nodes: Node[]
}

/** A search that continues where it stopped. */
export class MilpSearch implements Resumable {
  readonly #system: Condensed
  readonly #isCounterexample: (point: Float64Array) => boolean
  #program: LinearProgram | undefined
  readonly #cases: OpenCase[]
  /** Cases whose root is done. All roots come before any split, since any of them may have a counterexample. */
  #begun = 0
  #deadline = Deadline.never
  nodes = 0
  /** Least bound of the parts that are closed. */
  #least = Infinity
  #found: Float64Array | undefined

  constructor(system: Condensed, isCounterexample: (point: Float64Array) => boolean) {
    this.#system = system
    this.#isCounterexample = isCounterexample
    const phases = new Int8Array(system.neurons)
    this.#cases = system.cases.map((rows) => ({ rows, nodes: [{ phases, bound: -Infinity }] }))
  }

  get lps(): number {
    return this.#program?.solved ?? 0
  }

  /** @throws Error if HiGHS cannot be loaded or runs out of memory */
  async run(deadline: Deadline): Promise<CompleteResult> {
    this.#deadline = deadline
    try {
      this.#program ??= await LinearProgram.create(this.#system)
      return await this.#explore()
    } catch (error) {
      deadline.signal?.throwIfAborted()
      abandonHighs()
      this.#program = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    this.#program?.dispose()
    this.#program = undefined
  }

  async #explore(): Promise<CompleteResult> {
    const cases = this.#cases
    while (this.#begun < cases.length && (await this.#work(cases[this.#begun], 1))) this.#begun++
    const begun = this.#begun === cases.length
    if (begun) cases.sort((a, b) => leastBound(a) - leastBound(b))
    let complete = begun
    for (let i = 0; complete && i < cases.length; i++) complete = await this.#work(cases[i], Infinity)
    if (this.#found) return { verdict: 'vulnerable', point: this.#found }
    const bound = cases.reduce((least, open) => Math.min(least, leastBound(open)), this.#least)
    if (!complete) return { verdict: 'undecided', bound, reason: 'timeout' }
    return bound > 0 ? { verdict: 'robust', margin: bound } : { verdict: 'undecided', bound, reason: 'precision' }
  }

  /** Takes up to `most` nodes of a case. @returns false if there is a counterexample or the time is up */
  async #work({ rows, nodes }: OpenCase, most: number): Promise<boolean> {
    const program = this.#program!
    if (nodes.length > 0) program.setObjective(rows)
    for (let taken = 0; taken < most && nodes.length > 0; taken++) {
      await this.#deadline.giveTurn()
      const seconds = this.#deadline.left() / 1000
      if (seconds <= 0) return false
      const node = nodes.pop()!
      const result = program.solveForSign(node.phases, seconds)
      this.nodes++
      // what holds in the whole holds in a part
      const bound = Math.max(node.bound, result.bound)
      if (bound > 0) {
        this.#least = Math.min(this.#least, bound)
        continue
      }
      if (result.point && this.#isCounterexample(result.point)) {
        this.#found = result.point
        return false
      }
      const neuron = neuronToSplit(node.phases, result)
      if (neuron === undefined) this.#least = Math.min(this.#least, bound)
      else {
        const leansOn = result.on[neuron] >= result.off[neuron]
        const [far, near] = leansOn ? ([OFF, ON] as const) : ([ON, OFF] as const)
        nodes.push(fixed(node, neuron, far, bound), fixed(node, neuron, near, bound))
      }
    }
    return true
  }
}

const leastBound = ({ nodes }: OpenCase): number => nodes.reduce((least, { bound }) => Math.min(least, bound), Infinity)

const fixed = ({ phases }: Node, neuron: number, phase: Phase, bound: number): Node => ({
  phases: phases.with(neuron, phase),
  bound,
})

/** The free neuron with the largest price; among equals the one with the largest gap. Undefined if none is free. */
function neuronToSplit(phases: Phases, { prices, on, off }: LpResult): number | undefined {
  let best: number | undefined
  let [price, gap] = [-1, -1]
  for (let k = 0; k < phases.length; k++) {
    if (phases[k] !== FREE || !(prices[k] >= price || best === undefined)) continue
    const own = Math.min(on[k], off[k])
    if (best !== undefined && prices[k] === price && !(own > gap)) continue
    best = k
    price = prices[k]
    gap = own
  }
  return best
}
