/**
 * How far the features of a table may move, in their own units, as radii over the values that are stored.
 *
 *   x ↦ p = (x − low) / (high − low), rounded to float32:  |x′ − x| ≤ ε  ⇒  |p′ − p| ≤ ε / (high − low) + 2⁻²³
 *
 * Sound: whatever the table's file may say instead of x is stored as a number of the ball, rounding included.
 */
import { UserError, unknownName } from '../base/errors.ts'
import { largestOf } from '../region/ball.ts'
import type { Feature } from './dataset.ts'

/** More than rounding to float32 moves two numbers of [0, 1], and float64 their difference. */
const ROUNDING = 2 ** -23

/**
 * @param given ε of each feature, by its name; 0 for one that cannot move
 * @returns one radius for each feature, 0 to 1, and the largest of them: options of whatever takes a ball
 * @throws UserError for a name that is no feature, a feature without ε, and an ε that is negative, no number, or more
 *   than the range
 */
export function radiiOf(
  features: readonly Feature[],
  given: Readonly<Record<string, number>>,
): { readonly epsilon: number; readonly epsilons: readonly number[] } {
  const names = features.map(({ name }) => name)
  const stranger = Object.keys(given).find((name) => !names.includes(name))
  if (stranger !== undefined) throw unknownName('feature', stranger, names)
  const epsilons = features.map(({ name, low, high }) => {
    const epsilon = Object.hasOwn(given, name) ? given[name] : undefined
    if (epsilon === undefined) throw new UserError(`feature '${name}' has no ε: give it one, 0 if it cannot move`)
    if (!(epsilon >= 0 && epsilon < Infinity)) throw new UserError(`ε of '${name}' must be 0 or more, not ${epsilon}`)
    // a radius above 1 is none; cut to 1, it would be too small where the range is not the domain
    if (epsilon > high - low) {
      throw new UserError(
        `ε of '${name}' is ${epsilon}, but it goes from ${low} to ${high}: give at most ${high - low}`,
      )
    }
    return epsilon === 0 ? 0 : Math.min(1, epsilon / (high - low) + ROUNDING)
  })
  return { epsilon: largestOf(epsilons), epsilons }
}
