/**
 * The oracle of complete verification: the exact minimum of distanceToUnsafe over a question's box, by enumeration.
 *
 * Where the sign of every neuron is fixed, a network is affine. The closed polytopes of the patterns of signs cover
 * the box, so the least of their minima is the minimum; each is a linear program. Neurons are fixed in topological
 * order, and only as far as both signs occur inside the polytope so far. Shares nothing with the bounds under test
 * but the forward pass of linear maps. For at most about 14 neurons that can have either sign.
 *
 * Exact up to about 1e-8 of the outputs' size: linear programs are solved and checked in float64.
 */
import { type Graph, type GraphNode, evaluateGraph } from '../../networks/graph.ts'
import type { LinearMap } from '../../networks/linear-map.ts'
import { type Question, distanceToUnsafe } from '../question.ts'
import { type LinearProgramResult, minimise } from './simplex.testing.ts'

export interface BruteForceResult {
  /** The least distanceToUnsafe over the box: the network is robust iff it is > 0. Attained at the point. */
  readonly exact: number
  readonly point: Float64Array
  /** Patterns of signs that occur. */
  readonly regions: number
}

/**
 * What a value is over a region, as columns: the share of each free input, from 0 at the lower end of the box to 1 at
 * the upper end, then the constant.
 */
type AffineForm = readonly Float64Array[]

/** A neuron with less of the other sign, relative to its largest share, counts as having one sign. */
const negligible = 1e-9

/**
 * @param question with at least one unsafe case, and at least one constraint in each
 * @throws Error if a linear program cannot be solved to full precision, or if the minimum found is not that of the
 *   network itself
 */
export function bruteForce(graph: Graph, question: Question): BruteForceResult {
  const { lower, upper, unsafe } = question
  const free = Array.from(lower, (_, i) => i).filter((i) => upper[i] > lower[i])
  /** `claimed`: the linear program's value. */
  let best: { exact: number; claimed: number; point: Float64Array } = {
    ...{ exact: Infinity, claimed: Infinity, point: lower },
  }
  let regions = 0

  const atShares = (shares: Float64Array): Float64Array => {
    const point = Float64Array.from(lower)
    free.forEach((i, k) => (point[i] = Math.min(upper[i], lower[i] + shares[k] * (upper[i] - lower[i]))))
    return point
  }
  const leaf = (outputs: AffineForm, region: Region) => {
    regions++
    for (const constraints of unsafe) {
      const forms = constraints.map(({ coefficients, bound }) => {
        const form = Float64Array.from(outputs, (column) => coefficients.reduce((sum, c, o) => sum + c * column[o], 0))
        form[free.length] -= bound
        return form
      })
      const { value, x } = region.leastOfLargest(forms)
      if (value >= best.claimed) continue
      const point = atShares(x)
      const exact = distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)
      best = { exact, claimed: value, point }
    }
  }
  const explore = (values: readonly AffineForm[], region: Region) => {
    const node = graph.nodes[values.length - 1]
    if (!node) leaf(values.at(-1)!, region)
    else if (node.kind === 'affine') explore([...values, affineForm(node, values, free.length)], region)
    else fixSigns(values[node.value], 0, region, (form, smaller) => explore([...values, form], smaller))
  }
  explore([inputForm(question, free)], new Region(free.length, []))

  if (Math.abs(best.exact - best.claimed) > 1e-7 * Math.max(1, Math.abs(best.exact))) {
    throw new Error(`the oracle found ${best.claimed}, but the network has ${best.exact} there`)
  }
  return { exact: best.exact, point: best.point, regions }
}

function inputForm({ lower, upper }: Question, free: readonly number[]): AffineForm {
  const share = (i: number) => {
    const column = new Float64Array(lower.length)
    column[i] = upper[i] - lower[i]
    return column
  }
  return [...free.map(share), lower]
}

function affineForm(
  { terms, bias }: GraphNode & { kind: 'affine' },
  values: readonly AffineForm[],
  inputs: number,
): AffineForm {
  return Array.from({ length: inputs + 1 }, (_, k) => {
    const column = k === inputs ? bias.slice() : new Float64Array(bias.length)
    const add = (map: LinearMap, from: number) => map.forward(values[from][k], column)
    for (const { value, map } of terms) add(map, value)
    return column
  })
}

/** Calls back for every pattern of signs of the neurons from j on that occurs in the region, with ReLU(form). */
function fixSigns(
  form: AffineForm,
  j: number,
  region: Region,
  visit: (form: AffineForm, region: Region) => void,
): void {
  if (j === form[0].length) {
    visit(form, region)
    return
  }
  const neuron = Float64Array.from(form, (column) => column[j])
  const negated = neuron.map((a) => -a)
  const off = form.map((column) => column.with(j, 0))
  const size = neuron.reduce((most, a) => Math.max(most, Math.abs(a)), 0)
  const least = region.least(neuron)
  const most = -region.least(negated)
  if (least >= -negligible * size) fixSigns(form, j + 1, region, visit)
  else if (most <= negligible * size) fixSigns(off, j + 1, region, visit)
  else {
    fixSigns(form, j + 1, region.where(negated), visit)
    fixSigns(off, j + 1, region.where(neuron), visit)
  }
}

/** The shares from 0 to 1 at which some affine forms are ≤ 0. */
class Region {
  readonly #inputs: number
  readonly #forms: readonly Float64Array[]

  constructor(inputs: number, forms: readonly Float64Array[]) {
    this.#inputs = inputs
    this.#forms = forms
  }

  where(form: Float64Array): Region {
    return new Region(this.#inputs, [...this.#forms, form])
  }

  /** The minimum of one form. */
  least(form: Float64Array): number {
    const anywhere = leastInBox(form)
    // no need to ask for more where the whole box has one sign
    if (anywhere >= 0 || this.#forms.length === 0) return anywhere
    return this.#minimise(form.slice(0, -1), []).value + form[this.#inputs]
  }

  /** The minimum of the largest of several forms, and where it is. */
  leastOfLargest(forms: readonly Float64Array[]): { value: number; x: Float64Array } {
    // with one more variable, how far the largest is above what it surely is
    const floor = Math.max(...forms.map(leastInBox))
    const objective = new Float64Array(this.#inputs + 1)
    objective[this.#inputs] = 1
    const { value, x } = this.#minimise(
      objective,
      forms.map((form) => ({ row: form.with(this.#inputs, -1), limit: floor - form[this.#inputs] })),
    )
    return { value: value + floor, x }
  }

  #minimise(objective: Float64Array, more: readonly { row: Float64Array; limit: number }[]) {
    const n = this.#inputs
    const row = (values: ArrayLike<number>) => Float64Array.from({ length: objective.length }, (_, i) => values[i] ?? 0)
    const shares = Array.from({ length: n }, (_, i) => ({ row: row(new Float64Array(n).with(i, 1)), limit: 1 }))
    const signs = this.#forms.map((form) => ({ row: row(form.subarray(0, n)), limit: -form[n] }))
    const all = [...shares, ...signs, ...more]
    const result: LinearProgramResult = minimise({
      objective,
      rows: all.map(({ row }) => row),
      limits: all.map(({ limit }) => limit),
    })
    if (result.status !== 'optimal') throw new Error(`a region that has an inside is ${result.status}`)
    return result
  }
}

const leastInBox = (form: Float64Array): number =>
  form.reduce((sum, a, i) => sum + (i < form.length - 1 ? Math.min(a, 0) : a), 0)
