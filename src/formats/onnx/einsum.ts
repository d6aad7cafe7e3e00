/** Einsum of one computed value with constants. Every output is a sum of products with one computed factor each. */
import type { Call, Operator } from './call.ts'
import { sums } from './reduction.ts'
import { refusedValue } from './refused.ts'
import { elementsOf, stridesOf, walk } from './shape.ts'
import { type Operand, type Value, isConstant } from './steps.ts'

export const einsum: Operator = (call) => {
  const operands = Array.from({ length: call.inputCount }, (_, i) => call.operand(i))
  const { terms, output } = equationOf(call, operands)
  const sizes = new Map<string, number>()
  operands.forEach(({ shape }, i) => {
    const fits = terms[i].length === shape.length
    terms[i].forEach((letter, d) => {
      if (!fits || (sizes.get(letter) ?? shape[d]) !== shape[d]) {
        throw call.refuse(`has the term '${terms[i].join('')}' for a value of [${shape}]: the shapes do not fit`)
      }
      sizes.set(letter, shape[d])
    })
  })
  const summed = [...sizes.keys()].filter((letter) => !output.includes(letter))
  const shapeOf = (letters: readonly string[]) => letters.map((letter) => sizes.get(letter)!)
  const shape = shapeOf(output)
  const [first, second] = operands.filter((operand): operand is Value => !isConstant(operand))
  if (second) return refusedValue(call, shape, operands, { operator: 'Einsum of two computed values' })
  /** From an index of the output, and one of what is summed, to that of an operand. */
  const indexOf = operands.map((operand, i) => {
    const own = stridesOf(operand.shape)
    const strides = (letters: readonly string[]) =>
      letters.map((letter) => terms[i].reduce((sum, found, d) => sum + (found === letter ? own[d] : 0), 0))
    const [outer, inner] = [walk(shape, strides(output)), walk(shapeOf(summed), strides(summed))]
    return (o: number, k: number) => outer(o) + inner(k)
  })
  const count = elementsOf(shapeOf(summed))
  return sums(call, first, shape, elementsOf(shape) * count, (o, add) => {
    for (let k = 0; k < count; k++) {
      let weight = 1
      let source = 0
      operands.forEach((operand, i) => {
        const at = indexOf[i](o, k)
        if (isConstant(operand)) weight *= operand.data[at]
        else source = at
      })
      add(source, weight)
    }
  })
}

/** Letters of the dimensions of each operand and of the output: by default those that occur once, in order. */
function equationOf(call: Call, operands: readonly Operand[]) {
  const equation = call.text('equation', '').replaceAll(' ', '')
  const [left, right, ...more] = equation.split('->')
  const terms = left.split(',').map((term) => [...term])
  const letters = terms.flat()
  const once = [...new Set(letters)].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
  const output = right === undefined ? once.toSorted() : [...right]
  const known = output.every((letter, i) => letters.includes(letter) && output.indexOf(letter) === i)
  if (more.length > 0 || !known || terms.length !== operands.length || !letters.every((l) => /[A-Za-z]/.test(l))) {
    throw call.refuse(`has the equation '${equation}', which is not supported`)
  }
  return { terms, output }
}
