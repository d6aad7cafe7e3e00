/**
 * The convex relaxation of one ReLU whose input z lies in [l, u] (Robustra, Section 5.2; Eqn. 9): over l < 0 < u
 *
 *   d z ≤ relu(z) ≤ d z − d l   with the slope d = u / (u − l) of both lines,
 *
 * of which the upper one is the triangle's and the lower one is parallel to it. Sound; exact where the ReLU is stable.
 */

/** Slope d of both lines: 0 where the ReLU is off (u ≤ 0, so also l = u = 0), 1 where it is on, else u / (u − l). */
export const slope = (lower: number, upper: number): number =>
  upper <= 0 ? 0 : lower >= 0 ? 1 : upper / (upper - lower)
