import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { FREE, OFF, ON } from '../../model/phase.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { withMargins } from '../../region/margins-graph.ts'
import { type Condensed, type Row, joinRows } from '../system/condensed.ts'
import { condense } from '../condense/condense.ts'
import { rowValues } from '../testing/condensed.testing.ts'
import { atMost, exact, linear, minus } from '../testing/exact.testing.ts'
import { domains, families, randomCase, samplePoints } from '../testing/random-question.testing.ts'
import type { Box } from '../../region/region.ts'
import { type Cell, Cells, halvesOf } from './cells.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** Random questions that adaptive slopes leave open, condensed. */
function drawn(count: number): Condensed[] {
  return families.flatMap((family) =>
    domains.flatMap((domain) =>
      Array.from({ length: count }, (_, seed) => {
        const { graph, question } = randomCase(new Random(seed, 'cells', family, domain), family, domain)
        return condense(engine, withMargins(graph, question), question, { deadline: Deadline.never }).condensed
      }),
    ),
  )
}

const contains = ({ lower, upper }: Box, point: Float64Array) => point.every((x, i) => lower[i] <= x && x <= upper[i])

test('bounds of a cell hold at the points of its box where the phases do, and never get looser', () => {
  let [held, empty, settled] = [0, 0, 0]
  drawn(12).forEach((system, number) => {
    const { neurons, cases, error } = system
    if (cases.length === 0) return
    const random = new Random(number, 'phases')
    const cells = new Cells(engine, system)
    const [row] = cases[random.integer(cases.length)]
    const phases = new Int8Array(neurons)
    let { cell } = cells.within(system, system, phases, row!)
    for (let depth = 0; depth < 8; depth++) {
      const halves = halvesOf(cell)
      if (halves.length === 0) return
      const half = halves[random.integer(2)]
      const k = random.integer(2 * neurons + 1)
      if (phases[k] === FREE) phases[k] = [ON, OFF][random.integer(2)]
      const found = cells.within(half, cell, phases, row!)
      const points = samplePoints(half, random, 40).map((point) => rowValues(system, point))
      for (const values of points) {
        if (phases.some((phase, k) => phase * values[k] < 0)) continue
        held++
        for (let k = 0; k < neurons; k++) {
          expect(values[k]).toBeGreaterThanOrEqual(found.cell.neuronLower[k] - error[k] - 1e-9)
          expect(values[k]).toBeLessThanOrEqual(found.cell.neuronUpper[k] + error[k] + 1e-9)
        }
        expect(values[row!]).toBeGreaterThanOrEqual(found.bound - 1e-9)
      }
      if (found.bound === Infinity) {
        empty++
        return
      }
      for (let k = 0; k < neurons; k++) {
        expect(found.cell.neuronLower[k]).toBeGreaterThanOrEqual(cell.neuronLower[k])
        expect(found.cell.neuronUpper[k]).toBeLessThanOrEqual(cell.neuronUpper[k])
        if (found.cell.neuronLower[k] >= 0 || found.cell.neuronUpper[k] <= 0) settled++
      }
      cell = found.cell
    }
  })
  expect(Math.min(held / 10, empty, settled)).toBeGreaterThan(40)
})

test('a cell in which everything is settled has its exact least margin', () => {
  // |x| by two neurons, which a box beside 0 settles
  const system = condensed([row(0, { 0: 1 }), row(0, { 0: -1 })], row(-1, { 1: 1, 2: 1 }), [-4], [4])
  const cells = new Cells(engine, system)
  const within = (lower: number, upper: number, phases = Int8Array.of(FREE, FREE)) =>
    cells.within({ lower: Float64Array.of(lower), upper: Float64Array.of(upper) }, system, phases, 2)
  expect(within(-4, 4).bound).toBeCloseTo(-1)
  expect(within(2, 4).bound).toBeCloseTo(1)
  expect(within(-4, -3).bound).toBeCloseTo(2)
  // a phase settles as well as a box does; what contradicts the box is empty
  expect(within(-2, 4, Int8Array.of(ON, OFF)).bound).toBeCloseTo(-3)
  expect(within(1, 4, Int8Array.of(OFF, FREE)).bound).toBe(Infinity)
  expect(within(1, 4, Int8Array.of(FREE, ON)).bound).toBe(Infinity)
  // and so does one bound that the parent already had
  const parent = within(2, 4).cell
  expect(cells.within(parent, parent, Int8Array.of(ON, OFF), 2).bound).toBeCloseTo(1)
})

