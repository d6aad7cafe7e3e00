/** Where float64 lies among the rational numbers. */

/** The float64 nearest to a fraction, ties to even; infinite beyond the largest. @param denominator > 0 */
export function nearestTo(numerator: bigint, denominator: bigint): number {
  const size = numerator < 0n ? -numerator : numerator
  const sign = numerator < 0n ? -1 : 1
  if (size <= Number.MAX_SAFE_INTEGER && denominator <= Number.MAX_SAFE_INTEGER) {
    return Number(numerator) / Number(denominator)
  }
  const exponent = bits(size) - bits(denominator)
  if (exponent > 1030) return sign * Infinity
  // some 60 bits of the quotient, but no unit below the smallest float64
  const shift = Math.min(60 - exponent, 1074)
  const [dividend, divisor] = shift < 0 ? [size, denominator << BigInt(-shift)] : [size << BigInt(shift), denominator]
  const quotient = dividend / divisor
  const rest = dividend - quotient * divisor
  // what is left makes it odd, so that Number rounds it the right way
  if (quotient >= 2n ** 53n) return sign * Number(rest === 0n ? quotient : quotient | 1n) * 2 ** -shift
  const up = 2n * rest > divisor || (2n * rest === divisor && (quotient & 1n) === 1n)
  return sign * Number(up ? quotient + 1n : quotient) * 2 ** -shift || 0
}

/** Their number, up to 3 too many. */
export const bits = (integer: bigint): number => integer.toString(16).length * 4

/** ≥ 0 */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a < 0n ? -a : a
}

/** A finite value as integer / 2^shift. */
export function binary(value: number): { integer: bigint; shift: bigint } {
  let [integer, shift] = [value, 0]
  for (; !Number.isInteger(integer); shift++) integer *= 2
  return { integer: BigInt(integer), shift: BigInt(shift) }
}

const double = new Float64Array(1)
const word = new BigInt64Array(double.buffer)

/** The float64 above, or the value if there is none. */
export function next(value: number): number {
  if (value === 0) return Number.MIN_VALUE
  if (value === Infinity) return value
  double[0] = value
  word[0] += value > 0 ? 1n : -1n
  return double[0]
}

/** The float64 below, or the value if there is none. */
export const previous = (value: number): number => 0 - next(0 - value)
