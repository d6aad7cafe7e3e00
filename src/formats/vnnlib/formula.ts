/** The formulas of a VNN-LIB file, read from its words. */
import {
  CONSTANT,
  type Linear,
  add,
  indexOf,
  inputVariable,
  isConstant,
  isInput,
  isPrecise,
  linear,
  multiply,
  outputVariable,
  reciprocal,
} from './linear.ts'
import { type Tokens, quote } from './tokens.ts'

/** Strict and non-strict comparisons are the same: the unsafe set is taken with its border. */
export type Formula =
  /** X_input ≥ value if it is a lower end, ≤ value if not */
  | { readonly kind: 'bound'; readonly input: number; readonly isLower: boolean; readonly value: number }
  /** Σ coefficients[k]·Y_outputs[k] ≤ bound */
  | {
      readonly kind: 'linear'
      readonly outputs: readonly number[]
      readonly coefficients: readonly number[]
      readonly bound: number
    }
  | { readonly kind: 'and'; readonly parts: readonly Formula[] }
  | { readonly kind: 'or'; readonly parts: readonly Formula[] }

/** The variables that a file has declared, by their names. */
export type Variables = Map<string, number>

const always: Formula = { kind: 'and', parts: [] }
const never: Formula = { kind: 'or', parts: [] }

const comparisons = new Set(['<=', '>=', '<', '>', '='])
const operators = new Set(['+', '-', '*', '/'])

/** Deeper nesting is refused: it is no property, and would take the stack. */
const MOST_DEPTH = 500

/** @returns the variable of a name such as X_0 or Y_12, or undefined */
export function variableNamed(name: string): number | undefined {
  const match = /^([XY])_(0|[1-9]\d{0,8})$/.exec(name)
  if (!match) return undefined
  return match[1] === 'X' ? inputVariable(Number(match[2])) : outputVariable(Number(match[2]))
}

export class FormulaParser {
  readonly #tokens: Tokens
  readonly #variables: Variables

  constructor(tokens: Tokens, variables: Variables) {
    this.#tokens = tokens
    this.#variables = variables
  }

