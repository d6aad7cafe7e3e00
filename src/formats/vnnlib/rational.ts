/**
 * Rational numbers, exact under + − × ÷, as the numbers of VNN-LIB are. Each knows the float64 nearest to it, which
 * decides nearly every comparison; fractions of big integers are made only where they are needed.
 */
import { productLoss } from '../../base/exact.ts'
import { binary, bits, greatestCommonDivisor, next, nearestTo, previous } from './float64.ts'

interface Fraction {
  readonly numerator: bigint
  /** > 0, and in lowest terms. */
  readonly denominator: bigint
}

/** Thrown where a number has more digits than any property needs: a hostile one could take all time and memory. */
export class TooManyDigits extends Error {
  override readonly name = 'TooManyDigits'
}

const MOST_DIGITS = 2000
const MOST_BITS = 2 ** 14
/** Decimals of so few digits, beyond `LEAST`, differ if and only if the float64 nearest to them do. */
const SHORT = 15
const LEAST = 1e-300

/** No static fields: built to JavaScript, these would be made before the class has its name. */
let [zero, one]: (Rational | undefined)[] = []

export class Rational {
  static get zero(): Rational {
    return (zero ??= Rational.integer(0))
  }
  static get one(): Rational {
    return (one ??= Rational.integer(1))
  }

  /** The float64 nearest to it, ties to even; infinite if it is larger than all. */
  readonly nearest: number
  /** It is digits · 10^exponent where it has digits, a safe integer if they are a number. */
  readonly #digits: number | bigint | undefined
  readonly #exponent: number
  /** Computed when it is needed, unless the number has no digits. */
  #fraction: Fraction | undefined
  #side: number | undefined

  private constructor(nearest: number, digits: number | bigint | undefined, exponent: number, fraction?: Fraction) {
    this.nearest = nearest
    this.#digits = digits
    this.#exponent = exponent
    this.#fraction = fraction
  }

  /** @param value a safe integer */
  static integer(value: number): Rational {
    return new Rational(value, value, 0)
  }

