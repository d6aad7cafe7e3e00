/** Values in an arena. */
import type { Tensor } from '../tape.ts'
import { type Floats, at } from './pointers.ts'

/** Where tensors lie. */
interface Room {
  readonly f32: Float32Array
  zeroTensor(length: number): ArenaTensor
}

export class ArenaTensor implements Tensor {
  readonly pointer: Floats
  readonly length: number
  support?: Tensor
  readonly #room: Room
  #gradient?: ArenaTensor
  /** Made on first use, and again when the memory has grown. */
  #view?: Float32Array

  constructor(room: Room, pointer: Floats, length: number) {
    this.#room = room
    this.pointer = pointer
    this.length = length
  }

  get gradient(): ArenaTensor {
    return (this.#gradient ??= this.#room.zeroTensor(this.length))
  }

  detached(): ArenaTensor {
    return new ArenaTensor(this.#room, this.pointer, this.length)
  }

  part(first: number, length: number): ArenaTensor {
    const part = new ArenaTensor(this.#room, at(this.pointer, first), length)
    if (this.#gradient) part.#gradient = this.#gradient.part(first, length)
    return part
  }

  shareGradient(other: ArenaTensor): void {
    this.#gradient = other.gradient
  }

  view(): Float32Array {
    const { f32 } = this.#room
    const first = this.pointer >> 2
    if (this.#view?.buffer !== f32.buffer) this.#view = f32.subarray(first, first + this.length)
    return this.#view
  }

  read(): Float32Array {
    return this.view().slice()
  }
}