  /** @throws UserError with the line of what is no formula, or none that can be verified */
  formula(depth = 0): Formula {
    this.#limit(depth)
    this.#tokens.expect('(', 'before a formula')
    const operator = this.#tokens.take('a formula')
    if (operator === 'and' || operator === 'or') {
      const parts: Formula[] = []
      while (this.#tokens.current !== ')') parts.push(this.formula(depth + 1))
      if (parts.length === 0) throw this.#tokens.error(`'${operator}' of nothing: give it formulas`)
      this.#tokens.expect(')', `after '${operator}'`)
      return parts.length === 1 ? parts[0] : { kind: operator, parts }
    }
    if (!comparisons.has(operator)) {
      throw this.#tokens.error(`unknown operator '${quote(operator)}': known are and, or, <=, >=, <, > and =`)
    }
    const sides = this.#operands(depth, `'${operator}'`)
    if (sides.length < 2) throw this.#tokens.error(`'${operator}' needs two sides`)
    const parts: Formula[] = []
    for (let i = 1; i < sides.length; i++) {
      const [left, right] = [sides[i - 1], sides[i]]
      if (!operator.startsWith('>')) parts.push(this.#atMost(left, right))
      if (!operator.startsWith('<')) parts.push(this.#atMost(right, left))
    }
    return parts.length === 1 ? parts[0] : { kind: 'and', parts }
  }

  /** left ≤ right */
  #atMost(left: Linear, right: Linear): Formula {
    if (left.size === 1 && right.size === 1) {
      const bound = inputBound(left, right, false) ?? inputBound(right, left, true)
      if (bound) return bound
    }
    const difference = add(new Map(left), right, -1)
    this.#requirePrecise(difference)
    const bound = 0 - (difference.get(CONSTANT)?.value ?? 0)
    const terms = [...difference].filter(([variable, { value }]) => variable !== CONSTANT && value !== 0)
    if (terms.length === 0) return bound >= 0 ? always : never
    const coefficients = terms.map(([, { value }]) => value)
    const input = terms.find(([variable]) => isInput(variable))
    if (!input) return { kind: 'linear', outputs: terms.map(([variable]) => indexOf(variable)), coefficients, bound }
    const index = indexOf(input[0])
    if (terms.length > 1 || Math.abs(coefficients[0]) !== 1) {
      throw this.#tokens.error(
        `a comparison with X_${index} has more than that input and a number: inputs must be in boxes, such as ` +
          '(<= X_0 0.5)',
      )
    }
    const isLower = coefficients[0] < 0
    return { kind: 'bound', input: index, isLower, value: isLower ? 0 - bound : bound }
  }

  #expression(depth: number): Linear {
    this.#limit(depth)
    const token = this.#tokens.take('a number or a variable')
    if (token !== '(') return this.#word(token)
    const operator = this.#tokens.take('an operator')
    if (!operators.has(operator)) {
      throw this.#tokens.error(`unknown operator '${quote(operator)}' in an expression: known are +, -, * and /`)
    }
    const [first, ...rest] = this.#operands(depth, `'${operator}'`)
    const isSum = operator === '+' || operator === '-'
    if (!first || (!isSum && rest.length === 0)) throw this.#tokens.error(`'${operator}' of too little`)
    if (!isSum) return rest.reduce((a, b) => this.#scaled(a, b, operator), first)
    if (operator === '-' && rest.length === 0) return multiply(first, linear(CONSTANT, -1))
    return rest.reduce((sum, term) => add(sum, term, operator === '-' ? -1 : 1), first)
  }

  #scaled(a: Linear, b: Linear, operator: string): Linear {
    if (operator === '/') {
      const possible = isConstant(b) && b.get(CONSTANT)!.value !== 0
      if (!possible) throw this.#tokens.error('divide by numbers other than 0 only')
      return multiply(a, reciprocal(b))
    }
    if (isConstant(b)) return multiply(a, b)
    if (isConstant(a)) return multiply(b, a)
    throw this.#tokens.error('a product of variables is not linear: multiply by numbers only')
  }

  /** Expressions up to the closing parenthesis. */
  #operands(depth: number, operator: string): Linear[] {
    const operands: Linear[] = []
    while (this.#tokens.current !== ')') operands.push(this.#expression(depth + 1))
    this.#tokens.expect(')', `after ${operator}`)
    return operands
  }

  #word(word: string): Linear {
    const variable = this.#variables.get(word)
    if (variable !== undefined) return linear(variable, 1)
    if (variableNamed(word) !== undefined) {
      throw this.#tokens.error(`${word} is not declared: add (declare-const ${word} Real)`)
    }
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) {
      throw this.#tokens.error(`'${quote(word)}' is neither a number nor a variable such as X_0 or Y_0`)
    }
    const value = Number(word)
    const vanished = value === 0 && /[1-9]/.test(word.split(/e/i)[0])
    if (vanished || !Number.isFinite(value)) {
      throw this.#tokens.error(`${quote(word)} is no number of float64: out of range`)
    }
    return linear(CONSTANT, value)
  }

  #requirePrecise(expression: Linear): void {
    if (isPrecise(expression)) return
    throw this.#tokens.error('float64 cannot compute these numbers: they overflow, or cancel all their digits')
  }

  #limit(depth: number): void {
    if (depth > MOST_DEPTH) throw this.#tokens.error(`nested deeper than ${MOST_DEPTH} levels: write it flatter`)
  }
}

/** Most of what large files say: an input alone on one side, a number on the other. */
function inputBound(side: Linear, other: Linear, isLower: boolean): Formula | undefined {
  const number = other.get(CONSTANT)
  const [variable] = side.keys()
  if (!number || !isInput(variable) || side.get(variable)!.value !== 1 || number.error !== 0) return undefined
  return { kind: 'bound', input: indexOf(variable), isLower, value: number.value }
}
