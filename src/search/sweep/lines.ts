/**
 * The lines that replace an unstable ReLU neuron, l < 0 < u:
 *
 *   lower slope · z  ≤  max(z, 0)  ≤  upper slope · z + intercept
 *
 * Any lower slope from 0 to 1 is sound. Sources: Zhang et al. 2018 (adaptive), Wong & Kolter 2018 (common).
 */

/** The lower slope that leaves less area. */
export const adaptiveSlope = (l: number, u: number): number => Number(u > -l)

/** The slope of the upper line; as the lower slope, too, it gives the LP dual. */
export const upperSlope = (l: number, u: number): number => u / (u - l)

/** Of the upper line: rounded so that the line at u is not below u, even where the slope underflows. */
export const upperIntercept = (l: number, u: number, slope: number): number =>
  Math.max(-slope * l, u * (1 - slope), Number.MIN_VALUE)
