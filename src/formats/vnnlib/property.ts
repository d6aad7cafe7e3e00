/**
 * VNN-LIB 1.0 (vnnlib.org; Demarchi, Guidotti, Pulina & Tacchella 2023): what must not happen, as formulas over the
 * inputs X_0, X_1, … and outputs Y_0, Y_1, … of a network. All assertions together describe the unsafe set.
 */
import { UserError } from '../../errors.ts'
import { type Graph, sizesOf } from '../../networks/graph.ts'
import { readWholeFile } from '../atomic.ts'
import { decodeText } from '../foreign.ts'
import { gunzipIfNeeded } from '../gzip.ts'
import { type Bounds, CaseMaker, type LinearFormula, conjuncts } from './cases.ts'
import { type Formula, FormulaParser, type Variables, variableNamed } from './formula.ts'
import { indexOf, isInput } from './linear.ts'
import { Tokens, quote } from './tokens.ts'

/** Holds where Σ coefficients·Y ≤ bound. */
export interface OutputConstraint {
  /** One per output. */
  readonly coefficients: Float64Array
  readonly bound: number
}

/** A box of inputs, and the outputs that are unsafe over it. */
export interface Region {
  /** One per input: the numbers of the file, rounded to float64. lower ≤ upper. */
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Or of and, at least one; a case without constraints always holds. */
  readonly unsafe: readonly (readonly OutputConstraint[])[]
}

export interface Property {
  /** For people. */
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  /** The unsafe set is their union; none if it is empty whatever the network. */
  readonly regions: readonly Region[]
}

/** Numbers in all boxes, and in all constraints: memory for properties of any use, and no more. */
const MOST_NUMBERS = 2 ** 24
const MOST_BYTES = 2 ** 28

/** SMT-LIB commands that change nothing here. */
const idle = ['set-logic', 'check-sat', 'get-model', 'exit']

/**
 * Reads a property, compressed by gzip or not.
 * @throws UserError if the file cannot be read, and those of `parseVnnlib`
 */
export function readVnnlib(path: string): Property {
  const bytes = gunzipIfNeeded(readWholeFile(path), path)
  if (bytes.length > MOST_BYTES) {
    throw new UserError(`${path} has ${bytes.length} bytes, more than the ${MOST_BYTES} that a property may have`)
  }
  return parseVnnlib(decodeText(bytes, path), path)
}

/**
 * Understands `declare-const` (and `declare-fun` without arguments) of X_i and Y_j, and `assert` of and, or, <=, >=, <,
 * >, = over sums, differences and multiples. Inputs must be bounded by numbers on both sides, in every case.
 * Strict comparisons count as non-strict: the border of an unsafe set is unsafe.
 * @param name of the file, for messages
 * @throws UserError naming the line of what is no VNN-LIB or no property of this kind; if an input has no bound; if
 *   the formula has more than 100,000 cases
 */
export function parseVnnlib(text: string, name: string): Property {
  const tokens = new Tokens(text, name)
  const variables: Variables = new Map()
  const parser = new FormulaParser(tokens, variables)
  const asserted: Formula[] = []
  while (tokens.current !== undefined) {
    tokens.expect('(', 'before a command')
    const command = tokens.take('a command')
    if (command === 'declare-const' || command === 'declare-fun') declare(tokens, variables, command)
    else if (command === 'assert') asserted.push(parser.formula())
    else if (idle.includes(command)) while (tokens.current !== ')') tokens.take("')'")
    else throw tokens.error(`unknown command '${quote(command)}': known are declare-const and assert`)
    tokens.expect(')', `after '${command}'`)
  }
  const inputs = count('X', variables, name)
  const outputs = count('Y', variables, name)
  return { name, inputs, outputs, regions: regionsOf({ kind: 'and', parts: asserted }, inputs, outputs, name) }
}

/** @throws UserError if the property is not one of this network: the counts of inputs or outputs differ */
export function checkProperty(graph: Graph, { name, inputs, outputs }: Property): void {
  const sizes = sizesOf(graph)
  const [has, gives] = [sizes[0]!, sizes.at(-1)!]
  if (has === inputs && gives === outputs) return
  throw new UserError(
    `${name} is for another network: it has ${inputs} inputs X and ${outputs} outputs Y, ` +
      `${graph.name} has ${has} and ${gives}`,
  )
}

