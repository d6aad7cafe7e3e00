/** Random systems of neurons, and what they and their bounds should be, one number at a time. */
import type { Random } from '../../base/random.ts'
import { FREE, OFF, ON, type Phase } from '../../model/phase.ts'
import type { Neurons, Row } from '../system/condensed.ts'

export const INPUTS = 3

/** With one function of all neurons. */
export type NeuronsAndRow = Neurons & { readonly last: Row }

/** Neurons in levels of three, and one function of all of them; bounds by intervals. */
export function randomNeurons(random: Random, neurons: number): NeuronsAndRow {
  const lower = new Float64Array(INPUTS).map(() => random.between(-1, 0))
  const upper = lower.map((l) => l + random.between(0, 2))
  const rows: Row[] = []
  const [neuronLower, neuronUpper]: [number[], number[]] = [[], []]
  const randomRow = (sources: number): Row => {
    const source = Array.from({ length: sources }, (_, s) => s).filter(() => random.integer(4) > 0)
    const weight = source.map(() => random.between(-1, 1))
    return {
      bias: random.between(-0.5, 0.5),
      source: Int32Array.from(source),
      weight: Float64Array.from(weight),
      error: 0,
    }
  }
  const ends = (s: number) =>
    s < INPUTS ? [lower[s], upper[s]] : [Math.max(0, neuronLower[s - INPUTS]), Math.max(0, neuronUpper[s - INPUTS])]
  for (let k = 0; k < neurons; k++) {
    const row = randomRow(INPUTS + Math.floor(k / 3) * 3)
    const side = (sign: number) =>
      row.source.reduce((sum, s, e) => {
        const [l, u] = ends(s) as [number, number]
        return sum + sign * Math.max(sign * row.weight[e] * l, sign * row.weight[e] * u)
      }, row.bias)
    rows.push(row)
    neuronLower.push(side(-1) - 1e-9)
    neuronUpper.push(side(1) + 1e-9)
  }
  return { lower, upper, rows, neuronLower, neuronUpper, last: randomRow(INPUTS + neurons) }
}

/** z of every neuron and the function's value at an input. */
export function run({ rows, last }: NeuronsAndRow, input: Float64Array) {
  const sources = [...input]
  const value = ({ bias, source, weight }: Row) => source.reduce((sum, s, e) => sum + weight[e] * sources[s], bias)
  const z = rows.map((row) => {
    const before = value(row)
    sources.push(Math.max(0, before))
    return before
  })
  return { z, value: value(last) }
}

/** The bound as a formula, one coefficient at a time: Wang et al. 2021, Theorem 3.2. */
export function reference(system: NeuronsAndRow, sign: number, phases: Phase[], variables: number[]): number {
  const { lower, upper, rows, neuronLower, neuronUpper, last } = system
  const coefficients = new Float64Array(INPUTS + rows.length)
  const spread = ({ source, weight }: Row, factor: number) =>
    source.forEach((s, e) => (coefficients[s] += factor * weight[e]))
  spread(last, sign)
  let bound = sign * last.bias
  for (let k = rows.length - 1; k >= 0; k--) {
    const [l, u, c] = [neuronLower[k], neuronUpper[k], coefficients[INPUTS + k]]
    const unstable = phases[k] === FREE && l < 0 && u > 0
    let through = phases[k] === ON || (phases[k] === FREE && l >= 0) ? c : 0
    if (unstable) {
      through = c >= 0 ? variables[k] * c : (u / (u - l)) * c
      if (c < 0) bound -= through * l
    } else if (phases[k] !== FREE) through += variables[k]
    bound += through * rows[k].bias
    spread(rows[k], through)
  }
  lower.forEach((l, i) => (bound += Math.min(coefficients[i] * l, coefficients[i] * upper[i])))
  return bound
}

export function randomState(random: Random, { rows }: Neurons): { phases: Phase[]; variables: number[] } {
  const phases = rows.map(() => ([FREE, FREE, ON, OFF] as const)[random.integer(4)])
  const variables = phases.map((phase) =>
    phase === FREE ? random.between(0, 1) : phase === ON ? -random.between(0, 0.5) : random.between(0, 0.5),
  )
  return { phases, variables }
}
