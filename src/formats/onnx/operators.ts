/** The operators that are imported, by name: https://onnx.ai/onnx/operators. */
import * as arithmetic from './arithmetic.ts'
import type { Operator } from './call.ts'
import { folding } from './fold.ts'
import * as layout from './layout.ts'
import * as product from './product.ts'
import { curved } from './refused.ts'
import * as window from './window.ts'

/** Those that take values and constants alike. */
const general: Readonly<Record<string, Operator>> = {
  Add: arithmetic.binary('Add'),
  Cast: layout.cast,
  Concat: layout.concat,
  Constant: layout.constant,
  Div: arithmetic.binary('Div'),
  Dropout: layout.dropout,
  Flatten: layout.flatten,
  Gather: layout.gather,
  Identity: layout.identity,
  Mul: arithmetic.binary('Mul'),
  Reshape: layout.reshape,
  Shape: layout.shapeOf,
  Squeeze: layout.squeeze,
  Sub: arithmetic.binary('Sub'),
  Transpose: layout.transpose,
  Unsqueeze: layout.unsqueeze,
}

/** Those of computed values. */
const ofValues: Readonly<Record<string, Operator>> = {
  AveragePool: window.averagePool,
  BatchNormalization: arithmetic.batchNormalization,
  Conv: window.conv,
  Gemm: product.gemm,
  GlobalAveragePool: window.globalAveragePool,
  MatMul: product.matMul,
  Pad: window.pad,
  Relu: arithmetic.relu,
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Those of constants alone. */
const curves: Readonly<Record<string, (x: number) => number>> = {
  Atan: Math.atan,
  Cos: Math.cos,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Sigmoid: sigmoid,
  Sin: Math.sin,
  Softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Softsign: (x) => x / (1 + Math.abs(x)),
  Sqrt: Math.sqrt,
  Tanh: Math.tanh,
}

export const operators: ReadonlyMap<string, Operator> = new Map([
  ...Object.entries(general),
  ...Object.entries(ofValues).map(([name, operator]) => [name, folding(operator)] as const),
  ...Object.entries(curves).map(([name, compute]) => [name, curved(compute)] as const),
])
