/**
 * VNN-LIB (vnnlib.org; Demarchi, Guidotti, Pulina & Tacchella 2023), versions 1.0 and 2.0: what must not happen, as
 * formulas over the inputs and outputs of a network. All assertions together describe the unsafe set.
 */
import { badFile } from '../../base/errors.ts'
import { requireOrder } from '../../model/ending.ts'
import { type Graph, sizesOf } from '../../model/graph.ts'
import { decodeText } from '../foreign.ts'
import { gunzipIfNeeded } from '../gzip.ts'
import { type Formula, and } from './formula.ts'
import { FormulaParser } from './parser.ts'
import { type UnsafeSet, unsafeSet } from './regions.ts'
import { Tokens, quote } from './tokens.ts'
import { Variables } from './variables.ts'

/** There are no regions if the unsafe set is empty for every network. */
export interface Property extends UnsafeSet {
  /** For people to read. */
  readonly name: string
  readonly inputs: number
  readonly outputs: number
}

const MOST_BYTES = 2 ** 28

/** SMT-LIB commands that change nothing here. */
const idle = new Set([
  ...['set-logic', 'set-info', 'set-option', 'check-sat', 'echo', 'exit'],
  ...['get-model', 'get-value', 'get-info', 'get-option', 'get-assertions', 'get-assignment', 'get-proof'],
  ...['get-unsat-assumptions', 'get-unsat-core'],
])

/**
 * Reads the file of a property, compressed by gzip or not.
 * @param path its name, for messages
 * @throws UserError if it is larger than 256 MiB or no text, and those of `parseVnnlib`
 */
export function parsePropertyFile(packed: Uint8Array, path: string): Property {
  const bytes = gunzipIfNeeded(packed, path)
  if (bytes.length > MOST_BYTES) {
    throw badFile(`${path} has ${bytes.length} bytes, more than the ${MOST_BYTES} that a property may have`)
  }
  return parseVnnlib(decodeText(bytes, path), path)
}

/**
 * Understands constants, or a network, that are declared, and `assert` of what is linear: `and`, `or`, `not`, `=>`,
 * `xor`, `ite`, `let`, comparisons, sums, differences and multiples, among inputs, among outputs and between them.
 * Inputs must be bounded by numbers on both sides, in every case. All numbers are exact.
 * @param name of the file, for messages
 * @throws UserError naming the line of what is no VNN-LIB or no property of this kind; if an input has no bound; if
 *   the formula has more than 100,000 cases
 */
export function parseVnnlib(text: string, name: string): Property {
  const tokens = new Tokens(text, name)
  const variables = new Variables()
  const parser = new FormulaParser(tokens, variables)
  const asserted: Formula[] = []
  while (tokens.current !== undefined) {
    tokens.expect('(', 'before a command')
    const command = tokens.take('a command')
    if (command === 'declare-const' || command === 'declare-fun') variables.declare(tokens, command)
    else if (command === 'declare-network') variables.declareNetwork(tokens)
    else if (command === 'define-const' || command === 'define-fun') parser.define(command)
    else if (command === 'assert') asserted.push(parser.formula())
    else if (command === 'vnnlib-version') requireVersion(tokens)
    else if (idle.has(command)) tokens.skip()
    else throw tokens.error(`unknown command '${quote(command)}': known are declare-const, declare-network and assert`)
    tokens.expect(')', `after '${command}'`)
  }
  const inputs = variables.count('X', name)
  const outputs = variables.count('Y', name)
  return { name, inputs, outputs, ...unsafeSet(and(asserted), inputs, outputs, name) }
}

function requireVersion(tokens: Tokens): void {
  const version = tokens.take('a version')
  if (!/^<[12]\.\d+>$/.test(version)) throw tokens.error(`version ${quote(version)}: known are <1.0> and <2.0>`)
}

/** @throws UserError if the property is not one of this network: other counts of inputs or outputs, or its ending */
export function checkProperty(graph: Graph, { name, inputs, outputs, regions }: Property): void {
  const sizes = sizesOf(graph)
  const [has, gives] = [sizes[0], sizes.at(-1)!]
  if (has === inputs && gives === outputs)
    return requireOrder(
      graph,
      regions.flatMap(({ unsafe }) => unsafe.flat()),
    )
  throw badFile(
    `${name} is for another network: it has ${inputs} inputs X and ${outputs} outputs Y, ` +
      `${graph.name} has ${has} and ${gives}`,
  )
}
