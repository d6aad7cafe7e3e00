/** float64 numbers in an engine's memory, and a view of them, which is made again when the memory has grown. */
import type { Engine } from './engine.ts'
import type { Doubles } from './pointers.ts'

export class DoubleArray {
  readonly pointer: Doubles
  readonly #engine: Engine
  readonly #length: number
  /** The memory that the view is of. */
  #whole: Float64Array
  #view: Float64Array

  /** @param pointer to as many numbers */
  constructor(engine: Engine, pointer: Doubles, length: number) {
    this.pointer = pointer
    this.#engine = engine
    this.#length = length
    this.#whole = engine.f64
    this.#view = this.#make()
  }

  /** Numbers of unspecified content. */
  static create(engine: Engine, length: number): DoubleArray {
    return new DoubleArray(engine, engine.doubles(length), length)
  }

  static zeros(engine: Engine, length: number): DoubleArray {
    return new DoubleArray(engine, engine.zeroDoubles(length), length)
  }

  /** The numbers themselves, until the next allocation. */
  get view(): Float64Array {
    if (this.#whole !== this.#engine.f64) {
      this.#whole = this.#engine.f64
      this.#view = this.#make()
    }
    return this.#view
  }

  #make(): Float64Array {
    const first = this.pointer >> 3
    return this.#whole.subarray(first, first + this.#length)
  }
}
