/** What the operators of SMT-LIB's core and linear arithmetic mean, of VNN-LIB 2.0 too. */
import type { UserError } from '../../base/errors.ts'
import { type Formula, and, comparison, never, not, or } from './formula.ts'
import { type Linear, add, constantOf, multiply, negate } from './linear.ts'

export type Value = Linear | Formula

export const isLinear = (value: Value): value is Linear => value instanceof Map

/** Makes the error of a message, with its place in the file. */
type Fail = (message: string) => UserError
type Meaning = (operands: readonly Value[], operator: string, fail: Fail) => Value

const meanings = new Map<string, Meaning>([
  ['and', (...given) => and(formulas(...given))],
  ['or', (...given) => or(formulas(...given))],
  ['not', (...given) => not(formulas(...given, 1)[0])],
  ['=>', implication],
  ['xor', (...given) => formulas(...twoSides(...given)).reduce((a, b) => not(equivalence(a, b)))],
  ['ite', choice],
  ['=', equality],
  ['==', equality],
  ['distinct', distinction],
  ['!=', distinction],
  ['<=', (...given) => chain(given, (a, b) => comparison(a, b, false))],
  ['<', (...given) => chain(given, (a, b) => comparison(a, b, true))],
  ['>=', (...given) => chain(given, (a, b) => comparison(b, a, false))],
  ['>', (...given) => chain(given, (a, b) => comparison(b, a, true))],
  ['+', (...given) => expressions(...given).reduce(add)],
  ['-', difference],
  ['*', product],
  ['/', quotient],
])

export const isOperator = (word: string): boolean => meanings.has(word)
export const operators: readonly string[] = [...meanings.keys()]

/**
 * @param operands expressions among them are taken over
 * @throws what `fail` makes, if the operator is not for these operands; TooManyDigits
 */
export const apply: Meaning = (operands, operator, fail) => meanings.get(operator)!(operands, operator, fail)

function formulas(operands: readonly Value[], operator: string, fail: Fail, count?: number): Formula[] {
  if (count !== undefined && operands.length !== count)
    throw fail(`'${operator}' is of ${count}, not ${operands.length}`)
  return operands.map((value) => {
    if (isLinear(value)) throw fail(`a number or variable where '${operator}' needs a formula`)
    return value
  })
}

function expressions(operands: readonly Value[], operator: string, fail: Fail, least = 1): Linear[] {
  if (operands.length < least) throw fail(`'${operator}' of too little`)
  return operands.map((value) => {
    if (!isLinear(value)) throw fail(`a formula where '${operator}' needs a number or variable`)
    return value
  })
}

/** Its arguments, if there are two operands at least. */
function twoSides(...given: Parameters<Meaning>): Parameters<Meaning> {
  const [operands, operator, fail] = given
  if (operands.length < 2) throw fail(`'${operator}' needs two sides`)
  return given
}

/** (a ⇒ b ⇒ c) is a ⇒ (b ⇒ c) */
function implication(operands: readonly Value[], operator: string, fail: Fail): Formula {
  const all = formulas(...twoSides(operands, operator, fail))
  return or([...all.slice(0, -1).map(not), all.at(-1)!])
}

function choice(operands: readonly Value[], operator: string, fail: Fail): Formula {
  const [condition, then, otherwise] = formulas(operands, operator, fail, 3)
  return or([and([condition!, then!]), and([not(condition!), otherwise!])])
}

const equivalence = (a: Formula, b: Formula): Formula => or([and([a, b]), and([not(a), not(b)])])

const equal = (a: Linear, b: Linear): Formula =>
  and([comparison(new Map(a), new Map(b), false), comparison(new Map(b), new Map(a), false)])

function equality(operands: readonly Value[], operator: string, fail: Fail): Formula {
  twoSides(operands, operator, fail)
  if (isLinear(operands[0])) return chain([operands, operator, fail], equal)
  const all = formulas(operands, operator, fail)
  return and(all.slice(1).map((formula, i) => equivalence(all[i], formula)))
}

/** Each from each other. */
function distinction(operands: readonly Value[], operator: string, fail: Fail): Formula {
  twoSides(operands, operator, fail)
  if (isLinear(operands[0])) {
    const all = expressions(operands, operator, fail)
    return and(all.flatMap((a, i) => all.slice(i + 1).map((b) => not(equal(a, b)))))
  }
  const all = formulas(operands, operator, fail)
  return all.length > 2 ? never : not(equivalence(all[0], all[1]))
}

/** Of each operand and the next. */
function chain(given: Parameters<Meaning>, compare: (a: Linear, b: Linear) => Formula): Formula {
  const all = expressions(...twoSides(...given))
  if (all.length === 2) return compare(all[0], all[1])
  return and(all.slice(1).map((b, i) => compare(new Map(all[i]), new Map(b))))
}

function difference(...given: Parameters<Meaning>): Linear {
  const [first, ...rest] = expressions(...given)
  return rest.length === 0 ? negate(first!) : rest.reduce((sum, term) => add(sum, negate(term)), first!)
}

function product(operands: readonly Value[], operator: string, fail: Fail): Linear {
  return expressions(operands, operator, fail, 2).reduce((a, b) => {
    const [left, right] = [constantOf(a), constantOf(b)]
    if (right) return multiply(a, right)
    if (left) return multiply(b, left)
    throw fail('a product of variables is not linear: multiply by numbers only')
  })
}

function quotient(operands: readonly Value[], operator: string, fail: Fail): Linear {
  return expressions(operands, operator, fail, 2).reduce((a, b) => {
    const divisor = constantOf(b)
    if (!divisor || divisor.sign === 0) throw fail('divide by numbers other than 0 only')
    return multiply(a, divisor.reciprocal)
  })
}
