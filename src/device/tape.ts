/**
 * Reverse-mode differentiation: while values are computed, each operation records how to carry gradients back;
 * `backward` runs these adjoints in reverse. Where no gradient is wanted there is no tape, and nothing is kept.
 */
import type { Engine } from './wasm/engine.ts'
import { type Floats, none } from './wasm/pointers.ts'

/** A value in the engine's memory and, once something flows back to it, its gradient. */
export class Tensor {
  readonly pointer: Floats
  /** Number of floats. */
  readonly length: number
  /**
   * Behind a ReLU: neurons of [neuron][example] that are zero here in every example are off. Their value is zero, and what
   * comes back to them goes no further, so that nobody needs to multiply by them.
   */
  support?: Tensor
  #gradient: Floats = none

  constructor(pointer: Floats, length: number) {
    this.pointer = pointer
    this.length = length
  }

  static create(engine: Engine, length: number): Tensor {
    return new Tensor(engine.floats(length), length)
  }

  static zeros(engine: Engine, length: number): Tensor {
    return new Tensor(engine.zeros(length), length)
  }

  /** Pointer to the gradient, made of zeros on first use. */
  gradient(engine: Engine): Floats {
    if (this.#gradient === 0) this.#gradient = engine.zeros(this.length)
    return this.#gradient
  }
}

export class Tape {
  readonly #adjoints: (() => void)[] = []

  record(adjoint: () => void): void {
    this.#adjoints.push(adjoint)
  }

  /** Carries the gradients that have been set on results back to parameters. Runs once. */
  backward(): void {
    for (let adjoint = this.#adjoints.pop(); adjoint; adjoint = this.#adjoints.pop()) adjoint()
  }
}
