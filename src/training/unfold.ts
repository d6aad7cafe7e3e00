/**
 * Weights to begin batch normalisation with, from a network's own: the same network, except for a factor per channel, σ, that
 * normalising takes off a stage and the weights after it put back.
 */
import { UserError } from '../base/errors.ts'
import type { LoadedNetwork, Term } from '../device/loaded-network.ts'
import { sizeOf } from '../model/layers.ts'
import { planStages } from '../model/stages.ts'
import { type Moments, rangeOf, stageNorms, termTensors } from './moments.ts'

/** Per channel: what the network makes over what it makes with the new weights. 1 where it is left out. */
type Factors = Float64Array | undefined

/**
 * Weights of the same network once `fold` has been over them with these moments.
 * @param moments of Σ W·x with the network's own weights, per hidden stage and per group of its terms
 * @throws UserError if a sum adds values of different factors
 */
export function normalisable(
  network: LoadedNetwork,
  parameters: Float32Array,
  moments: readonly (readonly Moments[])[],
): Float32Array {
  const { architecture, stages } = network
  const result = parameters.slice()
  const norms = stageNorms(network)
  const tensorsOf = termTensors(architecture)
  /** Of every stage's outputs. */
  const factors: Factors[] = []
  planStages(architecture).stages.forEach(({ terms: plans }, s) => {
    const { terms, outputShape } = stages[s]
    const inputs = terms.map((term) => inputFactors(term, factors[term.source]))
    const own = moments[s] ?? []
    const constants = inputs.filter((_, i) => plans[i].constant !== undefined)
    const factor = agreed([...own.map(({ deviation }) => deviation), ...constants], outputShape.channels)
    factors[s] = factor
    const isNormalised = (i: number) => norms[s]?.groups.some((group) => group.terms.includes(i)) ?? false
    const layers = plans.flatMap(({ layer, constant }, i) =>
      constant === undefined ? [{ i, ...tensorsOf(layer) }] : [],
    )
    for (const { i, weight } of layers) {
      const { geometry } = terms[i]
      for (let o = 0; o < outputShape.channels; o++) {
        const [start, end] = rangeOf(weight, o, outputShape.channels)
        for (let j = start; j < end; j++) result[j] *= inputs[i]?.[channelOf(geometry, o, j - start)] ?? 1
        if (factor && !isNormalised(i)) for (let j = start; j < end; j++) result[j] /= factor[o]
      }
    }
    factor?.forEach((sigma, c) => {
      const bias = layers.reduce((sum, { bias: { offset } }) => sum + parameters[offset + c], 0)
      const first = norms[s]?.groups[0]?.tensors[0] ?? layers[0]
      for (const { bias } of layers) result[bias.offset + c] = 0
      if (first) result[first.bias.offset + c] = (bias + (own[0]?.mean[c] ?? 0)) / sigma
    })
  })
  return result
}

/** The input channel that the k-th weight of output channel o meets. */
function channelOf({ input, output, options }: Term['geometry'], o: number, k: number): number {
  const first = (Math.floor((o * options.groups) / output.channels) * input.channels) / options.groups
  return first + Math.floor(k / options.kernel ** 2)
}

/** Factors as a term reads them, which may be flattened. */
function inputFactors({ geometry: { input } }: Term, factors: Factors): Factors {
  if (!factors || factors.length === input.channels) return factors
  const each = sizeOf(input) / factors.length
  return Float64Array.from({ length: input.channels }, (_, c) => factors[Math.floor(c / each)])
}

function agreed(all: readonly Factors[], channels: number): Factors {
  const [first, ...others] = all
  for (const other of others) {
    for (let c = 0; c < channels; c++) {
      if ((first?.[c] ?? 1) === (other?.[c] ?? 1)) continue
      throw new UserError(
        'batch normalisation cannot start from a network that adds a normalised layer to something else: ' +
          'start at random weights, or leave the normalisation out',
      )
    }
  }
  return first
}
