/**
 * The memory of one WebAssembly instance of the kernels. It is an arena: values lie one after the other, and all those of
 * a chunk are released at once.
 */
import { UserError } from '../../base/errors.ts'
import { type Kernels, type Structs, fieldsOf } from './kernels.generated.ts'
import type { KernelVariant } from './kernels.ts'
import type { Doubles, Floats, Integers, Pointer } from './pointers.ts'
import { ArenaTensor } from './tensor.ts'

const PAGE = 65536
/** Nothing is allocated below: pointer 0 means "none". */
const FIRST = 1024
/** Pointers stay below 2 GB, where shifts of signed integers can still halve them. */
const MOST = 2 ** 31 - PAGE

/** What an arena is made of. */
interface Parts {
  readonly kernels: Kernels
  readonly memory: WebAssembly.Memory
  readonly variant: KernelVariant
  /** In bytes. */
  readonly memoryLimit: number
}

export class Arena {
  readonly kernels: Kernels
  readonly variant: KernelVariant
  readonly #memory: WebAssembly.Memory
  readonly #limit: number
  #next = FIRST
  #peak = FIRST
  /** Views of the whole memory; replaced when it grows, so never keep them across an allocation. */
  f32!: Float32Array
  f64!: Float64Array
  i32!: Int32Array

  protected constructor({ kernels, memory, variant, memoryLimit }: Parts) {
    this.kernels = kernels
    this.variant = variant
    this.#memory = memory
    this.#limit = Math.min(memoryLimit, MOST)
    this.#view()
  }

  /** Where `bytes` bytes of unspecified content start, 16-byte aligned. @throws UserError when memory runs out */
  allocate(bytes: number): number {
    const pointer = this.#next
    const end = pointer + Math.ceil(bytes / 16) * 16
    if (end > this.#memory.buffer.byteLength) this.#grow(end)
    this.#next = end
    if (end > this.#peak) this.#peak = end
    return pointer
  }

  /** Room for `length` floats of unspecified content. */
  floats(length: number): Floats {
    return this.allocate(length * 4) as Floats
  }

  /** Room for as many float64 numbers. */
  doubles(length: number): Doubles {
    return this.allocate(length * 8) as Doubles
  }

  /** Room for as many integers of 32 bits. */
  integers(length: number): Integers {
    return this.allocate(length * 4) as Integers
  }

  /** Floats that are zero. */
  zeros(length: number): Floats {
    const pointer = this.floats(length)
    this.i32.fill(0, pointer >> 2, (pointer >> 2) + length)
    return pointer
  }

  /** float64 numbers that are zero. */
  zeroDoubles(length: number): Doubles {
    const pointer = this.doubles(length)
    this.f64.fill(0, pointer >> 3, (pointer >> 3) + length)
    return pointer
  }

  /** A copy of `values`. */
  floatsFrom(values: ArrayLike<number>): Floats {
    const pointer = this.floats(values.length)
    this.f32.set(values, pointer >> 2)
    return pointer
  }

  /** A copy of `values` as float64. */
  doublesFrom(values: ArrayLike<number>): Doubles {
    const pointer = this.doubles(values.length)
    this.f64.set(values, pointer >> 3)
    return pointer
  }

  /** A copy of integer `values`. */
  integersFrom(values: ArrayLike<number>): Integers {
    const pointer = this.integers(values.length)
    this.i32.set(values, pointer >> 2)
    return pointer
  }

  /** A struct of the kernels. */
  struct<Name extends keyof Structs>(name: Name, fields: Structs[Name]): Pointer<Name> {
    const names: readonly (keyof Structs[Name])[] = fieldsOf[name]
    return this.integersFrom(names.map((field) => fields[field] as number)) as number as Pointer<Name>
  }

  /** A tensor of unspecified content. */
  tensor(length: number): ArenaTensor {
    return new ArenaTensor(this, this.floats(length), length)
  }

  /** A tensor of zeros. */
  zeroTensor(length: number): ArenaTensor {
    return new ArenaTensor(this, this.zeros(length), length)
  }

  /** A tensor of a copy of `values`. */
  tensorFrom(values: ArrayLike<number>): ArenaTensor {
    return new ArenaTensor(this, this.floatsFrom(values), values.length)
  }

  /** A copy of `length` floats. */
  read(pointer: Floats, length: number): Float32Array {
    return this.f32.slice(pointer >> 2, (pointer >> 2) + length)
  }

  /** Where the arena stands; pass it to `release` to free everything allocated since. */
  mark(): number {
    return this.#next
  }

  release(mark: number): void {
    this.#next = mark
  }

  /** Most bytes that have been in use at once. */
  get peakBytes(): number {
    return this.#peak
  }

  #grow(end: number): void {
    const wanted = Math.min(this.#limit, Math.ceil(end * 1.25))
    const refuse = () =>
      new UserError(`out of memory: the engine needs ${Math.ceil(end / 2 ** 20)} MB: use a smaller batch or network`, {
        code: 'out-of-memory',
      })
    if (end > wanted) throw refuse()
    try {
      this.#memory.grow(Math.ceil((wanted - this.#memory.buffer.byteLength) / PAGE))
    } catch {
      throw refuse()
    }
    this.#view()
  }

  #view(): void {
    this.f32 = new Float32Array(this.#memory.buffer)
    this.f64 = new Float64Array(this.#memory.buffer)
    this.i32 = new Int32Array(this.#memory.buffer)
  }
}
