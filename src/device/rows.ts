/**
 * What a device does for exact rows: dual passes from a specification back to the input (bounds/dual-rows.ts), window by
 * window, touching active neurons only.
 */
import type { Shape } from '../model/layers.ts'
import type { Norm } from '../region/norm.ts'
import type { CentredBox, Device, Geometry, Interval, NeuronList } from './device.ts'
import type { Tape, Tensor } from './tape.ts'

export interface RowDevice extends Device {
  readonly windows: Windows
  readonly rows: Rows
}

/**
 * Blocks of rows, each with its window: all windows are whole images, or each is the receptive field of one position.
 * Values lie [block][neuron in the window][row]. Made by a device, for itself.
 */
export interface Blocks {
  readonly count: number
  readonly shape: Shape
  /** Number of floats of a value laid out in these blocks. */
  readonly length: number
}

export interface Windows {
  /** One block whose window is the whole image. */
  whole(shape: Shape, rows: number): Blocks
  /** One block per position of an output, `rows[i]` rows at `positions[i]`, with the window of that single position. */
  positions(shape: Shape, positions: Int32Array, rows: Int32Array): Blocks
  /** The blocks on the input side of a layer: each window becomes its receptive field. */
  receptive(above: Blocks, geometry: Geometry): Blocks
  /** The smallest windows that hold those of both, block by block. */
  covering(a: Blocks, b: Blocks): Blocks
  /** The same values seen as another shape: a flatten, backwards. Windows must be whole, or empty. */
  reshaped(blocks: Blocks, shape: Shape): Blocks
}

/** Where rows start. Made by a device, for itself. */
export interface Starts {
  readonly rows: number
}

/** Values of rows over the neurons of a layer. */
export interface RowValues {
  readonly blocks: Blocks
  readonly value: Tensor
  /** The neurons whose coefficients are not 0, or may not be. */
  readonly active: NeuronList
}

/** Where rows arrive. */
export interface RowTarget extends RowValues {
  /** Whether nothing is there yet. */
  readonly isFirst: boolean
}

/** Weights that rows go through. */
export interface RowWeights {
  readonly geometry: Geometry
  readonly weight: Tensor
}

/** What rows gather on the way, per row. */
export interface RowSums {
  /** Σ ν·b. */
  readonly constant: Tensor
  /** Σ l[−ν]₊ and −Σ l[ν]₊: what the relaxation adds to the lower and the upper bound. */
  readonly lowerGap: Tensor
  readonly upperGap: Tensor
  /** Bound on the rounding error; zero in training. */
  readonly error: Tensor
}

/** The neurons that rows meet. */
export interface RowNeurons {
  /** Per channel. */
  readonly bias: Tensor
  /** Per neuron: the slope of both lines, and l where unstable, else 0. */
  readonly slope: Tensor
  readonly gap: Tensor
  /** Per neuron, what a unit of its coefficient may cost in rounding; left out in training, where rounding is ignored. */
  readonly rounding?: Tensor | undefined
}

/** Rows that have arrived at the image, and the ball around one example of a chunk. */
export interface RowsAtInput {
  readonly rows: number
  readonly blocks: Blocks
  /** ν̂₁: [block][input in the window][row]. */
  readonly coefficients: Tensor
}

/** One example of a chunk whose values lie [neuron][example]. */
export interface Example {
  readonly ball: CentredBox
  readonly columns: number
  readonly example: number
  readonly norm: Norm
}

/** The input's part of every row: Σ x ν̂₁, and the dual norm of the vector radius·ν̂₁ (Σ radius|ν̂₁| for 'linf'). */
export interface InputTerm {
  readonly centre: Tensor
  readonly radius: Tensor
}

/** Per row of a pass and its reference's: what the multiplier makes of them (Li et al. 2019, Section 5.4). */
export interface ReferenceRows {
  /** The multiplier. */
  readonly eta: Tensor
  /** [input][row]: the signs of ν̂₁ + η·q̂₁. */
  readonly signs: Tensor
  /** Four numbers per row, [sum][row]: along ν̂₁ and along q̂₁ at η, along q̂₁ just right of 0 and beyond the last transition. */
  readonly sums: Tensor
}

export interface Rows {
  /**
   * Where rows start.
   * @param positions output position of each block
   * @param plus, minus per row, the output channel added and the one subtracted; −1 for none
   */
  starts(positions: ArrayLike<number>, plus: ArrayLike<number>, minus: ArrayLike<number>): Starts
  /** Rows start as weights, W[plus] − W[minus]. @param sum what their bias is added to, if they have one */
  start(
    tape: Tape | undefined,
    from: RowWeights & { readonly starts: Starts },
    to: RowTarget,
    sum?: { readonly bias: Tensor; readonly constant: Tensor },
  ): void
  /** ν̂ = Wᵀν. @param isLast whether nothing else is sent from where these rows are */
  send(tape: Tape | undefined, through: RowWeights, from: RowValues & { readonly isLast: boolean }, to: RowTarget): void
  /** ν = slope ⊙ ν̂, in place; gaps and biases go into the sums. */
  relu(tape: Tape | undefined, rows: RowValues, neurons: RowNeurons, sums: RowSums): void
  /** What the image adds. */
  input(tape: Tape | undefined, rows: RowsAtInput, example: Example): InputTerm
  /**
   * Wong & Kolter's relaxation of the ReLUs of one example: slope 0 where off, 1 where on, u/(u − l) where unstable; the gap
   * is l where unstable, else 0.
   */
  relaxation(
    tape: Tape | undefined,
    interval: Interval,
    place: { readonly columns: number; readonly example: number },
  ): { readonly slope: Tensor; readonly gap: Tensor }
  /** Over an ℓ∞ ball: η is the median of the positive transition points. */
  reference(own: RowsAtInput, reference: RowsAtInput, example: Example): ReferenceRows
  /** The gradient of ν̂₁: x · (gradient of `upper`) + radius · sign · (gradient of `upper`). */
  referenceAdjoint(own: RowsAtInput, signs: Tensor, example: Example, upper: Tensor): void
}
