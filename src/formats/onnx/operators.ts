/** The operators that are imported, by name: https://onnx.ai/onnx/operators. */
import * as arithmetic from './arithmetic.ts'
import type { Operator } from './call.ts'
import * as choice from './choice.ts'
import * as constants from './constants.ts'
import * as convolution from './convolution.ts'
import { einsum } from './einsum.ts'
import * as extremes from './extremes.ts'
import { folding } from './fold.ts'
import * as layout from './layout.ts'
import { pad } from './padding.ts'
import * as piecewise from './piecewise.ts'
import * as placement from './placement.ts'
import * as pooling from './pooling.ts'
import * as product from './product.ts'
import * as reduction from './reduction.ts'
import { curved } from './refused.ts'
import * as resize from './resize.ts'
import { softmax } from './softmax.ts'

/** Operators on values and on constants. */
const general: Readonly<Record<string, Operator>> = {
  Add: arithmetic.binary('Add'),
  Cast: layout.cast,
  Concat: layout.concat,
  Constant: layout.constant,
  DepthToSpace: placement.depthToSpace,
  Div: arithmetic.binary('Div'),
  Dropout: layout.dropout,
  Expand: placement.expand,
  Flatten: layout.flatten,
  Gather: placement.gather,
  GatherElements: placement.gatherElements,
  GatherND: placement.gatherND,
  Greater: choice.greater,
  GreaterOrEqual: choice.greaterOrEqual,
  Identity: layout.identity,
  Less: choice.less,
  LessOrEqual: choice.lessOrEqual,
  LogSoftmax: softmax('log-softmax'),
  Max: extremes.max,
  Mean: reduction.mean,
  Min: extremes.min,
  Mul: arithmetic.binary('Mul'),
  Neg: reduction.neg,
  Not: choice.not,
  ReduceMax: extremes.reduceMax,
  ReduceMean: reduction.reduceMean,
  ReduceMin: extremes.reduceMin,
  ReduceSum: reduction.reduceSum,
  Reshape: layout.reshape,
  Resize: resize.resize,
  Shape: layout.shapeOf,
  Sign: choice.sign,
  Size: constants.size,
  Slice: placement.slice,
  Softmax: softmax('softmax'),
  SpaceToDepth: placement.spaceToDepth,
  Split: placement.split,
  Squeeze: layout.squeeze,
  Sub: arithmetic.binary('Sub'),
  Sum: reduction.sum,
  Tile: placement.tile,
  Transpose: layout.transpose,
  Unsqueeze: layout.unsqueeze,
  Upsample: resize.upsample,
  Where: choice.where,
}

/** Operators on computed values. */
const ofValues: Readonly<Record<string, Operator>> = {
  Abs: piecewise.abs,
  AveragePool: pooling.averagePool,
  BatchNormalization: arithmetic.batchNormalization,
  Clip: piecewise.clip,
  Conv: convolution.conv,
  ConvTranspose: convolution.convTranspose,
  Einsum: einsum,
  Gemm: product.gemm,
  GlobalAveragePool: pooling.globalAveragePool,
  GlobalMaxPool: pooling.globalMaxPool,
  HardSigmoid: piecewise.hardSigmoid,
  LeakyRelu: piecewise.leakyRelu,
  MatMul: product.matMul,
  MaxPool: pooling.maxPool,
  PRelu: piecewise.pRelu,
  Pad: pad,
  Relu: piecewise.relu,
}

/** Operators on constants alone: shapes, conditions and quantised weights. */
const ofConstants: Readonly<Record<string, Operator>> = {
  And: constants.and,
  ConstantOfShape: constants.constantOfShape,
  DequantizeLinear: constants.dequantizeLinear,
  Equal: constants.equal,
  Mod: constants.mod,
  Or: constants.or,
  Pow: constants.pow,
  Range: constants.range,
  ReduceProd: constants.reduceProd,
  Xor: constants.xor,
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Operators on constants alone that are refused on values. */
const curves: Readonly<Record<string, (x: number) => number>> = {
  Atan: Math.atan,
  Ceil: Math.ceil,
  Cos: Math.cos,
  Exp: Math.exp,
  Floor: Math.floor,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Round: constants.roundEven,
  Sigmoid: sigmoid,
  Sin: Math.sin,
  Softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Softsign: (x) => x / (1 + Math.abs(x)),
  Sqrt: Math.sqrt,
  Tanh: Math.tanh,
}

export const operators: ReadonlyMap<string, Operator> = new Map([
  ...Object.entries(general),
  ...Object.entries(ofConstants),
  ...Object.entries(ofValues).map(([name, operator]) => [name, folding(operator)] as const),
  ...Object.entries(curves).map(([name, compute]) => [name, curved(compute)] as const),
])
