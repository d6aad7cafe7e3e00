/** Reads bytes one after the other, never beyond their end. Numbers are little-endian. */
import type { UserError } from '../base/errors.ts'

/** Longer whole numbers are not read. */
const MOST_DIGITS = 255
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export class Cursor {
  /** The next byte. */
  at: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #refuse: (what: string) => UserError

  /** @param refuse the error of what is wrong */
  constructor(bytes: Uint8Array, start: number, refuse: (what: string) => UserError) {
    this.at = start
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#refuse = refuse
  }

  uint8 = (): number => this.#view.getUint8(this.#take(1))
  uint16 = (): number => this.#view.getUint16(this.#take(2), true)
  uint32 = (): number => this.#view.getUint32(this.#take(4), true)
  int32 = (): number => this.#view.getInt32(this.#take(4), true)
  /** Rounded, if it is not a safe integer. */
  uint64 = (): number => Number(this.#view.getBigUint64(this.#take(8), true))
  bigEndianFloat64 = (): number => this.#view.getFloat64(this.#take(8))

  /** A whole number of `size` bytes in two's complement: a bigint if it is not safe. */
  whole(size: number): number | bigint {
    if (size > MOST_DIGITS) throw this.#refuse(`it has a number of ${size} bytes`)
    const digits = this.bytes(size)
    let value = 0n
    for (const digit of digits.toReversed()) value = 256n * value + BigInt(digit)
    if (size > 0 && digits[size - 1] > 127) value -= 1n << BigInt(8 * size)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  /** A view of the next ones. */
  bytes(size: number): Uint8Array {
    const at = this.#take(size)
    return this.#bytes.subarray(at, at + size)
  }

  text = (size: number): string => utf8.decode(this.bytes(size))

  /** What comes before the next line break. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at)
    if (end < 0) throw this.#refuse('it is cut short')
    const text = this.text(end - this.at)
    this.at++
    return text
  }

  #take(size: number): number {
    const { at } = this
    if (size > this.#bytes.length - at) throw this.#refuse('it is cut short')
    this.at += size
    return at
  }
}
