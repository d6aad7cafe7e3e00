/**
 * Sub-problems of a branch and bound, and lower bounds of them, in batches: each has slopes α and multipliers β of its own,
 * which gradient ascent improves,
 *
 *   bound(α, β) ≤ min over the inputs that keep to the splits of  the case's row
 *
 * Sound: yes, for all α in [0, 1] and all β of the right sign. Complete: no. Source: Wang et al. 2021 (β-CROWN).
 */
import type { Deadline } from '../../base/deadline.ts'
import { FREE, type Phase, type Phases, isUnstable } from '../../model/phase.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { moveInto } from '../../region/region.ts'
import { adaptiveSlope } from '../sweep/lines.ts'
import { better, stepSize } from '../sweep/best-bounds.ts'
import { type Condensed, rowOf } from '../system/condensed.ts'
import { Batch } from '../sweep/batch.ts'
import { System } from '../sweep/system.ts'
import { type ChooseSplits, candidateSplits } from './branching.ts'
import { type Bounds, type Cell, bytesOfCell } from './cells.ts'

export interface SubProblem {
  /** The case's row in the condensed system. */
  readonly row: number
  /** Per neuron: FREE, ON or OFF. */
  readonly phases: Phases
  /** Per neuron: its lower slope, or the multiplier of its split. */
  readonly variables: Float32Array
  readonly bound: number
  /** The neuron to split next; −1 if none is free. */
  readonly next: number
  /** How far a step may move the multiplier of that split. */
  readonly scale: number
  /** So many splits in a row have hardly raised the bound. */
  readonly stalled: number
  /** Its part of the region. Undefined: all of it. */
  readonly cell: Cell | undefined
}

/** How sub-problems are bounded. */
export interface Effort {
  /** Steps of ascent. */
  readonly steps: number
  /** How the neuron to split next is chosen. */
  readonly choose: ChooseSplits
}

/** A sub-problem that was bounded. */
export interface Bounded {
  readonly bound: number
  /** As the ascent has left it; undefined if it is closed. */
  readonly open: SubProblem | undefined
}

/** So many sub-problems are bounded at once: a sweep over them still fits into the cache. */
export const ROWS = 8
/** A split makes progress if it raises the bound by this share of what is missing to 0. */
const PROGRESS = 0.05
/** Least length of a multiplier's steps, in coefficients. */
const LEAST_SCALE = 1e-3
/** Inputs with a margin below this are run through the network itself. */
const DOUBTFUL = 1e-6
/** Boxes are halved only where few inputs vary, and where neurons are so few that a cell takes less than a second. */
const MOST_INPUTS = 20
const MOST_NEURONS = 1500

/** Whether boxes can be halved: few inputs vary, and in a box. */
export const canHalve = ({ lower, upper, ball, neurons }: Condensed): boolean =>
  !ball && neurons <= MOST_NEURONS && lower.filter((l, i) => l < upper[i]).length <= MOST_INPUTS

/** About so many bytes are a sub-problem. */
export const bytesOf = (condensed: Condensed): number =>
  5 * condensed.neurons + 200 + (canHalve(condensed) ? bytesOfCell(condensed) : 0)

/** Within the range of float32: any multiplier of the right sign is valid. */
const limited = (variable: number) => Math.max(-1e38, Math.min(1e38, variable || 0))

/** The sub-problem of a case with nothing split. */
export function rootOf({ neuronLower, neuronUpper }: Condensed, row: number): SubProblem {
  const variables = Float32Array.from(neuronLower, (l, k) => adaptiveSlope(l, neuronUpper[k]))
  const phases = new Int8Array(variables.length)
  return { row, phases, variables, bound: -Infinity, next: -1, scale: 0, stalled: 0, cell: undefined }
}

export class SubProblemBounds {
  readonly #condensed: Condensed
  readonly #isCounterexample: (input: Float64Array) => boolean
  readonly #batch: Batch
  /** For splits that are tried. */
  readonly #trial: Batch
  /** Takes memory of the engine: the caller marks and releases. */
  constructor(engine: Engine, condensed: Condensed, isCounterexample: (input: Float64Array) => boolean) {
    const { neurons, neuronLower, neuronUpper, lower, upper, ball } = condensed
    this.#condensed = condensed
    this.#isCounterexample = isCounterexample
    const rows = Array.from({ length: neurons }, (_, k) => rowOf(condensed, k))
    const ownBoxes = canHalve(condensed)
    const system = new System(engine, { lower, upper, ball, rows, neuronLower, neuronUpper, ownBoxes })
    this.#batch = new Batch(system, ROWS)
    this.#trial = new Batch(system, ROWS)
  }

