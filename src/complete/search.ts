/** The open sub-problems of a branch and bound, and how they are split and bounded: see branch-and-bound.ts. */
import type { Engine } from '../engine/engine.ts'
import { moveInto } from './ball.ts'
import { Batch, FREE, OFF, ON, type Phase } from './batch.ts'
import { chooseSplits } from './branching.ts'
import { adaptiveSlope, better, stepSize } from './condense.ts'
import { type Condensed, rowOf } from './condensed.ts'
import { Heap } from './heap.ts'
import { Relaxation } from './milp/relaxation.ts'
import { System } from './system.ts'

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
  /** How many splits in a row have hardly raised the bound. */
  readonly stalled: number
}

export interface SearchOptions {
  /** Re-check of an input on the network itself, in float64. */
  readonly isCounterexample: (input: Float64Array) => boolean
}

/** Sub-problems that are bounded at once: as many as leave a sweep in the cache; steps of ascent for each, and for the first ones. */
const ROWS = 8
const STEPS = 10
const ROOT_STEPS = 40
/** A split gets on if it raises the bound by this share of what is missing; after so many that do not, an LP helps. */
const PROGRESS = 0.05
const PATIENCE = 4
/** Least length of a multiplier's steps, in coefficients. */
const LEAST_SCALE = 1e-3
/** Margins below this are worth a re-check in the network itself. */
const DOUBTFUL = 1e-6
/** Bytes that open sub-problems may take. */
const MEMORY = 2 ** 30

/** As float32 can hold it; any multiplier of the right sign is valid. */
const limited = (variable: number) => Math.max(-1e38, Math.min(1e38, variable || 0))

/** Of a sub-problem, about. */
export const bytesOf = ({ neurons }: Condensed): number => 5 * neurons + 200

export class Search {
  readonly #condensed: Condensed
  readonly #options: SearchOptions
  readonly #batch: Batch
  /** For splits that are tried. */
  readonly #trial: Batch
  readonly #capacity: number
  readonly #open = new Heap<SubProblem>((a, b) => a.bound - b.bound)
  #relaxation: Relaxation | undefined
  /** Least bound of what was closed. */
  least = Infinity
  /** Least bound of sub-problems that nothing can settle, since their minimum is within rounding of 0. */
  leastLeft = Infinity
  /** Sub-problems bounded so far. */
  count = 0
  /** A counterexample, once there is one. */
  point: Float64Array | undefined

  /** Memory is taken from the engine's arena: the caller marks and releases. */
  constructor(engine: Engine, condensed: Condensed, options: SearchOptions) {
    const { neurons, neuronLower, neuronUpper, lower, upper, ball } = condensed
    this.#condensed = condensed
    this.#options = options
    const rows = Array.from({ length: neurons }, (_, k) => rowOf(condensed, k))
    const system = new System(engine, { lower, upper, ball, rows, neuronLower, neuronUpper })
    this.#batch = new Batch(system, ROWS)
    this.#trial = new Batch(system, ROWS)
    this.#capacity = MEMORY / bytesOf(condensed)
  }

  /** One sub-problem for each case, nothing split; bounded as well as the time until the deadline allows. */
  addRoots(deadline: number): void {
    const { neurons, neuronLower, neuronUpper, cases } = this.#condensed
    const phases = new Int8Array(neurons)
    const variables = Float32Array.from(neuronLower, (l, k) => adaptiveSlope(l, neuronUpper[k]!))
    const roots = cases.map(([row]) => ({
      row: row!,
      phases,
      variables,
      bound: -Infinity,
      next: -1,
      scale: 0,
      stalled: 0,
    }))
    for (let i = 0; i < roots.length; i += ROWS) this.#bound(roots.slice(i, i + ROWS), ROOT_STEPS, deadline)
  }

  add(problems: readonly SubProblem[]): void {
    for (const problem of problems) this.#open.push(problem)
  }

