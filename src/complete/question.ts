/** What a verifier is asked, and what it may answer. */

/** Outputs y are unsafe where Σ coefficients·y ≤ bound. */
export interface LinearConstraint {
  /** One per output. */
  readonly coefficients: Float64Array
  readonly bound: number
}

/** A box of inputs, and the outputs that must not occur over it: those that meet all constraints of some case. */
export interface Question {
  /** Ends of the box, in the units of the network's input. */
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Or of and: unsafe if for one of these lists all constraints hold. */
  readonly unsafe: readonly (readonly LinearConstraint[])[]
}

/** What proved or broke robustness, cheapest first. */
export const proofMethods = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'bab', 'milp'] as const
export type ProofMethod = (typeof proofMethods)[number]

/** How a complete search is done: branch and bound, or mixed-integer programming. */
export const completeMethods = ['bab', 'milp'] as const
export type CompleteMethod = (typeof completeMethods)[number]

export type Outcome =
  | {
      readonly verdict: 'robust'
      readonly method: ProofMethod
      /** Proved: over the box, every unsafe case has a constraint that fails by at least this much (> 0). */
      readonly margin: number
    }
  | {
      readonly verdict: 'vulnerable'
      readonly method: ProofMethod
      /** In the box, and its outputs are unsafe: re-run in float64 on the graph itself. */
      readonly point: Float64Array
      /** Outputs at the point. */
      readonly outputs: Float64Array
    }
  | {
      readonly verdict: 'undecided'
      /** Best lower bound known of what `margin` is the bound of. */
      readonly bound: number
      readonly reason: 'timeout' | 'memory' | 'precision' | 'incomplete'
    }

/** How far outputs are from unsafe: max over constraints of (Σ c·y − bound), min over cases. Unsafe if ≤ 0. */
export const distanceToUnsafe = ({ unsafe }: Question, outputs: ArrayLike<number>): number =>
  Math.min(...unsafe.map((constraints) => Math.max(...constraints.map((constraint) => excess(constraint, outputs)))))

const excess = ({ coefficients, bound }: LinearConstraint, outputs: ArrayLike<number>): number =>
  coefficients.reduce((sum, c, i) => sum + c * outputs[i]!, -bound)

/** No other class may reach the label: ties are unsafe. */
export const classificationQuestion = (
  lower: Float64Array,
  upper: Float64Array,
  label: number,
  classes: number,
): Question => ({
  lower,
  upper,
  unsafe: Array.from({ length: classes }, (_, target) => target)
    .filter((target) => target !== label)
    .map((target) => [
      {
        coefficients: Float64Array.from({ length: classes }, (_, c) => Number(c === label) - Number(c === target)),
        bound: 0,
      },
    ]),
})
