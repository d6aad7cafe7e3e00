/** What a verifier is asked, and what it may answer. */

import type { Deadline } from '../base/deadline.ts'
import { UserError, unknownName } from '../base/errors.ts'
import type { Region, RoundBall } from './region.ts'

/** Outputs y are unsafe where Σ coefficients·y ≤ bound. */
export interface LinearConstraint {
  /** One per output. */
  readonly coefficients: Float64Array
  readonly bound: number
  /** Where Σ coefficients·y = bound they are safe. Proofs may ignore that; counterexamples may not. */
  readonly strict?: boolean | undefined
  /**
   * How far each coefficient may be from the number that was asked for, which float64 could not hold; a proof must hold
   * for all of them. Undefined: not at all. (Bounds need none of this: they are rounded up.)
   */
  readonly errors?: Float64Array | undefined
}

/** A region of inputs, and the outputs that must not occur over it: those that meet all constraints of some case. */
export interface Question extends Region {
  /** Or of and: unsafe if for one of these lists all constraints hold. */
  readonly unsafe: readonly (readonly LinearConstraint[])[]
  /** Where float64 cannot hold what was asked, region and constraints are wider than that; here it is as it was asked. */
  readonly asked?: AskedQuestion | undefined
}

/** What a counterexample must meet. */
export interface AskedQuestion {
  /** Ends of the box, rounded inwards as far as that leaves a number: candidates are moved between them. */
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Whether an input between these ends, with its outputs in float64, is what was asked for: no rounding. */
  readonly holds: (point: Float64Array, outputs: Float64Array) => boolean
}

/** What proved or broke robustness, cheapest first. */
export const proofMethods = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'bab', 'milp'] as const
export type ProofMethod = (typeof proofMethods)[number]

/** How a complete search is done: branch and bound, or mixed-integer programming. */
export const completeMethods = ['bab', 'milp'] as const
export type CompleteMethod = (typeof completeMethods)[number]

/** What a complete method answers. */
export type CompleteResult =
  /** Proved: everywhere in the region every case has a margin of at least this, > 0; Infinity if there are no cases. */
  | { readonly verdict: 'robust'; readonly margin: number }
  | { readonly verdict: 'vulnerable'; readonly point: Float64Array }
  /** bound: what is proved instead of the margin; −Infinity if nothing is proved. */
  | { readonly verdict: 'undecided'; readonly bound: number; readonly reason: 'timeout' | 'memory' | 'precision' }

/** A complete search that can stop and continue. */
export interface Resumable {
  /**
   * Continues until the question is decided or the deadline is over.
   * @returns undecided with reason 'timeout' if it can continue
   */
  run(deadline: Deadline): Promise<CompleteResult>
  /** Frees what it holds. */
  close(): Promise<void>
}

/** What a verifier answers. */
export type Outcome =
  | {
      readonly verdict: 'robust'
      readonly method: ProofMethod
      /**
       * Proved: over the region, every unsafe case has a constraint that fails by at least this much; 0 only if that is
       * a strict one of which no more than the border can be reached.
       */
      readonly margin: number
    }
  | {
      readonly verdict: 'vulnerable'
      readonly method: ProofMethod
      /** In the region, and its outputs are unsafe: re-run in float64 on the graph itself. */
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

/** @throws UserError for a question that makes no sense, or is one about another network */
export function checkQuestion({ lower, upper, ball, unsafe }: Question, inputs: number, outputs: number): void {
  if (lower.length !== inputs || upper.length !== inputs) {
    throw new UserError(`the box has ${lower.length} and ${upper.length} ends for a network of ${inputs} inputs`)
  }
  const wrong = lower.findIndex((l, i) => !(Number.isFinite(l) && Number.isFinite(upper[i]) && l <= upper[i]))
  if (wrong >= 0) {
    throw new UserError(
      `input ${wrong} goes from ${lower[wrong]} to ${upper[wrong]}: give finite ends, the lower first`,
    )
  }
  if (ball) checkBall(ball, { lower, upper })
  if (unsafe.length === 0 || unsafe.some((constraints) => constraints.length === 0)) {
    throw new UserError('a question needs an unsafe case, and every case a constraint')
  }
  for (const { coefficients, bound } of unsafe.flat()) {
    if (coefficients.length !== outputs) {
      throw new UserError(`a constraint has ${coefficients.length} coefficients for a network of ${outputs} outputs`)
    }
    if (!coefficients.every(Number.isFinite) || !Number.isFinite(bound)) {
      throw new UserError('the numbers of a constraint must be finite')
    }
  }
}

/** @throws UserError for a ball that makes no sense */
function checkBall({ norm, centre, radius }: RoundBall, { lower, upper }: Region): void {
  if (norm !== 'l2' && norm !== 'l1') throw unknownName('norm of a ball', norm, ['l2', 'l1'])
  if (!(radius >= 0 && radius < Infinity)) throw new UserError(`the radius of a ball must be 0 or more, not ${radius}`)
  if (centre.length !== lower.length) {
    throw new UserError(`the centre of the ball has ${centre.length} numbers for ${lower.length} inputs`)
  }
  const outside = centre.findIndex((c, i) => !(c >= lower[i] && c <= upper[i]))
  if (outside >= 0) {
    throw new UserError(`the centre of the ball is ${centre[outside]} at input ${outside}, which is not in the box`)
  }
}

/** @throws UserError for MILP, whose constraints are linear: they cannot express an ℓ2 ball, and ℓ1 balls are not built */
export function requireBallsSearchable(method: CompleteMethod): void {
  if (method === 'bab') return
  throw new UserError(`${method} searches boxes only, not ℓ2 or ℓ1 balls: choose bab`)
}

/** How far outputs are from unsafe: max over constraints of (Σ c·y − bound), min over cases. Unsafe if ≤ 0. */
export const distanceToUnsafe = ({ unsafe }: Question, outputs: ArrayLike<number>): number =>
  unsafe.reduce(
    (least, constraints) =>
      Math.min(
        least,
        constraints.reduce((most, constraint) => Math.max(most, excess(constraint, outputs)), -Infinity),
      ),
    Infinity,
  )

/** Whether outputs are unsafe: on the border of a strict constraint they are not. */
export const isUnsafe = ({ unsafe }: Question, outputs: ArrayLike<number>): boolean =>
  unsafe.some((constraints) =>
    constraints.every((constraint) => {
      const by = excess(constraint, outputs)
      return constraint.strict ? by < 0 : by <= 0
    }),
  )

const excess = ({ coefficients, bound }: LinearConstraint, outputs: ArrayLike<number>): number =>
  coefficients.reduce((sum, c, i) => sum + c * outputs[i], -bound)
