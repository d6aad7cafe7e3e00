/** Products with a constant matrix: Gemm and MatMul. */
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { transposed } from './layout.ts'
import { refusedValue } from './refused.ts'
import { broadcastIndex, broadcastShapes, elementsOf } from './shape.ts'
import { type Operand, type Value, type Weights, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

/** A constant matrix, or several matrices of one shape, as they are in memory, transposed or not. */
interface Matrix {
  readonly data: Weights
  /** Dimensions before the last two: how many matrices there are. */
  readonly batch: readonly number[]
  readonly rows: number
  readonly columns: number
  readonly rowStride: number
  readonly columnStride: number
}

const flip = ({ rows, columns, rowStride, columnStride, ...matrix }: Matrix): Matrix => ({
  ...matrix,
  rows: columns,
  columns: rows,
  rowStride: columnStride,
  columnStride: rowStride,
})

/** alpha·A·B + beta·C, with A or B transposed on request. */
export const gemm: Operator = (call) => {
  const [a, b] = [call.operand(0), call.operand(1)]
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw call.refuse(`multiplies [${a.shape}] and [${b.shape}]: both must have two dimensions`)
  }
  const turned = (operand: Operand, by: string) =>
    call.wholeNumber(by, 0) === 0 || isConstant(operand) ? operand : transposed(call, operand, [1, 0])
  const matrix = (constant: Constant, by: string) =>
    call.wholeNumber(by, 0) === 0 ? matrixOf(constant) : flip(matrixOf(constant))
  const [left, right] = [turned(a, 'transA'), turned(b, 'transB')]
  if (!isConstant(left) && !isConstant(right)) return refusedProduct(call, left, right)
  const product = isConstant(right)
    ? multiply(call, valueOf(call, left), matrix(right, 'transB'), 'right')
    : multiply(call, right, matrix(constantOf(call, left), 'transA'), 'left')
  const scaled = times(call, product, call.number('alpha', 1))
  const c = call.input(2)
  const beta = call.number('beta', 1)
  if (!c) return scaled
  const sum = combine(call, 'Add', scaled, times(call, c, beta))
  if (elementsOf(sum.shape) !== elementsOf(product.shape)) {
    throw call.refuse(`adds [${c.shape}] to [${product.shape}]: the shapes do not fit`)
  }
  return sum
}

function times(call: Call, operand: Operand, factor: number): Operand {
  if (factor === 1) return operand
  if (!Number.isFinite(factor)) throw call.refuse(`multiplies by ${factor}`)
  return combine(call, 'Mul', operand, { shape: [], data: Float64Array.of(factor), integer: false })
}

export const matMul: Operator = (call) => {
  const [a, b] = [call.operand(0), call.operand(1)]
  if (a.shape.length === 0 || b.shape.length === 0) throw call.refuse('multiplies a number without dimensions')
  // A vector on the left is a row, on the right a column; the dimension that this adds is dropped again.
  const [row, column] = [a.shape.length === 1, b.shape.length === 1]
  const left = row ? call.relabel(a, [1, ...a.shape]) : a
  const right = column ? call.relabel(b, [...b.shape, 1]) : b
  const product = productOf(call, left, right)
  const rank = product.shape.length
  const dropped = (i: number) => (row && i === rank - 2) || (column && i === rank - 1)
  return call.relabel(
    product,
    product.shape.filter((_, i) => !dropped(i)),
  )
}

function productOf(call: Call, left: Operand, right: Operand): Value {
  if (isConstant(right)) return multiply(call, valueOf(call, left), matrixOf(right), 'right')
  return isConstant(left) ? multiply(call, right, matrixOf(left), 'left') : refusedProduct(call, left, right)
}

function refusedProduct(call: Call, left: Value, right: Value): Value {
  const outer = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2))
  if (!outer || left.shape.at(-1) !== right.shape.at(-2)) throw misfit(call, left.shape, right.shape)
  const shape = [...outer, left.shape.at(-2)!, right.shape.at(-1)!]
  return refusedValue(call, shape, [left, right], { operator: `${call.node.opType} of two computed values` })
}

function valueOf(call: Call, operand: Operand): Value {
  if (!isConstant(operand)) return operand
  throw call.refuse('multiplies two constants: not supported')
}

