/** Exact arithmetic on float64 numbers: each is an integer times a power of two, and so are their sums and products. */

export interface Exact {
  readonly units: bigint
  /** The value is units · 2^exponent. */
  readonly exponent: number
}

const bits = new DataView(new ArrayBuffer(8))

/** @param value finite */
export function exact(value: number): Exact {
  bits.setFloat64(0, value)
  const high = bits.getUint32(0)
  const field = (high >>> 20) & 0x7ff
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4))
  const units = field === 0 ? fraction : fraction | (1n << 52n)
  return { units: high >>> 31 ? -units : units, exponent: Math.max(field, 1) - 1075 }
}

export function plus(a: Exact, b: Exact): Exact {
  const exponent = Math.min(a.exponent, b.exponent)
  return { units: (a.units << BigInt(a.exponent - exponent)) + (b.units << BigInt(b.exponent - exponent)), exponent }
}

export const times = (a: Exact, b: Exact): Exact => ({ units: a.units * b.units, exponent: a.exponent + b.exponent })

export const minus = (a: Exact, b: Exact): Exact => plus(a, { ...b, units: -b.units })

export const positive = (a: Exact): Exact => (a.units > 0n ? a : zero)

export const size = (a: Exact): Exact => (a.units < 0n ? { ...a, units: -a.units } : a)

export const zero: Exact = { units: 0n, exponent: 0 }

/** a ≤ b */
export const atMost = (a: Exact, b: Exact): boolean => minus(a, b).units <= 0n

/** bias + Σ weight · value */
export const linear = (bias: number, weights: ArrayLike<number>, values: readonly Exact[]): Exact =>
  values.reduce((sum, value, i) => plus(sum, times(exact(weights[i]), value)), exact(bias))
