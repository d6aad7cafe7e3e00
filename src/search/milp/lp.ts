/**
 * The LP relaxation of a condensed system, kept in HiGHS so that each solve starts from the basis of the one before.
 *
 * Problem: minimise the largest of some rows over the region, with every neuron on, off or free.
 * Method: the encoding of encoding.ts. A neuron is on with p = 0 and off with h = 0, so that a phase is a bound of a
 * column, and the dual simplex method continues from where it was. A ball is given by tangents: each point that lies
 * outside adds one (Kelley 1960).
 * Sound: yes, whatever HiGHS answers (safe-bound.ts). Complete: up to rounding, where no neuron is free.
 */
import type { Highs, Model } from 'highs'
import { OFF, ON, type Phases } from '../../model/phase.ts'
import { moveInto } from '../../region/region.ts'
import type { Condensed } from '../system/condensed.ts'
import { encode } from './encoding.ts'
import { noRows, safeBound } from './safe-bound.ts'

/** HiGHS is large, so it is loaded when the first LP needs it. */
async function load(): Promise<Highs> {
  const { default: loadHighs } = await import('highs')
  // the package's types say that this is a module's namespace; it is the function itself
  return (loadHighs as unknown as typeof loadHighs.default)()
}

let loading: Promise<Highs> | undefined

/** HiGHS is loaded once per thread; after an error, which may have left its memory in any state, it is loaded again. */
export const abandonHighs = (): void => void (loading = undefined)

/**
 * HiGHS's own tolerances, absolute. Loose ones make bounds looser, never unsound: we take only multipliers and a point
 * from a solution, and check both.
 */
export const tolerances = { primal_feasibility_tolerance: 1e-9, dual_feasibility_tolerance: 1e-9 } as const

/** Without scaling LPs of networks are solved up to twice as fast. */
const options = { output_flag: false, solver: 'simplex', presolve: 'off', simplex_scale_strategy: 0, ...tolerances }

/** Where only the sign matters, HiGHS may stop as soon as it knows that the minimum is above this. */
const POSITIVE = 1e-6
const NEVER = 1e30

/** Over a ball: LPs of one solve, tangents that are kept, and how far outside, as a share of the radius, a point may be. */
const MOST_ROUNDS = 50
const MOST_TANGENTS = 200
const OUTSIDE = 1e-10

/** What one LP gave. */
export interface LpResult {
  /** Safe lower bound of what was minimised; Infinity if the region is proved empty, −Infinity if nothing is known. */
  readonly bound: number
  /** The inputs where HiGHS finds the minimum, moved into the region; undefined if it gave none. */
  readonly point: Float64Array | undefined
  /** Per neuron at that minimum: h / u and p / −l. Where one of each pair is 0, the network itself has these values. */
  readonly on: Float64Array
  readonly off: Float64Array
  /** Per neuron: what the upper side of its triangle costs the bound, ≥ 0. */
  readonly prices: Float64Array
}

export class LinearProgram {
  readonly #highs: Highs
  readonly #system: Condensed
  readonly #model: Model
  readonly #phases: Phases
  #rows: readonly number[] = []
  /** ℓ1: on which side of the centre each input was last. */
  readonly #sides: Float64Array
  /** Number of LPs solved. */
  solved = 0

  /** Only `dispose` frees HiGHS's memory. @throws Error if HiGHS cannot be loaded or runs out of memory */
  static async create(system: Condensed): Promise<LinearProgram> {
    return new LinearProgram(await (loading ??= load()), system)
  }

  private constructor(highs: Highs, system: Condensed) {
    this.#highs = highs
    this.#system = system
    this.#phases = new Int8Array(system.neurons)
    this.#sides = new Float64Array(system.inputs).fill(1)
    this.#model = highs.createModel(encode(system, highs.infinity))
    this.#model.options.set(options)
  }

  dispose(): void {
    this.#model.dispose()
  }