function declare(tokens: Tokens, variables: Variables, command: string): void {
  const word = tokens.take('a variable')
  const variable = variableNamed(word)
  if (variable === undefined) {
    throw tokens.error(`cannot declare '${quote(word)}': inputs are X_0, X_1, …, outputs Y_0, Y_1, …`)
  }
  if (variables.has(word)) throw tokens.error(`${word} is declared twice`)
  if (command === 'declare-fun') {
    tokens.expect('(', `after ${word}`)
    tokens.expect(')', `after ${word}: a variable has no arguments`)
  }
  const type = tokens.take('Real')
  if (type !== 'Real') throw tokens.error(`${word} is of type '${quote(type)}': only Real is known`)
  variables.set(word, variable)
}

function count(letter: 'X' | 'Y', variables: Variables, name: string): number {
  const indices = [...variables.values()].filter((variable) => isInput(variable) === (letter === 'X')).map(indexOf)
  const declared = new Set(indices)
  if (declared.size === 0) throw new UserError(`${name} declares no ${letter}_0: is it a VNN-LIB file?`)
  for (let i = 0; i < declared.size; i++) {
    if (!declared.has(i)) throw new UserError(`${name} declares ${declared.size} ${letter}s but not ${letter}_${i}`)
  }
  return declared.size
}

function regionsOf(formula: Formula, inputs: number, outputs: number, name: string): Region[] {
  const maker = new CaseMaker(name)
  // what holds everywhere stays out of the cases, or it would be copied into each
  const { bounds: base, constraints: always, choices } = conjuncts(formula)
  if (isEmptyBox(base)) return []
  const cases = maker.cases({ kind: 'and', parts: choices }, base)
  const boxes = new Map<string, { bounds: Bounds; unsafe: OutputConstraint[][] }>()
  const keys = new Map<Bounds, string>()
  const dense = new Map<LinearFormula, OutputConstraint>()
  const denseOf = (constraint: LinearFormula) => {
    const made = dense.get(constraint) ?? toDense(constraint, outputs)
    dense.set(constraint, made)
    requireRoom(dense.size * outputs, name)
    return made
  }
  for (const { bounds, constraints } of cases) {
    maker.copied(always.length)
    const key = keys.get(bounds) ?? keyOf(bounds, base)
    keys.set(bounds, key)
    const box = boxes.get(key) ?? { bounds, unsafe: [] }
    boxes.set(key, box)
    requireRoom(boxes.size * inputs, name)
    box.unsafe.push([...always, ...constraints].map(denseOf))
  }
  return [...boxes.values()].map(({ bounds, unsafe }) => ({ ...boxOf([base, bounds], inputs, name), unsafe }))
}

const isEmptyBox = ({ lower, upper }: Bounds) =>
  [...lower].some(([input, value]) => value > (upper.get(input) ?? Infinity))

function toDense({ outputs, coefficients, bound }: LinearFormula, size: number): OutputConstraint {
  const all = new Float64Array(size)
  outputs.forEach((output, k) => (all[output] = coefficients[k]!))
  return { coefficients: all, bound }
}

/** The same for cases with the same box: what they say beyond the base. */
function keyOf({ lower, upper }: Bounds, base: Bounds): string {
  const ends = [
    ...[...lower].filter(([input, value]) => value > (base.lower.get(input) ?? -Infinity)).map((end) => `l${end}`),
    ...[...upper].filter(([input, value]) => value < (base.upper.get(input) ?? Infinity)).map((end) => `u${end}`),
  ]
  return ends.toSorted().join(' ')
}

function boxOf(all: readonly Bounds[], inputs: number, name: string): Omit<Region, 'unsafe'> {
  const lower = new Float64Array(inputs).fill(-Infinity)
  const upper = new Float64Array(inputs).fill(Infinity)
  for (const bounds of all) {
    for (const [input, value] of bounds.lower) lower[input] = Math.max(lower[input]!, value)
    for (const [input, value] of bounds.upper) upper[input] = Math.min(upper[input]!, value)
  }
  for (const [end, values] of Object.entries({ lower, upper })) {
    const open = values.findIndex((value) => !Number.isFinite(value))
    if (open < 0) continue
    const hint = `(assert (${end === 'lower' ? '>=' : '<='} X_${open} 0.0))`
    throw new UserError(`${name}: X_${open} has no ${end} bound: add one, such as ${hint}`)
  }
  return { lower, upper }
}

function requireRoom(numbers: number, name: string): void {
  if (numbers > MOST_NUMBERS) {
    throw new UserError(`${name} has too many boxes or constraints for memory: split it into several files`)
  }
}
