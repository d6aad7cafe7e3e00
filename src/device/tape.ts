/**
 * Reverse-mode differentiation: while values are computed, each operation records how to carry gradients back;
 * `backward` runs these adjoints in reverse. Where no gradient is wanted there is no tape, and nothing is kept.
 */

/** Values on a device and, once something flows back to them, their gradient. */
export interface Tensor {
  /** Number of floats. */
  readonly length: number
  /**
   * Behind a ReLU: neurons of [neuron][example] that are zero here in every example are off. Their value is zero, and what
   * comes back to them goes no further, so no product needs them.
   */
  support?: Tensor
  /** As long as the values, and made of zeros on first use. */
  readonly gradient: Tensor
  /** The same values with a gradient of their own. */
  detached(): Tensor
  /** Some of the values, and of their gradient if there is one, in the same place. */
  part(first: number, length: number): Tensor
  /** Takes the gradient of another tensor for its own. */
  shareGradient(other: Tensor): void
  /** The values in their place, to read and write. Whatever is allocated next may make it useless. */
  view(): Float32Array
  /** A copy of the values. */
  read(): Float32Array
}

/** Makes gradients now, so that they outlive what is released before something flows back. */
export const makeGradients = (...tensors: readonly Tensor[]): readonly Tensor[] =>
  tensors.map(({ gradient }) => gradient)

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