  /** Minimises the largest of these rows from now on: one or more, over a ball just one. The row of a neuron is its z. */
  setObjective(rows: readonly number[]): void {
    const { inputs, ball, neurons, bias, start, source, weight } = this.#system
    const model = this.#model
    if (!ball) this.#forgetRows()
    else if (rows.length > 1) throw new RangeError(`${rows.length} rows over a ball`)
    const largest = inputs + 2 * neurons // column t
    const costs = new Float64Array(largest + 1)
    if (rows.length === 1) {
      const [row] = rows
      for (let i = start[row]; i < start[row + 1]; i++) costs[source[i]] = weight[i]
    } else {
      costs[largest] = 1
      for (const row of rows) {
        const [from, to] = [start[row], start[row + 1]]
        const values = Array.from(weight.subarray(from, to), (w) => -w)
        const indices = [...source.subarray(from, to), largest]
        model.addRow(bias[row], this.#highs.infinity, { indices, values: [...values, 1] })
      }
    }
    model.changeColsCost({ kind: 'range', from: 0, to: largest }, costs)
    model.changeObjectiveOffset(rows.length === 1 ? bias[rows[0]] : 0)
    this.#rows = rows
  }

  /**
   * Solves the LP with these phases.
   * @param seconds wall-clock limit; after it the bound is as good as HiGHS's multipliers were by then
   */
  solve(phases: Phases, seconds: number): LpResult {
    return this.#solve(phases, seconds, Infinity)
  }

  /** The same, but it may stop as soon as the bound is above 0. */
  solveForSign(phases: Phases, seconds: number): LpResult {
    return this.#solve(phases, seconds, 0)
  }

  /** @param enough a bound above this need not be raised */
  #solve(phases: Phases, seconds: number, enough: 0 | typeof Infinity): LpResult {
    this.#fix(phases)
    if (!this.#system.ball) return this.#solveOnce(seconds, enough)
    const end = performance.now() + 1000 * seconds
    if (this.#model.getDimensions().numRows > 2 * this.#system.neurons + MOST_TANGENTS) this.#forgetRows()
    let best = -Infinity
    for (let round = 1; ; round++) {
      const left = (end - performance.now()) / 1000
      const result = this.#solveOnce(left, enough)
      best = Math.max(best, result.bound)
      const isLast = best > enough || best === Infinity || round === MOST_ROUNDS || left <= 0
      if (!isLast && result.point && this.#addTangent(result.point)) continue
      return { ...result, bound: best, point: result.point && moveInto(this.#system, result.point) }
    }
  }

  #solveOnce(seconds: number, enough: number): LpResult {
    const started = performance.now()
    const result = this.#run(seconds, Math.min(NEVER, enough + POSITIVE))
    const early = this.#model.getModelStatus() === this.#highs.constants.modelStatus.objectiveBound
    if (!early || result.bound > 0) return result
    return this.#run(seconds - (performance.now() - started) / 1000, NEVER)
  }

  #run(seconds: number, stopAbove: number): LpResult {
    const model = this.#model
    model.zeroAllClocks() // HiGHS counts its time over the life of the model
    model.options.set({ objective_bound: stopAbove, time_limit: Math.max(seconds, 0) })
    model.raw.run()
    this.solved++
    const result = this.#read()
    const infeasible = model.getModelStatus() === this.#highs.constants.modelStatus.infeasible
    return infeasible && this.#isEmpty() ? { ...result, bound: Infinity, point: undefined } : result
  }

  /** Cuts off a point that is outside the ball. @returns false if it is inside */
  #addTangent(point: Float64Array): boolean {
    const { norm, centre, radius } = this.#system.ball!
    const moves = point.map((x, i) => x - centre[i])
    moves.forEach((move, i) => move !== 0 && (this.#sides[i] = Math.sign(move)))
    const length = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0))
    const values = norm === 'l1' ? this.#sides.slice() : moves.map((move) => move / length)
    const distance = values.reduce((sum, value, i) => sum + value * moves[i], 0)
    if (!(distance > radius * (1 + OUTSIDE))) return false
    const most = values.reduce((sum, value, i) => sum + value * centre[i], radius)
    this.#model.addRow(-this.#highs.infinity, most, { indices: [...values.keys()], values: [...values] })
    return true
  }

  /** Removes what was added to the encoding: rows of the objective, or tangents. */
  #forgetRows(): void {
    const { neurons } = this.#system
    const last = this.#model.getDimensions().numRows - 1
    if (last >= 2 * neurons) this.#model.deleteRows({ kind: 'range', from: 2 * neurons, to: last })
  }

  #fix(phases: Phases): void {
    const { inputs, neurons, neuronLower, neuronUpper } = this.#system
    for (let k = 0; k < neurons; k++) {
      if (phases[k] === this.#phases[k]) continue
      this.#model.changeColBounds(inputs + k, 0, phases[k] === OFF ? 0 : neuronUpper[k])
      this.#model.changeColBounds(inputs + neurons + k, 0, phases[k] === ON ? 0 : -neuronLower[k])
    }
    this.#phases.set(phases)
  }

  #read(): LpResult {
    const { inputs, neurons, lower, upper, neuronLower, neuronUpper } = this.#system
    const { colValue, rowDual } = this.#model.getSolution()
    const weights = this.#rows.length === 1 ? [1] : rowDual.subarray(2 * neurons)
    const bound = safeBound(this.#system, this.#phases, { rows: this.#rows, weights }, rowDual)
    const point = lower.map((l, i) => Math.min(Math.max(colValue[i], l), upper[i]))
    return {
      bound,
      point: point.some(Number.isNaN) ? undefined : point,
      on: neuronUpper.map((u, k) => colValue[inputs + k] / u),
      off: neuronLower.map((l, k) => colValue[inputs + neurons + k] / -l),
      prices: neuronLower.map((l, k) => Math.max(0, -rowDual[neurons + k]) * Math.min(neuronUpper[k], -l)),
    }
  }

  /** Whether HiGHS's ray, or its opposite, proves that no point has these phases: Farkas' lemma, checked by us. */
  #isEmpty(): boolean {
    const ray = this.#model.getDualRay()?.values.subarray(0, this.#system.neurons)
    if (!ray) return false
    const proves = (y: Float64Array) => safeBound(this.#system, this.#phases, noRows, y) > 0
    return proves(ray) || proves(ray.map((v) => -v))
  }
}
