/**
 * Linear programs in float64 by the simplex method in its textbook form (Chvátal 1983, chapters 2, 3 and 10): a dense
 * dictionary, two phases, Bland's rule. For tests, tens of rows: it is slow, short, and believes nothing that it has
 * not proved: every answer is checked against the problem as it was given, by weak duality or Farkas' lemma.
 */

/** Minimise objective · x over x ≥ 0 with rows · x ≤ limits. */
export interface LinearProgram {
  readonly objective: ArrayLike<number>
  readonly rows: readonly ArrayLike<number>[]
  readonly limits: ArrayLike<number>
}

export type LinearProgramResult =
  | { readonly status: 'optimal'; readonly value: number; readonly x: Float64Array }
  | { readonly status: 'infeasible' | 'unbounded' }

/** Smaller entries are rounding: of rows and limits after their largest entry was made 1. */
const tolerance = 1e-10
/** How well a certificate must hold. */
const proof = 1e-8

/** @throws Error if rounding spoiled the answer */
export function minimise({ objective, rows, limits }: LinearProgram): LinearProgramResult {
  // rows of one size, so that one tolerance fits all
  const scale = rows.map((row) => 1 / (Array.from(row).reduce((most, a) => Math.max(most, Math.abs(a)), 0) || 1))
  const scaledRows = rows.map((row, r) => Float64Array.from(row, (a) => a * scale[r]))
  const scaledLimits = Float64Array.from(limits, (b, r) => b * scale[r])
  const program = { objective, rows: scaledRows, limits: scaledLimits }
  const dictionary = new Dictionary(program)
  const shortfall = dictionary.makeFeasible()
  if (shortfall > tolerance) {
    requireInfeasible(program, dictionary.multipliers())
    return { status: 'infeasible' }
  }
  dictionary.dropArtificial(objective)
  if (!dictionary.optimise()) return { status: 'unbounded' }
  const x = dictionary.solution()
  requireOptimal(program, x, dictionary.multipliers())
  return { status: 'optimal', value: dot(objective, x), x }
}

/**
 * basic = constant − Σ entries · nonbasic, one row each, and gain = constant + Σ gains · nonbasic, to be maximised.
 * Variables: 0 to n − 1 are x, n + r is the slack of row r, n + m is the artificial variable of the first phase.
 */
class Dictionary {
  readonly #n: number
  readonly #m: number
  readonly #basic: number[]
  #nonbasic: number[]
  readonly #entries: Float64Array[]
  readonly #constants: Float64Array
  #gains: Float64Array
  #gain = 0

  constructor({ objective, rows, limits }: LinearProgram) {
    this.#n = objective.length
    this.#m = rows.length
    this.#basic = rows.map((_, r) => this.#n + r)
    this.#nonbasic = [...Array.from({ length: this.#n }, (_, i) => i), this.#n + this.#m]
    // the artificial variable loosens every row alike
    this.#entries = rows.map((row) => Float64Array.from([...Array.from(row), -1]))
    this.#constants = Float64Array.from(limits)
    this.#gains = new Float64Array(this.#n + 1)
    this.#gains[this.#n] = -1
  }

  /** First phase. @returns how far all rows must be loosened to admit a point */
  makeFeasible(): number {
    const worst = this.#constants.reduce((best, b, r) => (b < this.#constants[best] ? r : best), 0)
    if (this.#m > 0 && this.#constants[worst] < 0) this.#pivot(worst, this.#n)
    this.optimise()
    return -this.#gain
  }

  /** Second phase: without the artificial variable, and with the objective of the problem. */
  dropArtificial(objective: ArrayLike<number>): void {
    const artificial = this.#n + this.#m
    const row = this.#basic.indexOf(artificial)
    if (row >= 0) {
      // it is 0 there except for rounding, so any pivot will do: the largest is the most exact
      const entries = this.#entries[row]
      this.#pivot(
        row,
        entries.reduce((best, a, k) => (Math.abs(a) > Math.abs(entries[best]) ? k : best), 0),
      )
    }
    const column = this.#nonbasic.indexOf(artificial)
    const without = (values: Float64Array) => values.filter((_, k) => k !== column)
    this.#nonbasic = this.#nonbasic.filter((_, k) => k !== column)
    this.#entries.forEach((entries, r) => (this.#entries[r] = without(entries)))
    this.#gains = new Float64Array(this.#n)
    this.#gain = 0
    for (let i = 0; i < this.#n; i++) {
      const cost = objective[i]
      const at = this.#nonbasic.indexOf(i)
      if (at >= 0) this.#gains[at] -= cost
      else {
        const r = this.#basic.indexOf(i)
        this.#gain -= cost * this.#constants[r]
        this.#entries[r].forEach((a, k) => (this.#gains[k] += cost * a))
      }
    }
  }

