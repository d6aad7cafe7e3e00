/**
 * The variables that a VNN-LIB file declares: one by one as X_0 and Y_0 in version 1, as the tensors of a network in
 * version 2. Either way inputs and outputs are numbered through, in the order of the network's file.
 */
import { badFile } from '../../base/errors.ts'
import { indexOf, inputVariable, isInput, outputVariable } from './linear.ts'
import { type Tokens, quote } from './tokens.ts'

interface Tensor {
  /** Of an element, counted row by row. */
  readonly variable: (element: number) => number
  readonly shape: readonly number[]
}

const MOST_ELEMENTS = 2 ** 24

/** Types of real numbers, and of floats, which are rounded real numbers. */
const realTypes = ['Real', 'float16', 'bfloat16', 'float32', 'float64']

export class Variables {
  readonly #single = new Map<string, number>()
  readonly #tensors = new Map<string, Tensor>()
  /** Of version 2. */
  #network: { inputs: number; outputs: number } | undefined

  /** `(declare-const X_0 Real)` or `(declare-fun X_0 () Real)`, behind the command. */
  declare(tokens: Tokens, command: string): void {
    const word = tokens.take('a variable')
    if (this.#network) throw tokens.error(`'${quote(word)}' does not belong to the network: use ${command} without one`)
    const variable = variableNamed(word)
    if (variable === undefined) {
      throw tokens.error(`cannot declare '${quote(word)}': inputs are X_0, X_1, …, outputs Y_0, Y_1, …`)
    }
    if (this.#single.has(word)) throw tokens.error(`${word} is declared twice`)
    if (command === 'declare-fun') {
      tokens.expect('(', `after ${word}`)
      tokens.expect(')', `after ${word}: a variable has no arguments`)
    }
    const type = tokens.take('Real')
    if (type !== 'Real') throw tokens.error(`${word} is of type '${quote(type)}': only Real is known`)
    this.#single.set(word, variable)
  }

  /** `(declare-network N (declare-input X Real [1,2]) (declare-output Y Real [10]))`, behind the command. */
  declareNetwork(tokens: Tokens): void {
    const name = tokens.take('the name of a network')
    if (this.#network) throw tokens.error(`a second network, ${quote(name)}: only properties of one can be verified`)
    if (this.#single.size > 0) throw tokens.error('declare-network goes without declare-const and declare-fun')
    const counts = { inputs: 0, outputs: 0 }
    const named = { inputs: 0, outputs: 0 }
    this.#network = counts
    while (tokens.current !== ')') {
      tokens.expect('(', `in the network ${quote(name)}`)
      const command = tokens.take('declare-input or declare-output')
      if (command !== 'declare-input' && command !== 'declare-output') {
        throw tokens.error(
          `'${quote(command)}' cannot be verified: networks have declare-input and declare-output here`,
        )
      }
      const kind = command === 'declare-input' ? 'inputs' : 'outputs'
      const first = counts[kind]
      counts[kind] += this.#declareTensor(tokens, (element) =>
        kind === 'inputs' ? inputVariable(first + element) : outputVariable(first + element),
      )
      if (counts[kind] > MOST_ELEMENTS) throw tokens.error(`more than ${MOST_ELEMENTS} ${kind}`)
      // names are not looked up in the network, so they must not say another order than the file's
      if (tokens.current?.startsWith('"')) {
        tokens.take('a name')
        named[kind]++
      }
      if (first > 0 && named[kind] > 0) {
        throw tokens.error(`several ${kind} with names of the network's: leave the names out, they go in its order`)
      }
      tokens.expect(')', `after '${command}'`)
    }
  }

  /** @returns its elements */
  #declareTensor(tokens: Tokens, variable: Tensor['variable']): number {
    const name = tokens.take('a variable')
    if (!/^[a-z]\w*$/i.test(name))
      throw tokens.error(`cannot declare '${quote(name)}': a name is letters, digits and _`)
    if (this.#tensors.has(name)) throw tokens.error(`${quote(name)} is declared twice`)
    const type = tokens.take('a type')
    if (!realTypes.includes(type)) {
      throw tokens.error(`${quote(name)} is of type '${quote(type)}': known are ${realTypes.join(', ')}`)
    }
    const shape = indices(tokens, tokens.take('a shape'), `a shape such as [1,2] after '${type}'`)
    const size = shape.reduce((product, length) => product * length, 1)
    if (size === 0) throw tokens.error(`${quote(name)} has no element`)
    this.#tensors.set(name, { variable, shape })
    return size
  }

  /** The variable of a word that was taken, and of the indices behind it; undefined if there is no such name. */
  find(tokens: Tokens, word: string): number | undefined {
    const single = this.#single.get(word)
    if (single !== undefined) return single
    const tensor = this.#tensors.get(word)
    if (!tensor) return undefined
    const { shape, variable } = tensor
    const wanted = `one index for each of its ${shape.length} dimensions after ${quote(word)}`
    const at = tokens.current?.startsWith('[') ? indices(tokens, tokens.take('indices'), wanted) : []
    if (at.length !== shape.length) throw tokens.error(`give ${wanted}`)
    const outside = at.findIndex((index, d) => index >= shape[d])
    if (outside >= 0) throw tokens.error(`${quote(word)} has the shape [${shape.join(',')}]: no index ${at[outside]}`)
    return variable(at.reduce((element, index, d) => element * shape[d] + index, 0))
  }

  /** @throws UserError if there are none, or one between them is missing */
  count(letter: 'X' | 'Y', name: string): number {
    if (this.#network) {
      const count = letter === 'X' ? this.#network.inputs : this.#network.outputs
      if (count === 0) throw badFile(`${name} declares no ${letter === 'X' ? 'input' : 'output'} of the network`)
      return count
    }
    const all = [...this.#single.values()].filter((variable) => isInput(variable) === (letter === 'X'))
    const declared = new Set(all.map(indexOf))
    if (declared.size === 0) throw badFile(`${name} declares no ${letter}_0: is it a VNN-LIB file?`)
    for (let i = 0; i < declared.size; i++) {
      if (!declared.has(i)) throw badFile(`${name} declares ${declared.size} ${letter}s but not ${letter}_${i}`)
    }
    return declared.size
  }
}

/** @returns the variable of a name such as X_0 or Y_12, or undefined */
export function variableNamed(name: string): number | undefined {
  const match = /^([XY])_(0|[1-9]\d{0,8})$/.exec(name)
  if (!match) return undefined
  return match[1] === 'X' ? inputVariable(Number(match[2])) : outputVariable(Number(match[2]))
}

/** Of '[1,2]', or of '[]'. */
function indices(tokens: Tokens, token: string, wanted: string): number[] {
  const match = /^\[((?:\d{1,8}(?:,\d{1,8})*)?)\]$/.exec(token)
  if (!match) throw tokens.error(`'${quote(token)}' where ${wanted} should be`)
  return match[1] === '' ? [] : match[1].split(',').map(Number)
}
