/** Reads the formulas of a VNN-LIB file from its words: the part of SMT-LIB 2.6 that is linear. */
import { type Formula, always, depthOf, never } from './formula.ts'
import { CONSTANT, linear } from './linear.ts'
import { type Value, apply, isLinear, isOperator, operators } from './operators.ts'
import { Rational, TooManyDigits } from './rational.ts'
import { type Tokens, quote } from './tokens.ts'
import { type Variables, variableNamed } from './variables.ts'

/** Deeper nesting is refused. No real property has it, and it would overflow the stack. */
const MOST_DEPTH = 500

export class FormulaParser {
  readonly #tokens: Tokens
  readonly #variables: Variables
  readonly #fail = (message: string) => this.#tokens.error(message)
  /** What `let` and `define-fun` have named; the innermost meaning last. */
  readonly #named = new Map<string, Value[]>()

  constructor(tokens: Tokens, variables: Variables) {
    this.#tokens = tokens
    this.#variables = variables
  }

  /** @throws UserError with the line of what is no formula, or none that can be verified */
  formula(): Formula {
    const value = this.#whole()
    if (isLinear(value)) throw this.#tokens.error('a number or variable where a formula should be')
    return value
  }

  /** `(define-fun name () Real 0.5)`, or of type Bool, and `(define-const name Real 0.5)`, behind the command. */
  define(command: string): void {
    const name = this.#newName()
    if (this.#named.has(name)) throw this.#tokens.error(`${quote(name)} is defined twice`)
    if (command === 'define-fun') {
      this.#tokens.expect('(', `after ${quote(name)}`)
      this.#tokens.expect(')', `after ${quote(name)}: only functions without arguments are known`)
    }
    const type = this.#tokens.take('Real or Bool')
    const value = this.#whole()
    if (type !== (isLinear(value) ? 'Real' : 'Bool')) {
      throw this.#tokens.error(`${quote(name)} is of type '${quote(type)}', which its value is not`)
    }
    this.#named.set(name, [value])
  }

  #whole(): Value {
    try {
      return this.#value(0)
    } catch (error) {
      if (!(error instanceof TooManyDigits)) throw error
      throw this.#tokens.error('a number of more than 2000 digits, as it stands or computed: round it')
    }
  }

  #value(depth: number): Value {
    this.#limit(depth)
    const token = this.#tokens.take('a formula or an expression')
    if (token !== '(') return this.#word(token)
    const operator = this.#tokens.take('an operator')
    if (operator === 'let') return this.#let(depth)
    if (operator === '!') return this.#annotated(depth)
    if (!isOperator(operator)) {
      throw this.#tokens.error(`unknown operator '${quote(operator)}': known are let, ${operators.join(', ')}`)
    }
    const operands: Value[] = []
    while (this.#tokens.current !== ')') operands.push(this.#value(depth + 1))
    this.#tokens.expect(')', `after '${operator}'`)
    const value = apply(operands, operator, this.#fail)
    if (!isLinear(value)) this.#limit(depthOf(value))
    return value
  }

  /** All values are read before any name has its meaning. */
  #let(depth: number): Value {
    const meanings = new Map<string, Value>()
    this.#tokens.expect('(', "after 'let'")
    while (this.#tokens.current !== ')') {
      this.#tokens.expect('(', "before a name of 'let'")
      const name = this.#newName()
      if (meanings.has(name)) throw this.#tokens.error(`${quote(name)} has two meanings in one 'let'`)
      meanings.set(name, this.#value(depth + 1))
      this.#tokens.expect(')', `after the meaning of ${quote(name)}`)
    }
    this.#tokens.expect(')', "after the names of 'let'")
    for (const [name, value] of meanings) this.#named.set(name, [...(this.#named.get(name) ?? []), value])
    const body = this.#value(depth + 1)
    for (const name of meanings.keys()) {
      const outer = this.#named.get(name)!.slice(0, -1)
      if (outer.length > 0) this.#named.set(name, outer)
      else this.#named.delete(name)
    }
    this.#tokens.expect(')', "after 'let'")
    return body
  }

  /** (! formula :named a): what it says about the formula changes nothing. */
  #annotated(depth: number): Value {
    const value = this.#value(depth + 1)
    this.#tokens.skip()
    this.#tokens.expect(')', "after '!'")
    return value
  }

  #newName(): string {
    const name = this.#tokens.take('a name')
    if (/^[()["\d.+-]/.test(name)) throw this.#tokens.error(`'${quote(name)}' cannot be a name`)
    return name
  }

  #word(word: string): Value {
    // numbers first, of which there are most: no name begins like one
    const number = Rational.decimal(word)
    if (number) return linear(CONSTANT, number)
    const meaning = this.#named.get(word)?.at(-1)
    // a copy, since the owner of an expression may change it
    if (meaning) return isLinear(meaning) ? new Map(meaning) : meaning
    const variable = this.#variables.find(this.#tokens, word)
    if (variable !== undefined) return linear(variable, Rational.one)
    if (word === 'true') return always
    if (word === 'false') return never
    if (variableNamed(word) !== undefined) {
      throw this.#tokens.error(`${word} is not declared: add (declare-const ${word} Real)`)
    }
    throw this.#tokens.error(`'${quote(word)}' is neither a number nor a variable such as X_0 or Y_0`)
  }

  #limit(depth: number): void {
    if (depth > MOST_DEPTH) throw this.#tokens.error(`nested deeper than ${MOST_DEPTH} levels: write it flatter`)
  }
}
