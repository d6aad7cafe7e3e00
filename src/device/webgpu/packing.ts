/** Weights between the flat parameter array, in PyTorch's order, and the order in which kernels read them. */
import type { ParameterTensor } from '../../model/network.ts'
import { type Extents, groupOf } from './extents.ts'
import { read, update, write } from './kernel.ts'
import { float } from './literals.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** What packed values consist of. */
export interface Packed {
  readonly values: Values
  /** WGSL: what element `j` is, unless it is padding. It may read `flat`. */
  readonly element: string
  readonly isReal: string
}

/** Part of the flat array, and what its gradient is the sum of. */
export interface Unpacked {
  readonly tensor: ParameterTensor
  readonly gradients: readonly Values[]
  /** WGSL: where element `j` lies in each of the gradients. */
  readonly index: string
}

/** Values that one kernel can bind beside the flat array. */
const AT_ONCE = 7

/** The weights of a layer: [out][in of the group][tap] becomes [group][tap][in of the group][out of the group, padded]. */
export function packedWeights(values: Values, { offset }: ParameterTensor, extents: Extents): Packed {
  const { taps, inputs, outputs, outputsOfGroup } = factorsOf(extents)
  const output = `j / ${taps * inputs * outputs}u * ${outputsOfGroup}u + j % ${outputs}u`
  const [input, tap] = [`j / ${outputs}u % ${inputs}u`, `j / ${inputs * outputs}u % ${taps}u`]
  return {
    values,
    element: `flat[${offset}u + ((${output}) * ${inputs}u + ${input}) * ${taps}u + ${tap}]`,
    isReal: `j % ${outputs}u < ${outputsOfGroup}u`,
  }
}

/** Weights that are all the same, as of an average pool. */
export function constantWeights(values: Values, constant: number, extents: Extents): Packed {
  const { outputs, outputsOfGroup } = factorsOf(extents)
  return { values, element: float(constant), isReal: `j % ${outputs}u < ${outputsOfGroup}u` }
}

/** The sum of some layers' biases. */
export const packedBiases = (values: Values, biases: readonly ParameterTensor[]): Packed => ({
  values,
  element: biases.map(({ offset }) => `flat[${offset}u + j]`).join(' + ') || '0.0',
  isReal: `j < ${biases[0]?.length ?? 0}u`,
})

export function unpackedWeights(tensor: ParameterTensor, gradients: readonly Values[], extents: Extents): Unpacked {
  const { taps, inputs, outputs, outputsOfGroup } = factorsOf(extents)
  const output = `j / ${taps * inputs}u`
  return {
    ...{ tensor, gradients },
    index: `((${output} / ${outputsOfGroup}u * ${taps}u + j % ${taps}u) * ${inputs}u + j / ${taps}u % ${inputs}u) * ${outputs}u
      + ${output} % ${outputsOfGroup}u`,
  }
}

/** Biases, and weights that no stage uses. */
export const unpackedInOrder = (tensor: ParameterTensor, gradients: readonly Values[]): Unpacked => ({
  ...{ tensor, gradients, index: 'j' },
})

function factorsOf(extents: Extents) {
  return { ...groupOf(extents), taps: extents.kernel ** 2, outputsOfGroup: extents.outChannels / extents.groups }
}

/** Fills packed values, as many at once as a kernel can bind. */
export function pack(plan: Plan, flat: Values, pieces: readonly Packed[]): void {
  for (const some of slices(pieces, AT_ONCE)) {
    const uses = Object.fromEntries(some.map(({ values }, p) => [`p${p}`, write(values)]))
    const lengths = some.map(({ values }) => values.length)
    const lines = some.map(({ element, isReal }, p) => `p${p}[j] = 0.0; if (${isReal}) { p${p}[j] = ${element}; }`)
    plan.each('pack', sum(lengths), { flat: read(flat), ...uses }, inTurn(lengths, lines))
  }
}

/**
 * Sums of gradients in the order of the flat array: over what is there in the first micro-batch of a step, and added to it
 * in the others.
 */
export function unpack(plan: Plan, into: Values, pieces: readonly Unpacked[]): void {
  const rounds = Math.max(...pieces.map(({ gradients }) => Math.ceil(gradients.length / AT_ONCE)), 1)
  for (let round = 0; round < rounds; round++) {
    const parts = pieces
      .map((piece) => ({ ...piece, gradients: piece.gradients.slice(round * AT_ONCE, (round + 1) * AT_ONCE) }))
      .filter(({ gradients }) => round === 0 || gradients.length > 0)
    const before = round === 0 ? 'select(flat[at], 0.0, step.micro == 0u)' : 'flat[at]'
    for (const some of byBindings(parts)) {
      const bound = [...new Set(some.flatMap(({ gradients }) => gradients))]
      const uses = Object.fromEntries(bound.map((values, g) => [`g${g}`, read(values)]))
      const lengths = some.map(({ tensor }) => tensor.length)
      const lines = some.map(({ tensor, gradients, index }) => {
        const terms = gradients.map((values) => ` + g${bound.indexOf(values)}[source]`).join('')
        return `let at = ${tensor.offset}u + j; let source = ${index};\n    flat[at] = ${before}${terms};`
      })
      plan.each('gradient', sum(lengths), { flat: update(into), ...uses }, inTurn(lengths, lines))
    }
  }
}

/** As many pieces in a row as a kernel can bind the gradients of. */
function byBindings(pieces: readonly Unpacked[]): Unpacked[][] {
  const groups: Unpacked[][] = []
  let bound = new Set<Values>()
  for (const piece of pieces) {
    const both = new Set([...bound, ...piece.gradients])
    if (groups.length === 0 || both.size > AT_ONCE) {
      groups.push([])
      bound = new Set(piece.gradients)
    } else bound = both
    groups.at(-1)!.push(piece)
  }
  return groups
}

/** WGSL that does each line for as many `j` as its length says, one line after the other. */
function inTurn(lengths: readonly number[], lines: readonly string[]): string {
  const ends = lengths.map((_, p) => sum(lengths.slice(0, p + 1)))
  return lines
    .map((line, p) => `  if (i < ${ends[p]}u) { let j = i - ${ends[p] - lengths[p]}u; ${line} return; }`)
    .join('\n')
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

const slices = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
