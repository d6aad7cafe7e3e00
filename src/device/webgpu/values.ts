/**
 * Values on a GPU while passes are recorded: how many there are and where their gradient will be, not yet what they are or
 * where they lie.
 */

/** Memory that a recording needs: as long as it is used, or `kept` for as long as the GPU is open. */
export interface Storage {
  /** For messages and dry runs. */
  readonly name: string
  /** Number of 32-bit values. */
  readonly length: number
  readonly isKept: boolean
}

/** Where the way back writes a gradient: over nothing, or in addition to what is there. */
export interface GradientTarget {
  readonly values: Values
  readonly accumulate: boolean
}

/** 32-bit values: floats, unless a pass says otherwise. */
export class Values {
  readonly storage: Storage
  /** Whether somebody wants the gradient by these values: of weights in training, not of images. */
  readonly wantsGradient: boolean
  readonly #newGradient: () => Values
  #gradient: Values | undefined

  constructor(storage: Storage, wantsGradient: boolean, newGradient: () => Values) {
    this.storage = storage
    this.wantsGradient = wantsGradient
    this.#newGradient = newGradient
  }

  get length(): number {
    return this.storage.length
  }

  /** What has flowed back so far; undefined if nothing has. */
  get gradient(): Values | undefined {
    return this.#gradient
  }

  /**
   * Where an adjoint writes. The first one writes every element; those after it add.
   * @throws RangeError if nobody wants this gradient
   */
  intoGradient(): GradientTarget {
    if (!this.wantsGradient) throw new RangeError(`nobody wants the gradient of ${this.storage.name}`)
    const accumulate = this.#gradient !== undefined
    return { values: (this.#gradient ??= this.#newGradient()), accumulate }
  }

  /** The same values, of which nobody wants the gradient. */
  detached(): Values {
    return new Values(this.storage, false, this.#newGradient)
  }
}