  /**
   * Works until nothing is open or a counterexample is found.
   * @returns why it stopped before
   */
  async explore(deadline: number): Promise<'timeout' | 'memory' | undefined> {
    const started = performance.now()
    let inLps = 0
    while (this.#open.size > 0 && !this.point) {
      const now = performance.now()
      if (now > deadline) return 'timeout'
      if (this.#open.size > this.#capacity) return 'memory'
      const children: SubProblem[] = []
      while (this.#open.size > 0 && children.length < ROWS) {
        const problem = this.#open.pop()!
        const isStuck = problem.stalled >= PATIENCE && inLps <= (now - started) / 2
        if (problem.next >= 0 && !isStuck) children.push(...this.#split(problem))
        else {
          await this.#solve(problem, deadline)
          inLps += performance.now() - now
          break
        }
      }
      if (children.length > 0) this.#bound(children, STEPS, deadline)
    }
    return undefined
  }

  /** Frees what is not in the engine's arena. */
  close(): void {
    this.#relaxation?.dispose()
    this.#relaxation = undefined
  }

  /** Takes all open sub-problems away, worst bound first. */
  takeOpen(): SubProblem[] {
    const taken: SubProblem[] = []
    for (let problem = this.#open.pop(); problem; problem = this.#open.pop()) taken.push(problem)
    return taken
  }

  /** Least bound of what is open. */
  get leastOpen(): number {
    return this.#open.peek()?.bound ?? Infinity
  }

  /** One sub-problem by an LP: what has no free neuron left, and where ascent does not get on. */
  async #solve(problem: SubProblem, deadline: number): Promise<void> {
    this.#relaxation ??= await Relaxation.create(this.#condensed)
    this.#relaxation.setObjective([problem.row])
    const seconds = (deadline - performance.now()) / 1000
    const { bound, point } = this.#relaxation.solve(problem.phases, seconds, true)
    const best = bound > problem.bound ? bound : problem.bound
    if (best > 0) {
      this.least = Math.min(this.least, best)
      return
    }
    // whatever becomes of the point, the sub-problem stays
    const isCutOff = performance.now() > deadline
    if (problem.next >= 0 || isCutOff) this.#open.push({ ...problem, bound: best, stalled: 0 })
    else this.leastLeft = Math.min(this.leastLeft, best)
    if (point && this.#options.isCounterexample(point)) this.point = point
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
  #bound(problems: readonly SubProblem[], steps: number, deadline: number): void {
    const batch = this.#batch
    this.count += problems.length
    problems.forEach((problem, r) => this.#place(problem, r))
    batch.restart()
    const best = Float64Array.from(problems, ({ bound }) => bound)
    for (let step = 0; ; step++) {
      const bounds = batch.bounds()
      best.forEach((bound, r) => (best[r] = better(bound, bounds[r]!)))
      if (step === steps || best.every((bound) => bound > 0) || performance.now() > deadline) break
      batch.ascend(stepSize(step, steps))
    }
    const open = problems.flatMap((_, r) => (best[r]! > 0 ? [] : [r]))
    this.least = best.reduce((least, bound) => (bound > 0 ? Math.min(least, bound) : least), this.least)
    if (open.length === 0) return
    const phases = problems.map((problem) => problem.phases)
    const splits = chooseSplits(batch, this.#trial, phases, best, open)
    open.forEach((r, i) => {
      this.#open.push(this.#kept(problems[r]!, r, best[r]!, splits[i]!))
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
  #kept(problem: SubProblem, r: number, bound: number, next: number): SubProblem {
    const { variables, hats, rows } = this.#batch
    const kept = Float32Array.from(problem.phases, (_, k) => limited(variables[k * rows + r]!))
    const scale = next < 0 ? 0 : Math.abs(hats[next * rows + r]!) + LEAST_SCALE
    const stalled = bound < problem.bound * (1 - PROGRESS) ? problem.stalled + 1 : 0
    return { ...problem, variables: kept, bound, next, scale, stalled }
  }

  /** Tries the inputs where the open rows' bounds are attained. */
  #attack(problems: readonly SubProblem[], open: readonly number[]): void {
    const { inputs } = this.#condensed
    const { rows } = this.#batch
    const values = this.#batch.attack()
    for (const r of open) {
      const { bias, source, weight } = rowOf(this.#condensed, problems[r]!.row)
      const margin = source.reduce((sum, s, e) => sum + weight[e]! * values[s * rows + r]!, bias)
      if (margin > DOUBTFUL) continue
      const attained = Float64Array.from({ length: inputs }, (_, i) => values[i * rows + r]!)
      const point = moveInto(this.#condensed, attained)
      if (this.#options.isCounterexample(point)) {
        this.point = point
        return
      }
    }
  }
}
