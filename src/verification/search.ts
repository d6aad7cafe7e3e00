/** The open sub-problems of a branch and bound, and how they are split and bounded: see branch-and-bound.ts. */
import type { Engine } from '../engine/engine.ts'
import { chooseSplits } from './branching.ts'
import { adaptiveSlope, stepSize } from './condense.ts'
import { type Condensed, rowOf } from './condensed.ts'
import { Heap } from './heap.ts'
import { Batch, FREE, OFF, ON, type Phase, System } from './system.ts'

export interface SubProblem {
  /** The case's row in the condensed system. */
  readonly row: number
  /** Per neuron: FREE, ON or OFF. */
  readonly phases: Int8Array
  /** Per neuron: lower slope, or the multiplier of its split. */
  readonly variables: Float32Array
  readonly bound: number
  /** The neuron to split next; −1 if none is free. */
  readonly next: number
  /** How far a step may move the multiplier of that split. */
  readonly scale: number
}

export interface SearchOptions {
  /** Re-check of an input on the network itself, in float64. */
  readonly isCounterexample: (input: Float64Array) => boolean
}

/** Sub-problems that are bounded at once; steps of ascent for each, and for the first ones. */
const ROWS = 32
const STEPS = 10
const ROOT_STEPS = 40
/** Least length of a multiplier's steps, in coefficients. */
const LEAST_SCALE = 1e-3
/** Margins below this are worth a re-check in the network itself. */
const DOUBTFUL = 1e-6
/** Bytes that open sub-problems may take. */
const MEMORY = 2 ** 30

export class Search {
  readonly #condensed: Condensed
  readonly #options: SearchOptions
  readonly #batch: Batch
  /** For splits that are tried. */
  readonly #trial: Batch
  readonly #capacity: number
  readonly #open = new Heap<SubProblem>((a, b) => a.bound - b.bound)
  #leaves: SubProblem[] = []
  /** Least bound of what was closed. */
  least = Infinity
  /** Sub-problems bounded so far. */
  count = 0
  /** A counterexample, once there is one. */
  point: Float64Array | undefined

  /** Memory is taken from the engine's arena: the caller marks and releases. */
  constructor(engine: Engine, condensed: Condensed, options: SearchOptions) {
    const { neurons, neuronLower, neuronUpper, lower, upper } = condensed
    this.#condensed = condensed
    this.#options = options
    const rows = Array.from({ length: neurons }, (_, k) => rowOf(condensed, k))
    const system = new System(engine, { lower, upper, rows, neuronLower, neuronUpper })
    this.#batch = new Batch(system, ROWS)
    this.#trial = new Batch(system, ROWS)
    this.#capacity = MEMORY / (5 * neurons + 200)
  }

  /** One sub-problem for each case, nothing split. */
  addRoots(): void {
    const { neurons, neuronLower, neuronUpper, cases } = this.#condensed
    const phases = new Int8Array(neurons)
    const variables = Float32Array.from(neuronLower, (l, k) => adaptiveSlope(l, neuronUpper[k]!))
    const roots = cases.map(([row]) => ({ row: row!, phases, variables, bound: -Infinity, next: -1, scale: 0 }))
    for (let i = 0; i < roots.length && !this.point; i += ROWS) this.#bound(roots.slice(i, i + ROWS), ROOT_STEPS)
  }

  add(problems: readonly SubProblem[]): void {
    for (const problem of problems) this.#open.push(problem)
  }

  /** Works until nothing but leaves is open, or a counterexample is found. @returns why it stopped before */
  explore(deadline: number): 'timeout' | 'memory' | undefined {
    while (this.#open.size > 0 && !this.point) {
      if (performance.now() > deadline) return 'timeout'
      if (this.#open.size > this.#capacity) return 'memory'
      const children: SubProblem[] = []
      while (this.#open.size > 0 && children.length < ROWS) children.push(...this.#split(this.#open.pop()!))
      this.#bound(children, STEPS)
    }
    return undefined
  }

  /** Takes all open sub-problems away, worst bound first. */
  takeOpen(): SubProblem[] {
    const taken: SubProblem[] = []
    for (let problem = this.#open.pop(); problem; problem = this.#open.pop()) taken.push(problem)
    return taken
  }

  /** Takes away those that no split can settle. */
  takeLeaves(): SubProblem[] {
    const leaves = this.#leaves
    this.#leaves = []
    return leaves
  }

  /** Least bound of what is open, leaves not included. */
  get leastOpen(): number {
    return this.#open.peek()?.bound ?? Infinity
  }

  #split(parent: SubProblem): SubProblem[] {
    return ([ON, OFF] as const).map((phase) => {
      const phases = parent.phases.slice()
      const variables = parent.variables.slice()
      phases[parent.next] = phase
      variables[parent.next] = 0
      return { ...parent, phases, variables }
    })
  }

  /** Bounds at most ROWS sub-problems; what stays open is kept. */
  #bound(problems: readonly SubProblem[], steps: number): void {
    const batch = this.#batch
    this.count += problems.length
    problems.forEach((problem, r) => this.#place(problem, r))
    batch.restart()
    const best = Float64Array.from(problems, ({ bound }) => bound)
    for (let step = 0; ; step++) {
      const bounds = batch.bounds()
      best.forEach((bound, r) => (best[r] = Math.max(bound, bounds[r]!)))
      if (step === steps || best.every((bound) => bound > 0)) break
      batch.ascend(stepSize(step, steps))
    }
    const open = problems.flatMap((_, r) => (best[r]! > 0 ? [] : [r]))
    this.least = best.reduce((least, bound) => (bound > 0 ? Math.min(least, bound) : least), this.least)
    if (open.length === 0) return
    const phases = problems.map((problem) => problem.phases)
    const splits = chooseSplits(batch, this.#trial, phases, best, open)
    open.forEach((r, i) => {
      const kept = this.#keep(problems[r]!, r, best[r]!, splits[i]!)
      if (kept.next < 0) this.#leaves.push(kept)
      else this.#open.push(kept)
    })
    this.#attack(problems, open)
  }

  #place({ row, phases, variables, next, scale }: SubProblem, r: number): void {
    this.#batch.setFunction(r, rowOf(this.#condensed, row), 1)
    for (let k = 0; k < phases.length; k++) {
      const stride = k === next ? scale : phases[k] === FREE ? 1 : Math.abs(variables[k]!) + LEAST_SCALE
      this.#batch.setNeuron(k, phases[k] as Phase, variables[k]!, stride, r, r + 1)
    }
  }

  /** A sub-problem as the ascent has left it. */
  #keep({ row, phases }: SubProblem, r: number, bound: number, next: number): SubProblem {
    const { variables, hats, rows } = this.#batch
    const kept = Float32Array.from(phases, (_, k) => variables[k * rows + r]!)
    const scale = next < 0 ? 0 : Math.abs(hats[next * rows + r]!) + LEAST_SCALE
    return { row, phases, variables: kept, bound, next, scale }
  }

  /** Tries the inputs where the open rows' bounds are attained. */
  #attack(problems: readonly SubProblem[], open: readonly number[]): void {
    const { inputs: n } = this.#condensed
    const { rows } = this.#batch
    const values = this.#batch.attack()
    for (const r of open) {
      const { bias, source, weight } = rowOf(this.#condensed, problems[r]!.row)
      const margin = source.reduce((sum, s, e) => sum + weight[e]! * values[s * rows + r]!, bias)
      if (margin > DOUBTFUL) continue
      const point = Float64Array.from({ length: n }, (_, i) => values[i * rows + r]!)
      if (this.#options.isCounterexample(point)) {
        this.point = point
        return
      }
    }
  }
}