function constantOf(call: Call, operand: Operand): Constant {
  if (isConstant(operand)) return operand
  throw call.refuse('multiplies two values computed from the input: one must be constant')
}

function matrixOf({ data, shape }: Constant): Matrix {
  const [rows, columns] = shape.slice(-2)
  return { data, batch: shape.slice(0, -2), rows, columns, rowStride: columns, columnStride: 1 }
}

/**
 * value · matrix or matrix · value, with numpy's rules: dimensions before the last two are broadcast.
 * @param side where the matrix stands
 */
function multiply(call: Call, value: Value, matrix: Matrix, side: 'left' | 'right'): Value {
  const [height, width] = value.shape.slice(-2)
  const onLeft = side === 'left'
  const batch = broadcastShapes(value.shape.slice(0, -2), matrix.batch)
  if (!batch || (onLeft ? height !== matrix.columns : width !== matrix.rows)) {
    const constant = [...matrix.batch, matrix.rows, matrix.columns]
    const [a, b] = onLeft ? [constant, value.shape] : [value.shape, constant]
    throw misfit(call, a, b)
  }
  const last = onLeft ? [matrix.rows, width] : [height, matrix.columns]
  const shape = [...batch, ...last]
  const size = elementsOf(shape)
  if (size === 0) throw call.refuse(`makes nothing: a value of [${shape}]`)
  /** One row for each output, over the dimension that is summed. */
  const rowMatrix = onLeft ? matrix : flip(matrix)
  return size === rowMatrix.rows
    ? full(call, value, rowMatrix, shape)
    : copied(call, value, rowMatrix, { shape, batch, last, onLeft })
}

const misfit = (call: Call, a: readonly number[], b: readonly number[]) =>
  call.refuse(`multiplies [${a}] and [${b}]: the shapes do not fit`)

/** The matrix once, of a value that is a vector. */
function full({ steps, label }: Call, value: Value, matrix: Matrix, shape: readonly number[]): Value {
  const { data, rows, columnStride } = matrix
  if (columnStride !== 1) steps.spendCopy(data, label)
  const weights = columnStride === 1 ? data : rowsFirst(matrix)
  return steps.add(
    { kind: 'dense', label, size: rows, value: value.id, weights, bias: new Float64Array(rows) },
    shape,
    rows,
  )
}

interface Copies {
  readonly shape: readonly number[]
  /** The dimensions of `shape` before the last two, followed by the last two. */
  readonly batch: readonly number[]
  readonly last: readonly number[]
  readonly onLeft: boolean
}

/** The same matrix for several vectors, or several matrices. */
function copied({ steps, label }: Call, value: Value, matrix: Matrix, { shape, batch, last, onLeft }: Copies): Value {
  const { data, rows, columns, rowStride, columnStride } = matrix
  const size = elementsOf(shape)
  const [height, width] = value.shape.slice(-2)
  const valueOfBatch = broadcastIndex(value.shape.slice(0, -2), batch)
  const matrixOfBatch = broadcastIndex(matrix.batch, batch)
  const rowsOf = () => {
    const source = new Int32Array(size * columns)
    const weight = new Float64Array(size * columns)
    for (let o = 0, at = 0; o < size; o++) {
      const index = Math.floor(o / (last[0] * last[1]))
      const [r, c] = [Math.floor(o / last[1]) % last[0], o % last[1]]
      const from = valueOfBatch(index) * height * width
      const row = matrixOfBatch(index) * rows * columns + (onLeft ? r : c) * rowStride
      for (let k = 0; k < columns; k++, at++) {
        source[at] = from + (onLeft ? k * width + c : r * width + k)
        weight[at] = data[row + k * columnStride]
      }
    }
    const start = new Int32Array(size + 1).map((_, o) => o * columns)
    return { inputs: elementsOf(value.shape), start, source, weight }
  }
  const step = { kind: 'sparse', label, size, value: value.id, rows: rowsOf } as const
  return steps.add(step, shape, 2 * size * (columns + 1))
}

function rowsFirst({ data, rows, columns, rowStride, columnStride }: Matrix): Weights {
  const copy: Weights = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length)
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) copy[i++] = data[r * rowStride + c * columnStride]
  }
  return copy
}
