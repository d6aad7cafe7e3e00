/** Products with a constant matrix: Gemm and MatMul. */
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { transposed } from './layout.ts'
import { refusedValue } from './refused.ts'
import { broadcastShapes, elementsOf } from './shape.ts'
import { type Operand, type Value, type Weights, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

/** A constant matrix as it lies in memory, whichever way round. */
interface Matrix {
  readonly data: Weights
  readonly rows: number
  readonly columns: number
  readonly rowStride: number
  readonly columnStride: number
}

const flip = ({ data, rows, columns, rowStride, columnStride }: Matrix): Matrix => ({
  data,
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
    call.wholeNumber(by, 0) === 0 ? matrixOf(call, constant) : flip(matrixOf(call, constant))
  const [left, right] = [turned(a, 'transA'), turned(b, 'transB')]
  if (!isConstant(left) && !isConstant(right)) return refusedProduct(call, left, right)
  const product = isConstant(right)
    ? fromRight(call, valueOf(call, left), matrix(right, 'transB'))
    : fromLeft(call, matrix(constantOf(call, left), 'transA'), right)
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
  if (isConstant(right)) return fromRight(call, valueOf(call, left), matrixOf(call, right))
  return isConstant(left) ? fromLeft(call, matrixOf(call, left), right) : refusedProduct(call, left, right)
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

function matrixOf(call: Call, { data, shape }: Constant): Matrix {
  if (elementsOf(shape.slice(0, -2)) !== 1) throw call.refuse(`multiplies by several matrices at once: [${shape}]`)
  const [rows, columns] = shape.slice(-2)
  return { data, rows, columns, rowStride: columns, columnStride: 1 }
}

/** value · matrix: each row of the value on its own. */
function fromRight(call: Call, value: Value, matrix: Matrix): Value {
  const width = value.shape.at(-1)!
  if (width !== matrix.rows) throw misfit(call, value.shape, [matrix.rows, matrix.columns])
  const shape = [...value.shape.slice(0, -1), matrix.columns]
  const copies = elementsOf(shape) / matrix.columns
  return multiply(call, value, flip(matrix), shape, copies, {
    input: (copy, k) => copy * width + k,
    output: (o) => [Math.floor(o / matrix.columns), o % matrix.columns],
  })
}

/** matrix · value: each column of the value on its own. */
function fromLeft(call: Call, matrix: Matrix, value: Value): Value {
  const [height, width] = value.shape.slice(-2)
  if (height !== matrix.columns) throw misfit(call, [matrix.rows, matrix.columns], value.shape)
  const shape = [...value.shape.slice(0, -2), matrix.rows, width]
  const copies = elementsOf(shape) / matrix.rows
  return multiply(call, value, matrix, shape, copies, {
    input: (copy, k) => (Math.floor(copy / width) * height + k) * width + (copy % width),
    output: (o) => {
      const outer = Math.floor(o / (matrix.rows * width))
      return [outer * width + (o % width), Math.floor(o / width) % matrix.rows]
    },
  })
}

const misfit = (call: Call, a: readonly number[], b: readonly number[]) =>
  call.refuse(`multiplies [${a}] and [${b}]: the shapes do not fit`)

/** Where each of several equal products finds its inputs, and which product and row of the matrix make an output. */
interface Placing {
  input(copy: number, k: number): number
  output(o: number): readonly [copy: number, row: number]
}

function multiply(
  call: Call,
  value: Value,
  matrix: Matrix,
  shape: readonly number[],
  copies: number,
  place: Placing,
): Value {
  const { data, rows, columns, rowStride, columnStride } = matrix
  const { label } = call
  const size = elementsOf(shape)
  if (size === 0) throw call.refuse(`makes nothing: a value of [${shape}]`)
  if (copies === 1) {
    if (columnStride !== 1) call.steps.spendCopy(data, label)
    const weights = columnStride === 1 ? data : rowsFirst(matrix)
    const bias = new Float64Array(rows)
    return call.steps.add({ kind: 'dense', label, size, value: value.id, weights, bias }, shape, rows)
  }
  const rowsOf = () => {
    const source = new Int32Array(size * columns)
    const weight = new Float64Array(size * columns)
    for (let o = 0, at = 0; o < size; o++) {
      const [copy, r] = place.output(o)
      for (let k = 0; k < columns; k++, at++) {
        source[at] = place.input(copy, k)
        weight[at] = data[r * rowStride + k * columnStride]
      }
    }
    const start = new Int32Array(size + 1).map((_, o) => o * columns)
    return { inputs: elementsOf(value.shape), start, source, weight }
  }
  const step = { kind: 'sparse', label, size, value: value.id, rows: rowsOf } as const
  return call.steps.add(step, shape, 2 * size * (columns + 1))
}

function rowsFirst({ data, rows, columns, rowStride, columnStride }: Matrix): Weights {
  const copy: Weights = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length)
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) copy[i++] = data[r * rowStride + c * columnStride]
  }
  return copy
}
