/** Whether a condensed system (condensed.ts) is the network that it was made from: for tests. */
import { type Graph, type GraphNode, evaluateGraph } from '../../model/graph.ts'
import { type LinearMap, sparseMap } from '../../model/linear-map.ts'
import { type Question, distanceToUnsafe } from '../../region/question.ts'
import type { Condensed } from '../system/condensed.ts'

/** Besides `error`: the rounding of the two evaluations that are compared. */
const rounding = (value: number) => 1e-9 * Math.max(1, Math.abs(value))

/**
 * Runs the system at points of the box beside the network.
 * @param points in the box
 * @returns what is wrong, one line each: none if the system is what it claims to be at these points
 */
export function checkCondensed(
  graph: Graph,
  question: Question,
  condensed: Condensed,
  points: readonly Float64Array[],
): string[] {
  const wrong = checkStructure(question, condensed)
  if (wrong.length > 0) return wrong
  const { neurons, neuronLower, neuronUpper, error, cases } = condensed
  const systems = points.map((point) => rowValues(condensed, point))
  systems.forEach((rows, p) => {
    for (let k = 0; k < neurons; k++) {
      const slack = error[k] + rounding(rows[k])
      if (rows[k] < neuronLower[k] - slack || rows[k] > neuronUpper[k] + slack) {
        wrong.push(`neuron ${k} is ${rows[k]} at point ${p}, beyond [${neuronLower[k]}, ${neuronUpper[k]}]`)
      }
    }
  })
  // cases keep their order, and those that are left out must be impossible
  const outputs = points.map((point) => evaluateGraph(graph, point).at(-1)!)
  let next = 0
  for (const [c, constraints] of question.unsafe.entries()) {
    const distances = outputs.map((y) => distanceToUnsafe({ ...question, unsafe: [constraints] }, y))
    const open = cases[next]
    const same = open && distances.every((d, p) => isCase(open, systems[p], error, d))
    if (same) next++
    else if (distances.some((d) => d <= 0)) wrong.push(`case ${c} occurs, but no case of the system is the same`)
  }
  if (next < cases.length) wrong.push(`case ${next} of the system is none of the question's`)
  return wrong
}

/** The largest of the rows is the distance. */
function isCase(rows: readonly number[], values: Float64Array, error: Float64Array, distance: number): boolean {
  const largest = Math.max(...rows.map((r) => values[r]))
  return Math.abs(largest - distance) <= Math.max(...rows.map((r) => error[r])) + rounding(distance)
}

function checkStructure({ lower, upper }: Question, condensed: Condensed): string[] {
  const { inputs, neurons, neuronLower, neuronUpper, start, source, weight, bias, error, cases } = condensed
  const rows = bias.length
  const all = (length: number) => Array.from({ length }, (_, i) => i)
  const faults: [boolean, string][] = [
    [inputs !== lower.length, 'inputs are missing'],
    [all(inputs).some((i) => condensed.lower[i] > lower[i] || condensed.upper[i] < upper[i]), 'the box is too small'],
    [rows < neurons || start.length !== rows + 1 || error.length !== rows, 'rows are missing'],
    [neuronLower.length !== neurons || neuronUpper.length !== neurons, 'bounds are missing'],
    [all(neurons).some((k) => !(neuronLower[k] < 0 && neuronUpper[k] > 0)), 'a neuron is not unstable'],
    [start[0] !== 0 || start[rows] !== source.length || source.length !== weight.length, 'entries are missing'],
    [[...weight, ...bias, ...error].some((value) => !Number.isFinite(value)), 'a number is not finite'],
    [error.some((e) => e < 0), 'an error is negative'],
    [cases.some((c) => c.length === 0 || c.some((r) => r < neurons || r >= rows)), 'a case is not of output rows'],
  ]
  const wrong = faults.filter(([fault]) => fault).map(([, what]) => what)
  const firstOfLevel = (k: number) => condensed.levels.findLast((first) => first <= k) ?? 0
  for (let r = 0; r < rows; r++) {
    const sources = source.subarray(start[r], start[r + 1])
    const known = inputs + (r < neurons ? firstOfLevel(r) : neurons)
    if (start[r + 1] < start[r]) wrong.push(`row ${r} ends before it starts`)
    if (sources.some((s) => s < 0 || s >= known)) wrong.push(`row ${r} reads what is not known yet`)
    if (new Set(sources).size !== sources.length) wrong.push(`row ${r} has a source twice`)
  }
  return wrong
}

export function rowValues(
  { inputs, neurons, start, source, weight, bias }: Condensed,
  point: Float64Array,
): Float64Array {
  const sources = new Float64Array(inputs + neurons)
  sources.set(point)
  return bias.map((sum, r) => {
    for (let e = start[r]; e < start[r + 1]; e++) sum += weight[e] * sources[source[e]]
    if (r < neurons) sources[inputs + r] = Math.max(sum, 0)
    return sum
  })
}

/** The system as a network again, one value per neuron; its outputs are some of its rows. */
export function graphOfRows(condensed: Condensed, rows: readonly number[]): Graph {
  const { inputs, neurons, bias } = condensed
  const nodes: GraphNode[] = []
  /** Value of the graph that holds what each neuron passes on. */
  const values: number[] = []
  const affine = (of: readonly number[]) => {
    const from = [0, ...values]
    const terms = from.flatMap((value, k) => {
      const [first, size] = k === 0 ? [0, inputs] : [inputs + k - 1, 1]
      const map = columns(condensed, of, first, size)
      return map ? [{ value, map }] : []
    })
    nodes.push({ kind: 'affine', terms, bias: Float64Array.from(of, (r) => bias[r]) })
  }
  for (let k = 0; k < neurons && rows.some((r) => r > k); k++) {
    affine([k])
    nodes.push({ kind: 'relu', value: nodes.length })
    values.push(nodes.length)
  }
  affine(rows)
  return { name: 'condensed', inputShape: [inputs], nodes }
}

/** The entries of rows whose sources are `first` to `first + size` − 1; undefined if there are none. */
function columns(
  { start, source, weight }: Condensed,
  rows: readonly number[],
  first: number,
  size: number,
): LinearMap | undefined {
  const entries = rows.map((r) =>
    Array.from({ length: start[r + 1] - start[r] }, (_, e) => start[r] + e).filter(
      (e) => source[e] >= first && source[e] < first + size,
    ),
  )
  const flat = entries.flat()
  if (flat.length === 0) return undefined
  const ends = entries.map((_, r) => entries.slice(0, r + 1).reduce((sum, { length }) => sum + length, 0))
  return sparseMap({
    inputs: size,
    start: Int32Array.from([0, ...ends]),
    source: Int32Array.from(flat, (e) => source[e] - first),
    weight: Float64Array.from(flat, (e) => weight[e]),
  })
}