  /** Rounding of a case's row alone. */
  slackOf(row: number): number {
    return this.#batch.system.slackOf(rowOf(this.#condensed, row))
  }

  /** Bounds of the neurons in a sub-problem. */
  neuronsOf({ cell }: SubProblem): Bounds {
    return cell ?? this.#condensed
  }

  /** Number of neurons that neither bounds nor splits have decided. */
  openIn(problem: SubProblem): number {
    const { neuronLower, neuronUpper } = this.neuronsOf(problem)
    let open = 0
    problem.phases.forEach((phase, k) => (open += Number(phase === FREE && isUnstable(neuronLower[k], neuronUpper[k]))))
    return open
  }

  /**
   * Bounds sub-problems, and tries the inputs where open bounds are attained until one is a counterexample.
   */
  bound(problems: readonly SubProblem[], effort: Effort, deadline: Deadline): Bounded[] {
    const bounded: Bounded[] = []
    for (let i = 0; i < problems.length; i += ROWS) {
      bounded.push(...this.#together(problems.slice(i, i + ROWS), effort, deadline))
    }
    return bounded
  }

  #together(problems: readonly SubProblem[], { steps, choose }: Effort, deadline: Deadline): Bounded[] {
    const batch = this.#batch
    problems.forEach((problem, r) => this.#place(problem, r))
    batch.restart()
    const best = Float64Array.from(problems, ({ bound }) => bound)
    for (let step = 0; ; step++) {
      const bounds = batch.bounds()
      best.forEach((bound, r) => (best[r] = better(bound, bounds[r])))
      if (step === steps || best.every((bound) => bound > 0) || deadline.isOver()) break
      batch.ascend(stepSize(step, steps))
    }
    const bounded: Bounded[] = [...best].map((bound) => ({ bound, open: undefined }))
    const open = problems.flatMap((_, r) => (best[r] > 0 ? [] : [r]))
    if (open.length === 0) return bounded
    const candidates = open.map((r) => {
      const { phases } = problems[r]
      return candidateSplits(batch, phases, this.neuronsOf(problems[r]), r)
    })
    const splits = choose({ batch, rows: open, candidates, bounds: best }, this.#trial)
    open.forEach((r, i) => (bounded[r] = { bound: best[r], open: this.#kept(problems[r], r, best[r], splits[i]) }))
    this.#attack(problems, open)
    return bounded
  }

  #place(problem: SubProblem, r: number): void {
    const { row, phases, variables, next, scale } = problem
    const { neuronLower, neuronUpper } = this.neuronsOf(problem)
    this.#batch.setFunction(r, rowOf(this.#condensed, row), 1)
    if (this.#batch.system.ownBoxes) this.#batch.setBox(r, problem.cell ?? this.#condensed)
    for (let k = 0; k < phases.length; k++) {
      const stride = k === next ? scale : phases[k] === FREE ? 1 : Math.abs(variables[k]) + LEAST_SCALE
      const phase = phases[k] as Phase
      const [lower, upper] = [neuronLower[k], neuronUpper[k]]
      this.#batch.setNeuron(k, { phase, variable: variables[k], scale: stride, lower, upper }, r, r + 1)
    }
  }

  /** A sub-problem as the ascent has left it. */
  #kept(problem: SubProblem, r: number, bound: number, next: number): SubProblem {
    const { variables, hats, rows } = this.#batch
    const kept = Float32Array.from(problem.phases, (_, k) => limited(variables[k * rows + r]))
    const scale = next < 0 ? 0 : Math.abs(hats[next * rows + r]) + LEAST_SCALE
    const stalled = bound < problem.bound * (1 - PROGRESS) ? problem.stalled + 1 : 0
    return { ...problem, variables: kept, bound, next, scale, stalled }
  }

  /** Tries the inputs where the open rows' bounds are attained. */
  #attack(problems: readonly SubProblem[], open: readonly number[]): void {
    const { inputs } = this.#condensed
    const { rows } = this.#batch
    const values = this.#batch.attack()
    for (const r of open) {
      const { bias, source, weight } = rowOf(this.#condensed, problems[r].row)
      const margin = source.reduce((sum, s, e) => sum + weight[e] * values[s * rows + r], bias)
      if (margin > DOUBTFUL) continue
      const attained = Float64Array.from({ length: inputs }, (_, i) => values[i * rows + r])
      const point = moveInto(this.#condensed, attained)
      if (this.#isCounterexample(point)) return
    }
  }
}
