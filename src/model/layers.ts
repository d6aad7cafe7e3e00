/**
 * The layers that a network is made of, as plain data: shapes and options, no weights.
 * Weights live in one flat Float32Array per network; `parameterLayout` says where each tensor lies in it.
 */
import { UserError, requireWhole } from '../base/errors.ts'

/** Channels × height × width of a value; a vector of n numbers is n × 1 × 1. Values are stored in this order. */
export interface Shape {
  readonly channels: number
  readonly height: number
  readonly width: number
}

export type Layer =
  | { readonly kind: 'normalise'; readonly mean: readonly number[]; readonly deviation: readonly number[] }
  | {
      readonly kind: 'convolution'
      readonly outChannels: number
      readonly kernel: number
      readonly stride: number
      readonly padding: number
      /** In how many groups input and output channels fall that see only each other, as in PyTorch; 1 if left out. */
      readonly groups?: number | undefined
      readonly batchNorm?: BatchNorm
      /** The layer whose output it reads, by its index, −1 for the image; the layer before if left out. */
      readonly from?: number | undefined
    }
  | { readonly kind: 'linear'; readonly outFeatures: number; readonly batchNorm?: BatchNorm }
  /** The mean of each window of a channel. The zeros of the padding count, as in PyTorch. */
  | { readonly kind: 'averagePool'; readonly kernel: number; readonly stride: number; readonly padding: number }
  | { readonly kind: 'relu' }
  | { readonly kind: 'flatten' }
  /** A residual sum: the output of the layer before plus that of any earlier layer `other`, −1 for the image. */
  | { readonly kind: 'add'; readonly other: number }

/**
 * Whether training normalises the channels of a layer over clean images. What is saved is an ordinary layer: its weights
 * have taken the normalisation in.
 */
type BatchNorm = true | undefined

/** The layers that have weights. */
export type AffineLayer = Extract<Layer, { kind: 'convolution' | 'linear' }>

/** Number of values in a shape. */
export const sizeOf = (shape: Shape): number => shape.channels * shape.height * shape.width

/** "1×28×28", or "100" for a vector. */
export const formatShape = (shape: Shape): string =>
  shape.height === 1 && shape.width === 1 ? `${shape.channels}` : `${shape.channels}×${shape.height}×${shape.width}`

/**
 * The shape that `layer` makes of `input`.
 * @throws UserError if the layer cannot take that input (window larger than the padded image, wrong channel count)
 */
export function outputShape(layer: Layer, input: Shape): Shape {
  requireSizes(layer)
  switch (layer.kind) {
    case 'normalise':
      if (layer.mean.length !== input.channels || layer.deviation.length !== input.channels) {
        throw new UserError(`normalise has ${layer.mean.length} means for ${input.channels} channels`)
      }
      return input
    case 'relu':
    case 'add':
      return input
    case 'flatten':
      return { channels: sizeOf(input), height: 1, width: 1 }
    case 'linear':
      if (input.height !== 1 || input.width !== 1) {
        throw new UserError(`linear needs a vector, not ${formatShape(input)}: put a flatten before it`)
      }
      return { channels: layer.outFeatures, height: 1, width: 1 }
    case 'convolution': {
      const { outChannels, groups = 1 } = layer
      if (input.channels % groups !== 0 || outChannels % groups !== 0) {
        throw new UserError(
          `a convolution of ${groups} groups cannot make ${outChannels} channels of ${input.channels}: ` +
            'the groups must divide both',
        )
      }
      return windowed(layer, input, outChannels)
    }
    case 'averagePool':
      if (2 * layer.padding > layer.kernel) {
        throw new UserError(`averagePool of kernel ${layer.kernel} has padding ${layer.padding}: at most half of it`)
      }
      return windowed(layer, input, input.channels)
    default:
      throw new UserError(`there is no layer '${(layer as Layer).kind}'`)
  }
}

/** @throws UserError unless every size of a layer is a whole number that makes sense */
function requireSizes(layer: Layer): void {
  const { kind } = layer
  const require = (what: string, value: number, least: number) =>
    requireWhole(`the ${what} of a layer '${kind}'`, value, least, MOST)
  if (kind === 'linear') require('outputs', layer.outFeatures, 1)
  if (kind === 'convolution') {
    require('channels', layer.outChannels, 1)
    require('groups', layer.groups ?? 1, 1)
  }
  if (kind === 'convolution' || kind === 'averagePool') {
    require('kernel', layer.kernel, 1)
    require('stride', layer.stride, 1)
    require('padding', layer.padding, 0)
  }
}

/** @throws UserError unless it has at least one value */
export function requireShape({ channels, height, width }: Shape): void {
  requireWhole('the number of channels', channels, 1, MOST)
  requireWhole('the height', height, 1, MOST)
  requireWhole('the width', width, 1, MOST)
}

/** More than any size can be. */
const MOST = 2 ** 31

type Windowed = Extract<Layer, { kind: 'convolution' | 'averagePool' }>

/** One output per place of the window, in `channels` channels. */
function windowed({ kind, kernel, stride, padding }: Windowed, input: Shape, channels: number): Shape {
  const out = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1
  const shape = { channels, height: out(input.height), width: out(input.width) }
  if (shape.height < 1 || shape.width < 1) {
    throw new UserError(`${kind} of kernel ${kernel} does not fit ${formatShape(input)}`)
  }
  return shape
}
