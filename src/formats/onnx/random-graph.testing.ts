/**
 * Random ONNX models that grow by one operator at a time, each of which is compared with ONNX Runtime at once: the
 * shape and the numbers of all that it makes. What can be added is in random-operators.testing.ts.
 */
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { evaluateGraph, graphOf } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { type Made, bytesOf, drawnInputs, runAll } from './model.testing.ts'
import { Draft, NotApplicable } from './random-draft.testing.ts'
import { elementsOf, sameShape } from './shape.ts'

/** Adds a node of an operator, and what it reads, to a draft. @throws NotApplicable if no value there fits */
export type Generator = (draft: Draft) => void

/** How many nodes of one operator ended in which way. */
export interface Tally {
  agreed: number
  /** ONNX Runtime takes the node, but import does not. */
  refused: number
  /** ONNX Runtime does not take it, or makes what is too large or not finite. */
  invalid: number
}

export interface Outcome {
  readonly tallies: Record<string, Tally>
  /** Where import differs from ONNX Runtime. */
  readonly faults: string[]
}

const [MOST_NODES, MOST_ELEMENTS] = [6, 500]

/** Grows one model, whose first node is of the operator `first`, and adds what was found to the outcome. */
export async function growGraph(
  generators: Readonly<Record<string, Generator>>,
  first: string,
  seed: number,
  { tallies, faults }: Outcome,
): Promise<void> {
  const random = new Random(seed, first)
  const opset = 7 + random.integer(20)
  const names = Object.keys(generators)
  const nodes = 1 + random.integer(MOST_NODES)
  let draft = Draft.begin(random, opset)
  for (let tries = 0, operator = first; draft.nodes.length < nodes && tries < 100; tries++) {
    const next = draft.copy()
    if (!generate(generators[operator], next)) {
      if (draft.nodes.length === 0) draft = Draft.begin(random, opset)
      else operator = names[random.integer(names.length)]
      continue
    }
    const found = await compare(next, draft.nodes.length)
    const tally = (tallies[operator] ??= { agreed: 0, refused: 0, invalid: 0 })
    if (typeof found === 'object') {
      faults.push(`${operator}, model ${seed} of ${first}: ${found.fault}\n${describe(next)}`)
      return
    }
    tally[found]++
    if (found === 'agreed') draft = next
    operator = names[random.integer(names.length)]
  }
}

function generate(generator: Generator, draft: Draft): boolean {
  try {
    generator(draft)
    return true
  } catch (error) {
    if (error instanceof NotApplicable) return false
    throw error
  }
}

/** Adds what the nodes from `begin` on make to what the draft knows, if it is as we see it. */
async function compare(draft: Draft, begin: number): Promise<keyof Tally | { readonly fault: string }> {
  const nodes = draft.nodes.slice(begin)
  const outputs = nodes.flatMap(({ output }) => output!)
  const { shape } = draft.known[0]
  const inputs = drawnInputs(elementsOf(shape), 2, begin + 1).map((input) => input.map((x) => Math.round(4 * x) / 4))
  const expected = await runAll(bytesOf(draft.model(outputs)), shape, inputs)
  if (!expected) return 'invalid'
  for (const made of nodes) {
    const computed = made.opType !== 'Shape' && made.input!.some((name) => draft.find(name)?.computed)
    for (const name of made.output!) {
      const [one, other] = expected.map((run) => run.get(name)!)
      if (elementsOf(one!.shape) > MOST_ELEMENTS || ![...one!.data, ...other!.data].every(Number.isFinite))
        return 'invalid'
      draft.known.push({ name, shape: one!.shape, type: one!.type, computed })
      if (!computed || !one!.type.startsWith('float') || one!.data.length === 0) continue
      const found = check(draft, name, inputs, [one!, other!])
      if (found) return found
    }
  }
  return 'agreed'
}

/** All numbers are small and, as long as nothing divides them, multiples of ¼: 32-bit floats hold most exactly. */
const TOLERANCE = 1e-5

function check(draft: Draft, name: string, inputs: readonly Float64Array[], expected: readonly Made[]) {
  try {
    const { graph, network, outputShape: seen } = parseNetwork(bytesOf(draft.model([name])), 'random.onnx')
    const { shape } = expected[0]
    if (!sameShape(seen, shape)) return { fault: `'${name}' has shape [${seen}], not [${shape}]` }
    for (const [i, { data }] of expected.entries()) {
      const largest = data.reduce((a, b) => Math.max(a, Math.abs(b)), 1)
      for (const given of network ? [graph, graphOf(network)] : [graph]) {
        const made = evaluateGraph(given, inputs[i]).at(-1)!
        if (made.length !== data.length) return { fault: `'${name}' has ${made.length} elements, not ${data.length}` }
        const at = data.findIndex((x, j) => !(Math.abs(made[j] - x) <= TOLERANCE * largest))
        if (at >= 0) return { fault: `'${name}' is ${made[at]} at element ${at}, not ${data[at]}` }
      }
    }
    return undefined
  } catch (error) {
    return error instanceof UserError ? ('refused' as const) : { fault: String((error as Error).stack) }
  }
}

function describe({ opset, input, nodes, known, initialisers }: Draft): string {
  const of = (name: string) => {
    const found = known.find((tensor) => tensor.name === name)?.shape ?? initialisers.find((t) => t.name === name)?.dims
    return name === '' ? '-' : `${name}[${found}]`
  }
  const lines = nodes.map(({ opType, input: read, output, attribute }) => {
    const attributes = attribute!.map(({ name, f, i, ints, floats, s, t }) => {
      const value = f ?? i ?? ints ?? floats ?? (s ? new TextDecoder().decode(s) : `tensor [${t!.dims}]`)
      return `${name}=${JSON.stringify(value)}`
    })
    return `  ${output!.map(of).join(' ')} = ${opType}(${read!.map(of).join(', ')}) ${attributes.join(' ')}`
  })
  return [`  opset ${opset}, x[${input}]`, ...lines].join('\n')
}
