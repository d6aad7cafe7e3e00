/**
 * What a device does, pass by pass. Everything above asks a device for passes, and never looks at its memory but through
 * `Tensor`. Values of a chunk lie [neuron][example], with `columns` examples, a multiple of 4. A pass that is given a tape
 * records how gradients go back.
 *
 * Exact rows (rows.ts) are more than every device can do: what they find decides which row comes next.
 */
import type { Shape } from '../model/layers.ts'
import type { Tape, Tensor } from './tape.ts'

/** An interval per element, by its centre and radius. */
export interface CentredBox {
  readonly centre: Tensor
  readonly radius: Tensor
}

/** An interval per element, by its ends. */
export interface Interval {
  readonly lower: Tensor
  readonly upper: Tensor
}

export interface GeometryOptions {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  /** Groups of channels that see only each other. */
  readonly groups: number
}

/** An affine layer without its weights: a convolution, or a linear layer as a 1 × 1 one. Made by a device, for itself. */
export interface Geometry {
  readonly input: Shape
  readonly output: Shape
  readonly options: GeometryOptions
  readonly allInputs: NeuronList
  readonly allOutputs: NeuronList
}

/** Some neurons of a layer. Made by a device, for itself. */
export interface NeuronList {
  /** Indexed [channel][position], in the order of their positions. */
  neurons(): Int32Array
}

/** W·x of a layer, or |W|·x, and where gradients go back; what is not needed is not computed. */
export interface Product {
  readonly geometry: Geometry
  readonly weight: Tensor
  readonly input: Tensor
  readonly toInput: boolean
  readonly toWeight: boolean
}

export interface Device {
  /** Where the memory stands; pass it to `release` to free everything allocated since. */
  mark(): number
  release(mark: number): void
  /** A tensor of unspecified content. @throws UserError when memory runs out */
  tensor(length: number): Tensor
  zeroTensor(length: number): Tensor
  /** A tensor of a copy of `values`. */
  tensorFrom(values: ArrayLike<number>): Tensor
  geometry(input: Shape, output: Shape, options: GeometryOptions): Geometry
  /**
   * The neurons whose value, such as a slope, is not zero.
   * @param values [neuron]
   */
  activeNeurons(shape: Shape, values: Tensor): NeuronList

  readonly layers: Layers
  readonly intervals: Intervals
  readonly columns: Columns
  readonly channels: Channels
  readonly climb: Climb
}

/** Layers on a chunk. */
export interface Layers {
  /** Σ W·x + b, over products of equal outputs. @param bias per channel */
  affine(tape: Tape | undefined, products: readonly Product[], columns: number, bias?: Tensor): Tensor
  /** max(x, 0). */
  relu(tape: Tape | undefined, x: Tensor): Tensor
  /** `change` where x > 0, else 0: the derivative of a ReLU along a direction. Its own derivative by x is 0. */
  gate(tape: Tape | undefined, x: Tensor, change: Tensor): Tensor
  /** Writes |x|, for weights. */
  absolute(x: Tensor, to: Tensor): void
  /** Adds sign(x) · (gradient of `to`) to the gradient of x. */
  absoluteAdjoint(x: Tensor, to: Tensor): void
}

/** Interval steps. */
export interface Intervals {
  /** [centre − radius, centre + radius], widened outwards by `factor` times the magnitude of what was summed. */
  ends(
    tape: Tape | undefined,
    box: CentredBox,
    widening?: { readonly factor: number; readonly magnitude: Tensor },
  ): Interval
  /** [relu(lower), relu(upper)]. */
  relu(tape: Tape | undefined, interval: Interval): CentredBox
  /** The same interval by its centre and radius. */
  centred(tape: Tape | undefined, interval: Interval): CentredBox
  /** |centre| + radius: the largest absolute value. */
  largest(box: CentredBox): Tensor
}

/** Where columns lie, [neuron][column]: `count` of `width`, from `first` on, hold errors. */
export interface ErrorColumns {
  readonly width: number
  readonly first: number
  readonly count: number
}

/** One of the products that make columns of a stage. @see Columns */
export interface ColumnProduct {
  readonly geometry: Geometry
  readonly weight: Tensor
  readonly input: Tensor
  /** The neurons that the input has values of. */
  readonly active: NeuronList
  readonly toInput: boolean
}

/**
 * Columns on their way from the image through a relaxed network: an affine function of the image and of one error per
 * unstable neuron, evaluated forwards. Values lie [neuron][column]; column 0 is the centre, which alone meets biases.
 */
export interface Columns {
  /** Σ W·x + b of some neurons only. */
  affine(
    tape: Tape | undefined,
    products: readonly ColumnProduct[],
    bias: Tensor,
    wanted: { readonly targets: NeuronList; readonly width: number },
  ): Tensor
  /**
   * An unstable ReLU with bounds l, u and slope d = u/(u − l) becomes d·z + h + h·error, h = −d·l/2, with an error in
   * [−1, 1]: the same two lines as in a dual pass. In the other columns its error is a random number, `errorOf` column 1 to
   * `count` of these. Works in place;
   * neurons that are off stay as they are and must not be read.
   */
  relu(
    tape: Tape | undefined,
    value: Tensor,
    lines: { readonly slope: Tensor; readonly gap: Tensor },
    errors: ErrorColumns & { readonly errorOf: (neuron: number, column: number) => number },
  ): void
  /** For each neuron of a list the median of its errors' magnitudes; of an even number the mean of the two in the middle. */
  medians(value: Tensor, neurons: readonly number[], errors: ErrorColumns): ColumnMedians
}

export interface ColumnMedians {
  readonly medians: Float32Array
  /** Per neuron the two columns in the middle (one column twice if their number is odd), negative where the value is. */
  readonly places: Int32Array
}

/** Whole channels of a chunk's values, [channel][place][example], for batch normalisation. */
export interface Channels {
  /** Per channel, Σ x and Σ x·y over places and examples, in float64. */
  sums(channels: number, x: Tensor, y: Tensor): { readonly sums: Float64Array; readonly products: Float64Array }
  /** y = factor·x + shift, with a factor and a shift per channel. */
  scale(x: Tensor, y: Tensor, coefficients: readonly (readonly [number, number])[]): void
  /** dx += factor·dy + slope·x + constant, with these three per channel. */
  scaleAdjoint(x: Tensor, y: Tensor, coefficients: readonly (readonly [number, number, number])[]): void
  /** Zeros in the columns that hold no example. */
  clearPadding(x: Tensor, columns: number, count: number): void
}

/** Gradient attacks on a chunk, [input][example]. */
export interface Climb {
  /** The part of a box in [low, high], of the elements `first` to `first` + `count` − 1. */
  boxEnds(box: CentredBox, within: Interval, part: { first: number; count: number; low: number; high: number }): void
  /** x = x + sign(its gradient) · step · radius, cut to the interval. Where the gradient is NaN, x stays. */
  step(x: Tensor, radius: Tensor, step: number, within: Interval): void
  /** Copies the examples that `isWanted`. */
  keep(isWanted: readonly boolean[], columns: number, from: Tensor, to: Tensor): void
}
