/**
 * The oracle of complete verification: the exact minimum of distanceToUnsafe over a question's region, by enumeration.
 *
 * Where the sign of every neuron is fixed, a network is affine. The closed polytopes of the patterns of signs cover
 * the box, so the least of their minima is the minimum; each is a linear program. Neurons are fixed in topological
 * order, and only as far as both signs occur inside the polytope so far. A ball is cut out of the box by its tangents,
 * where a minimum would lie outside. Shares nothing with the bounds under test
 * but the forward pass of linear maps. For at most about 14 neurons that can have either sign.
 *
 * Exact up to about 1e-8 of the outputs' size: linear programs are solved and checked in float64.
 */
import { type Graph, type GraphNode, evaluateGraph } from '../../model/graph.ts'
import type { LinearMap } from '../../model/linear-map.ts'
import type { RoundBall } from '../../region/region.ts'
import { distanceToUnsafe, type Question } from '../../region/question.ts'
import { type LinearProgramResult, minimise } from './simplex.testing.ts'

export interface BruteForceResult {
  /** The least distanceToUnsafe over the region: the network is robust iff it is > 0. Attained at the point. */
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

/** Over a ball the minimum found may be larger than the exact one by this. */
const gap = 1e-8
/** Far more tangents than a minimum needs where float64 can tell it from its neighbours. */
const MOST_ROUNDS = 500

/**
 * @param question with at least one unsafe case, and at least one constraint in each
 * @throws Error if a linear program cannot be solved to full precision, or if the minimum found is not that of the
 *   network itself
 */
export function bruteForce(graph: Graph, question: Question): BruteForceResult {
  const { lower, upper, ball, unsafe } = question
  const free = Array.from(lower, (_, i) => i).filter((i) => upper[i] > lower[i])
  /** `claimed`: the linear program's value. */
  let best: { exact: number; claimed: number; point: Float64Array } = {
    ...{ exact: Infinity, claimed: Infinity, point: lower },
  }
  let regions = 0

  const distanceAt = (point: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)

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
      if (ball) {
        // until what is left of the region has nothing lower than the best point inside the ball
        region.leastOfLargest(forms, (value, x) => {
          const { inside, tangent } = inBall(ball, atShares(x))
          const exact = distanceAt(inside)
          if (exact < best.exact) best = { exact, claimed: exact, point: inside }
          return value < best.exact - gap && tangent ? formOf(tangent, question, free) : undefined
        })
        continue
      }
      const { value, x } = region.leastOfLargest(forms)!
      if (value >= best.claimed) continue
      const point = atShares(x)
      best = { exact: distanceAt(point), claimed: value, point }
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

/** A half-space Σ direction · x ≤ limit that holds the ball. */
interface Tangent {
  readonly direction: Float64Array
  readonly limit: number
}

/** A point drawn into the ball, and a tangent that cuts it off if it was outside. */
function inBall(
  { norm, centre, radius }: RoundBall,
  point: Float64Array,
): { inside: Float64Array; tangent: Tangent | undefined } {
  const moves = point.map((x, i) => x - centre[i])
  const length = norm === 'l1' ? moves.reduce((sum, move) => sum + Math.abs(move), 0) : Math.hypot(...moves)
  if (!(length > radius)) return { inside: point, tangent: undefined }
  const direction = norm === 'l1' ? moves.map((move) => Math.sign(move) || 1) : moves.map((move) => move / length)
  const limit = direction.reduce((sum, d, i) => sum + d * centre[i], radius)
  return { inside: moves.map((move, i) => centre[i] + (radius / length) * move), tangent: { direction, limit } }
}

/** As a form of the shares, > 0 where it does not hold. */
const formOf = ({ direction, limit }: Tangent, { lower, upper }: Question, free: readonly number[]): Float64Array =>
  Float64Array.from([
    ...free.map((i) => direction[i] * (upper[i] - lower[i])),
    direction.reduce((sum, d, i) => sum + d * lower[i], -limit),
  ])

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
  readonly #forms: Float64Array[]

  constructor(inputs: number, forms: readonly Float64Array[]) {
    this.#inputs = inputs
    this.#forms = [...forms]
  }

  where(form: Float64Array): Region {
    return new Region(this.#inputs, [...this.#forms, form])
  }

  /** The minimum of one form. */
  least(form: Float64Array): number {
    const anywhere = leastInBox(form)
    // no need to ask for more where the whole box has one sign
    if (anywhere >= 0 || this.#forms.length === 0) return anywhere
    const result = this.#minimise(form.slice(0, -1), [])
    if (result.status !== 'optimal') throw new Error(`a region that has an inside is ${result.status}`)
    return result.value + form[this.#inputs]
  }

  /**
   * The minimum of the largest of several forms, and where it is.
   * @param cut is asked at each minimum for a form that is ≤ 0 at all points that count; undefined ends it
   * @returns undefined if cuts leave nothing of the region
   */
  leastOfLargest(
    forms: readonly Float64Array[],
    cut?: (value: number, x: Float64Array) => Float64Array | undefined,
  ): { value: number; x: Float64Array } | undefined {
    // with one more variable, how far the largest is above what it surely is
    const floor = Math.max(...forms.map(leastInBox))
    const objective = new Float64Array(this.#inputs + 1)
    objective[this.#inputs] = 1
    const rows = forms.map((form) => ({ row: form.with(this.#inputs, -1), limit: floor - form[this.#inputs] }))
    for (let round = 0; ; round++) {
      if (round === MOST_ROUNDS) throw new Error(`${round} tangents do not suffice`)
      const result = this.#minimise(objective, rows)
      if (result.status !== 'optimal') {
        if (cut) return undefined
        throw new Error(`a region that has an inside is ${result.status}`)
      }
      const value = result.value + floor
      const form = cut?.(value, result.x)
      if (!form) return { value, x: result.x }
      this.#forms.push(form)
    }
  }

  #minimise(objective: Float64Array, more: readonly { row: Float64Array; limit: number }[]): LinearProgramResult {
    const n = this.#inputs
    const row = (values: ArrayLike<number>) => Float64Array.from({ length: objective.length }, (_, i) => values[i] ?? 0)
    const shares = Array.from({ length: n }, (_, i) => ({ row: row(new Float64Array(n).with(i, 1)), limit: 1 }))
    const signs = this.#forms.map((form) => ({ row: row(form.subarray(0, n)), limit: -form[n] }))
    const all = [...shares, ...signs, ...more]
    return minimise({
      objective,
      rows: all.map(({ row }) => row),
      limits: all.map(({ limit }) => limit),
    })
  }
}

const leastInBox = (form: Float64Array): number =>
  form.reduce((sum, a, i) => sum + (i < form.length - 1 ? Math.min(a, 0) : a), 0)