test('halves share an end and lose nothing, until float64 has no number between', () => {
  const system = condensed([], row(0, { 0: 1, 1: 1 }), [0, 1], [1, 1])
  let { cell } = new Cells(engine, system).within(system, system, new Int8Array(0), 0)
  expect(cell.axes).toEqual([0])
  const random = new Random(1, 'halves')
  let depth = 0
  for (let halves = halvesOf(cell); halves.length > 0 && depth < 99; halves = halvesOf(cell), depth++) {
    const [below, above] = halves as [Cell, Cell]
    expect([below.lower[0], above.upper[0]]).toEqual([cell.lower[0], cell.upper[0]])
    expect(below.upper[0]).toBe(above.lower[0])
    for (const point of samplePoints(cell, random, 5)) expect(halves.some((half) => contains(half, point))).toBe(true)
    cell = { ...cell, ...above }
  }
  expect(depth).toBe(53)
})

const row = (bias: number, entries: Readonly<Record<number, number>>, error = 0): Row => ({
  bias,
  source: Int32Array.from(Object.keys(entries), Number),
  weight: Float64Array.from(Object.values(entries)),
  error,
})

/** A system whose bounds say little. */
const condensed = (rows: Row[], last: Row, lower: number[], upper: number[]): Condensed =>
  joinRows(
    {
      ...{ lower: Float64Array.from(lower), upper: Float64Array.from(upper), rows },
      ...{ neuronLower: rows.map(() => -1e6), neuronUpper: rows.map(() => 1e6) },
    },
    [0],
    [last],
  )

test('rounding is charged: chains of neurons that are on, at a point, against exact arithmetic', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed, 'chain')
    const point = Float64Array.from({ length: 3 }, () => random.between(0.5, 2))
    const weights = (count: number) => Array.from({ length: count }, () => random.between(0.1, 1))
    const layers = [
      [0, 1, 2],
      [3, 4, 5],
    ].map((from) => from.map(() => weights(3)))
    const rows = layers.flatMap((layer, l) =>
      layer.map((w) => row(0.1, { [3 * l]: w[0], [3 * l + 1]: w[1], [3 * l + 2]: w[2] })),
    )
    let values = [...point].map(exact)
    for (const layer of layers) values = layer.map((w) => linear(0.1, w, values))
    // the last row cancels what the neurons are, all but the last digits
    const last = [random.between(1, 1e6), random.between(1, 1e6), -1]
    const sum = linear(0, last, values)
    const bias = -Number(sum.units >> BigInt(-sum.exponent - 60)) * 2 ** -60
    const system = condensed(rows, row(bias, { 6: last[0], 7: last[1], 8: last[2] }), [...point], [...point])
    const { cell, bound } = new Cells(engine, system).within(system, system, new Int8Array(6), 6)
    const least = linear(bias, last, values)
    expect(atMost(exact(bound), least)).toBe(true)
    expect(atMost(minus(least, exact(1e-5)), exact(bound))).toBe(true)
    values.forEach((value, k) => {
      expect(atMost(exact(cell.neuronLower[3 + k]), value)).toBe(true)
      expect(atMost(value, exact(cell.neuronUpper[3 + k]))).toBe(true)
    })
  }
})

test('rounding is charged: neurons that are on and cancel what an open one gives them', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed, 'cancel')
    const [a, b, c] = [random.between(1, 2), random.between(1, 2), random.between(1, 2)] as const
    const [small, weight] = [2 ** -40, (-c * a) / b]
    // the first neuron is open, though hardly ever below 0
    const rows = [row(0, { 0: 1 }), row(small, { 1: a }), row(small, { 1: b })]
    const system = condensed(rows, row(0, { 2: c, 3: weight }), [-(2 ** -60)], [1])
    const { bound } = new Cells(engine, system).within(system, system, new Int8Array(3), 3)
    const ends = [0, 1].map((x) =>
      linear(0, [c, weight], [linear(small, [a], [exact(x)]), linear(small, [b], [exact(x)])]),
    )
    for (const end of ends) expect(atMost(exact(bound), end)).toBe(true)
    expect(ends.some((end) => atMost(minus(end, exact(1e-10)), exact(bound)))).toBe(true)
  }
})

test.each([ON, FREE])('what rows are off by costs as much as reaches the margin (phase %i)', (phase) => {
  const bound = (error: number, ofLast: number, weight: number) => {
    const system = condensed([row(phase === ON ? 2 : 0, { 0: 1 }, error)], row(0, { 1: weight }, ofLast), [-1], [1])
    return new Cells(engine, system).within(system, system, Int8Array.of(FREE), 1).bound
  }
  for (const weight of [2, -2]) {
    // of a neuron whose lower slope is 0 nothing is lost; its upper line reaches further, too
    if (phase === ON || weight < 0) expect(bound(1e-3, 0, weight)).toBeLessThanOrEqual(bound(0, 0, weight) - 1.999e-3)
    expect(bound(0, 1e-3, weight)).toBeLessThanOrEqual(bound(0, 0, weight) - 0.999e-3)
  }
})
