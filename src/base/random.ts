/**
 * Seeded, splittable random numbers: every use names its own stream, so that no stream depends on how many
 * numbers another one has drawn, nor on how work is spread over workers.
 *
 * xoshiro128** (Blackman & Vigna 2018), seeded through SplitMix32-style mixing of the seed and the names.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /** @param seed any integer; @param path what the stream is for, e.g. `new Random(seed, 'shuffle', epoch)` */
  constructor(seed: number, ...path: (string | number)[]) {
    let hash = 0x9e3779b9
    for (const part of [seed, ...path]) {
      for (const character of `${part}/`) hash = mix(hash ^ character.charCodeAt(0))
    }
    const next = () => (hash = mix((hash + 0x9e3779b9) | 0))
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotate(this.#d, 11)
    return result
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  /** −1 or 1. */
  sign(): number {
    return this.integer(2) === 0 ? -1 : 1
  }

  /** Standard normal (Box & Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Standard Cauchy. */
  cauchy(): number {
    // 32 bits are enough, and never ±½
    return Math.tan(Math.PI * ((this.bits() + 0.5) / 2 ** 32 - 0.5))
  }

  /** The integers 0 to n − 1 in random order (Fisher & Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = order[i]
      order[i] = order[j]
      order[j] = held
    }
    return order
  }
}

const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k))

function mix(x: number): number {
  let z = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) | 0
}
