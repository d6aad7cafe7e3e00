/** The shape of a convolution of any kind, and of what it makes. */

/** Rectangular kernels, strides, dilations, groups, padding that differs by side. */
export interface ConvolutionShape {
  /** Channels, height and width of the input. */
  readonly input: readonly [number, number, number]
  readonly outChannels: number
  /** Height and width. */
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  /** Zeros added above, left, below, right. */
  readonly padding: readonly [number, number, number, number]
  readonly groups: number
}

/** A full matrix as a convolution of a 1 × 1 image. */
export const pointShape = (inputs: number, outputs: number): ConvolutionShape => ({
  input: [inputs, 1, 1],
  outChannels: outputs,
  ...{ kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 },
})

/** Whether a convolution is a full matrix. */
export const isPoint = ({ input, kernel, stride, dilation, padding, groups }: ConvolutionShape): boolean =>
  [input[1], input[2], ...kernel, ...stride, ...dilation, groups].every((size) => size === 1) &&
  padding.every((zeros) => zeros === 0)

/** Height and width of what a convolution makes; below 1 if it does not fit. */
export function convolutionSize({ input, kernel, stride, dilation, padding }: ConvolutionShape): [number, number] {
  const size = (axis: 0 | 1) =>
    Math.floor(
      (input[axis + 1] + padding[axis] + padding[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis],
    ) + 1
  return [size(0), size(1)]
}