  /** @param denominator not 0 */
  static fraction(numerator: bigint, denominator: bigint): Rational {
    const common = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n)
    const fraction = { numerator: numerator / common, denominator: denominator / common }
    return new Rational(nearestTo(fraction.numerator, fraction.denominator), undefined, 0, fraction)
  }

  /** Exactly a float64. @param value finite */
  static float64(value: number): Rational {
    if (Number.isSafeInteger(value)) return Rational.integer(value + 0)
    const { integer, shift } = binary(value)
    return Rational.fraction(integer, 1n << shift)
  }

  /**
   * @returns undefined if the text is no decimal number
   * @throws TooManyDigits
   */
  static decimal(text: string): Rational | undefined {
    const match = /^([-+]?)(\d+\.?\d*|\.\d+)(?:e([-+]?\d+))?$/i.exec(text)
    if (!match) return undefined
    const mantissa = match[2]
    const point = mantissa.indexOf('.')
    const digits = (point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1)).replace(/^0+/, '')
    if (digits === '') return Rational.zero
    const exponent = (match[3] ? Number(match[3]) : 0) - (point < 0 ? 0 : mantissa.length - 1 - point)
    if (digits.length > MOST_DIGITS || Math.abs(exponent) > MOST_DIGITS) throw new TooManyDigits()
    const signed = match[1] === '-' ? `-${digits}` : digits
    const nearest = Number(text)
    const isShort = digits.length <= SHORT && Math.abs(nearest) > LEAST && Number.isFinite(nearest)
    return new Rational(nearest, isShort ? Number(signed) : BigInt(signed), exponent)
  }

  /** Differs for different numbers, and is the same for equal numbers that are written alike. */
  get key(): string {
    if (this.isShort) return `${this.nearest}`
    if (this.#digits !== undefined) return `${this.#digits}e${this.#exponent}`
    return `${this.fraction.numerator}/${this.fraction.denominator}`
  }

  /** Whether it was read as a decimal that float64 tells from all others of its kind, or is an integer. */
  get isShort(): boolean {
    return typeof this.#digits === 'number'
  }

  get fraction(): Fraction {
    if (this.#fraction) return this.#fraction
    const exponent = this.#exponent
    const [integer, power] = [BigInt(this.#digits!), 10n ** BigInt(Math.abs(exponent))]
    if (exponent >= 0) return (this.#fraction = { numerator: integer * power, denominator: 1n })
    const common = greatestCommonDivisor(integer, power)
    return (this.#fraction = { numerator: integer / common, denominator: power / common })
  }

  /** On which side of `nearest` the number is: −1 below, 0 equal, 1 above. */
  get side(): number {
    return (this.#side ??= this.#findSide())
  }

  #findSide(): number {
    const { nearest } = this
    if (!Number.isFinite(nearest)) return nearest > 0 ? -1 : 1
    const [digits, exponent] = [this.#digits, this.#exponent]
    if (digits === undefined) return this.#compareExactly(Rational.float64(nearest))
    if (typeof digits === 'number') {
      if (exponent === 0) return 0
      const power = powersOfTen[-exponent]
      if (power !== undefined) return Math.sign(remainder(digits, nearest, power))
    }
    const { integer, shift } = binary(nearest)
    const power = 10n ** BigInt(Math.abs(exponent))
    const [own, other] = exponent < 0 ? [BigInt(digits), integer * power] : [BigInt(digits) * power, integer]
    return compareIntegers(own << shift, other)
  }

  /** The number itself. @throws TooManyDigits if it has grown too long */
  get limited(): this {
    if (this.#fraction && Math.max(bits(this.#fraction.numerator), bits(this.#fraction.denominator)) > MOST_BITS) {
      throw new TooManyDigits()
    }
    return this
  }

  get sign(): number {
    return this.nearest === 0 ? this.side : Math.sign(this.nearest)
  }

  /** The largest float64 that is not above it; −Infinity if all are. */
  get floor(): number {
    return this.side < 0 ? previous(this.nearest) : this.nearest
  }

  /** The smallest float64 that is not below it; Infinity if all are. */
  get ceiling(): number {
    return this.side > 0 ? next(this.nearest) : this.nearest
  }

  /** < 0 if it is below `other`, 0 if they are equal, > 0 if it is above. */
  compare(other: Rational): number {
    if (this.nearest !== other.nearest) return this.nearest < other.nearest ? -1 : 1
    return this === other ? 0 : this.#compareExactly(other)
  }

  #compareExactly(other: Rational): number {
    if (this.#digits !== undefined && other.#digits !== undefined) {
      const least = Math.min(this.#exponent, other.#exponent)
      return compareIntegers(
        BigInt(this.#digits) * 10n ** BigInt(this.#exponent - least),
        BigInt(other.#digits) * 10n ** BigInt(other.#exponent - least),
      )
    }
    const [a, b] = [this.fraction, other.fraction]
    return compareIntegers(a.numerator * b.denominator, b.numerator * a.denominator)
  }

  get negated(): Rational {
    const digits = typeof this.#digits === 'number' ? 0 - this.#digits : this.#digits && -this.#digits
    const fraction = this.#fraction && { ...this.#fraction, numerator: -this.#fraction.numerator }
    return new Rational(0 - this.nearest, digits, this.#exponent, fraction)
  }

  /** The number if it is an integer of few digits; NaN if not. */
  get #integer(): number {
    return this.#exponent === 0 && typeof this.#digits === 'number' ? this.#digits : NaN
  }

  plus(other: Rational): Rational {
    const sum = this.#integer + other.#integer
    if (Number.isSafeInteger(sum)) return Rational.integer(sum)
    const [a, b] = [this.fraction, other.fraction]
    if (a.denominator === b.denominator) return Rational.fraction(a.numerator + b.numerator, a.denominator)
    return Rational.fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
  }

  times(other: Rational): Rational {
    if (other === Rational.one) return this
    const product = this.#integer * other.#integer
    if (Number.isSafeInteger(product)) return Rational.integer(product + 0)
    const [a, b] = [this.fraction, other.fraction]
    return Rational.fraction(a.numerator * b.numerator, a.denominator * b.denominator)
  }

  /** 1 / it. It must not be 0. */
  get reciprocal(): Rational {
    const { numerator, denominator } = this.fraction
    return Rational.fraction(denominator, numerator)
  }
}

const compareIntegers = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

const powersOfTen = Array.from({ length: 23 }, (_, k) => 10 ** k)

/** Rounded, but its sign is exact: digits − nearest · power, where the two are nearly equal. */
function remainder(digits: number, nearest: number, power: number): number {
  const product = nearest * power
  return digits - product - productLoss(nearest, power, product)
}