  /** @returns false if the gain has no limit */
  optimise(): boolean {
    for (;;) {
      const entering = this.#first(this.#nonbasic, (k) => this.#gains[k] > tolerance)
      if (entering < 0) return true
      const ratio = (r: number) => this.#constants[r] / this.#entries[r][entering]
      const rows = this.#basic.map((_, r) => r).filter((r) => this.#entries[r][entering] > tolerance)
      if (rows.length === 0) return false
      const least = Math.min(...rows.map(ratio))
      const leaving = this.#first(this.#basic, (r) => rows.includes(r) && ratio(r) <= least + tolerance)
      this.#pivot(leaving, entering)
    }
  }

  /** Bland's rule, which cannot cycle: of several places, the one whose variable has the lowest number; or −1. */
  #first(variables: readonly number[], allowed: (place: number) => boolean): number {
    let best = -1
    variables.forEach((variable, place) => {
      if ((best < 0 || variable < variables[best]) && allowed(place)) best = place
    })
    return best
  }

  /** The basic variable of a row and a nonbasic one change places. */
  #pivot(row: number, column: number): void {
    const pivotRow = this.#entries[row]
    const inverse = 1 / pivotRow[column]
    for (let k = 0; k < pivotRow.length; k++) pivotRow[k] *= inverse
    pivotRow[column] = inverse
    this.#constants[row] *= inverse
    const eliminate = (entries: Float64Array, factor: number) => {
      for (let k = 0; k < entries.length; k++) entries[k] -= factor * pivotRow[k]
      entries[column] = -factor * inverse
    }
    for (let r = 0; r < this.#m; r++) {
      const factor = this.#entries[r][column]
      if (r === row || factor === 0) continue
      eliminate(this.#entries[r], factor)
      this.#constants[r] -= factor * this.#constants[row]
    }
    const factor = this.#gains[column]
    eliminate(this.#gains, factor)
    this.#gain += factor * this.#constants[row]
    const leaving = this.#basic[row]
    this.#basic[row] = this.#nonbasic[column]
    this.#nonbasic[column] = leaving
  }

  /** x where all nonbasic variables are 0. */
  solution(): Float64Array {
    const x = new Float64Array(this.#n)
    this.#basic.forEach((variable, r) => {
      if (variable < this.#n) x[variable] = Math.max(this.#constants[r], 0)
    })
    return x
  }

  /** Per row of the problem: what the gain loses per unit of its slack. */
  multipliers(): Float64Array {
    const y = new Float64Array(this.#m)
    this.#nonbasic.forEach((variable, k) => {
      const r = variable - this.#n
      if (r >= 0 && r < this.#m) y[r] = Math.max(-this.#gains[k], 0)
    })
    return y
  }
}

/** Weak duality: no x costs less than −y · limits if y ≥ 0 and objective + yᵀ rows ≥ 0. */
function requireOptimal({ objective, rows, limits }: LinearProgram, x: Float64Array, y: Float64Array): void {
  const cost = dot(objective, x)
  const size = 1 + Math.abs(cost) + y.reduce((sum, v) => sum + v, 0)
  const feasible = rows.every((row, r) => dot(row, x) <= limits[r] + proof * (1 + Math.abs(limits[r])))
  const dualFeasible = combine(rows, y, objective).every((reduced) => reduced >= -proof * size)
  if (!feasible || !dualFeasible || Math.abs(cost + dot(limits, y)) > proof * size) {
    throw new Error(`simplex lost its precision: cost ${cost}, bound ${-dot(limits, y)}`)
  }
}

/** Farkas' lemma: no x ≥ 0 can do if y ≥ 0, yᵀ rows ≥ 0 and y · limits < 0. */
function requireInfeasible({ objective, rows, limits }: LinearProgram, y: Float64Array): void {
  const reduced = combine(rows, y, new Float64Array(objective.length))
  if (!(dot(limits, y) < 0) || reduced.some((value) => value < -proof)) {
    throw new Error(`simplex lost its precision: infeasible by ${-dot(limits, y)}`)
  }
}

function combine(rows: LinearProgram['rows'], y: Float64Array, start: ArrayLike<number>): Float64Array {
  const sum = Float64Array.from(start)
  rows.forEach((row, r) => {
    for (let i = 0; i < sum.length; i++) sum[i] += y[r] * row[i]
  })
  return sum
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
