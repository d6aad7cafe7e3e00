/** Float64 bounds against exact arithmetic: whatever is rounded on the way, no bound is above the exact value. */
import { beforeAll, expect, test } from 'vitest'
import { FREE } from '../../model/phase.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { type Graph, type GraphNode, sizesOf } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import { type Condensed, type Neurons, type Row, joinRows, rowOf } from '../system/condensed.ts'
import { OutOfRange } from '../system/range.ts'
import { type Root, condense } from '../condense/condense.ts'
import { optimiseSlopes } from '../slopes.ts'
import {
  type Exact,
  atMost,
  exact,
  linear,
  minus,
  plus,
  positive,
  size,
  times,
  zero,
} from '../testing/exact.testing.ts'
import { better } from './best-bounds.ts'
import { Batch } from './batch.ts'
import { System } from './system.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const inMinutes = () => performance.now() + 60_000

const row = (bias: number, entries: Readonly<Record<number, number>>, error = 0): Row => ({
  bias,
  source: Int32Array.from(Object.keys(entries), Number),
  weight: Float64Array.from(Object.values(entries)),
  error,
})

/** The least value of a function that is linear in the inputs, since every neuron on the way is on. */
function exactMinimum({ lower, upper, rows }: Neurons, last: Row): Exact {
  const coefficients = new Map<number, Exact>()
  const spread = ({ source, weight }: Row, factor: Exact) =>
    source.forEach((s, e) => coefficients.set(s, plus(coefficients.get(s) ?? zero, times(factor, exact(weight[e])))))
  spread(last, exact(1))
  let sum = exact(last.bias)
  for (let k = rows.length - 1; k >= 0; k--) {
    const factor = coefficients.get(lower.length + k) ?? zero
    sum = plus(sum, times(factor, exact(rows[k].bias)))
    spread(rows[k], factor)
  }
  lower.forEach((low, i) => {
    const c = coefficients.get(i) ?? zero
    sum = plus(sum, times(c, exact(c.units > 0n ? low : upper[i])))
  })
  return sum
}

/** What the sweep bounds it by. */
function swept(neurons: Neurons, last: Row): number {
  const mark = engine.mark()
  const system = new System(engine, neurons)
  const batch = new Batch(system, 8)
  batch.setFunction(0, last, 1)
  for (let k = 0; k < system.neurons; k++) batch.setNeuron(k, FREE, 0, 0)
  const bound = batch.bounds()[0]
  engine.release(mark)
  return bound
}

function expectSound(neurons: Neurons, last: Row): void {
  const bound = swept(neurons, last)
  const least = exactMinimum(neurons, last)
  expect(atMost(exact(bound), least)).toBe(true)
  expect(atMost(minus(least, exact(1e-9)), exact(bound))).toBe(true)
}

const drawn = (random: Random, count: number, from: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [from + i, random.normal()]))

test('sums over a box around 0, without any constant', () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = new Random(seed, 'box')
    const upper = Float64Array.from({ length: 1000 }, () => random.uniform())
    const box = { lower: upper.map((u) => -u), upper, rows: [], neuronLower: [], neuronUpper: [] }
    expectSound(box, row(0, drawn(random, 1000, 0)))
  }
})

test('chains of neurons that are on', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed, 'chain')
    const lower = Float64Array.from({ length: 4 }, () => random.normal())
    const upper = lower.map((l) => l + random.uniform())
    const rows = [row(20, drawn(random, 4, 0)), row(20, drawn(random, 4, 0)), row(90, { 4: 1 / 3, 5: random.normal() })]
    const on = { neuronLower: rows.map(() => 0.1), neuronUpper: rows.map(() => 300) }
    expectSound({ lower, upper, rows, ...on }, row(-30, { ...drawn(random, 7, 0) }))
  }
})

test('neurons whose parts cancel in all but the last digits', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed, 'cancel')
    const [a, b, c] = [random.between(1, 2), random.between(1, 2), random.between(1, 2)] as const
    const rows = [row(0, { 0: 1 }), row(0, { 1: a }), row(0, { 1: b })]
    const on = { neuronLower: [1, 1, 1], neuronUpper: [2, 4, 4] }
    const box = { lower: Float64Array.of(1), upper: Float64Array.of(2) }
    expectSound({ ...box, rows, ...on }, row(0, { 2: c, 3: (-c * a) / b }))
  }
})

test('products that underflow', () => {
  const tiny = 2 ** -540
  const box = { lower: Float64Array.of(tiny), upper: Float64Array.of(tiny) }
  expectSound({ ...box, rows: [], neuronLower: [], neuronUpper: [] }, row(0, { 0: -tiny }))
})

test('a row of a batch forgets the function before it', () => {
  const mark = engine.mark()
  const on = { rows: [row(0, { 0: 1 })], neuronLower: [1], neuronUpper: [2] }
  const batch = new Batch(new System(engine, { lower: Float64Array.of(1), upper: Float64Array.of(2), ...on }), 8)
  batch.setNeuron(0, FREE, 0, 0)
  batch.setFunction(0, row(0, { 0: -3, 1: -5 }), 1)
  batch.setFunction(0, row(0, { 0: 1 }), 1)
  expect(batch.bounds()[0]).toBeCloseTo(1, 9)
  engine.release(mark)
})

test('what rows are off by costs as much as reaches them', () => {
  const system = (error: number): Neurons => ({
    ...{ lower: Float64Array.of(1), upper: Float64Array.of(2), rows: [row(0, { 0: 1 }, error)] },
    ...{ neuronLower: [1 - error], neuronUpper: [2 + error] },
  })
  for (const weight of [2, -2]) {
    const without = swept(system(0), row(0, { 1: weight }))
    expect(swept(system(1e-3), row(0, { 1: weight }))).toBeLessThanOrEqual(without - 2e-3)
    expect(swept(system(0), row(0, { 1: weight }, 1e-3))).toBeLessThanOrEqual(without - 1e-3)
  }
})

/** Affine layers with ReLUs between them, and a point of its box of inputs. */
function drawGraph(seed: number) {
  const random = new Random(seed, 'graph')
  const sizes = [3, 6, 5, 4, 2]
  const nodes = sizes.slice(1).flatMap((outputs, i): GraphNode[] => {
    const inputs = sizes[i]
    const weights = Float64Array.from({ length: outputs * inputs }, () => random.normal())
    const bias = Float64Array.from({ length: outputs }, () => (seed % 2 ? random.normal() : 0))
    const affine: GraphNode = {
      kind: 'affine',
      terms: [{ value: 2 * i, map: denseMap(weights, outputs, inputs) }],
      bias,
    }
    return i + 2 < sizes.length ? [affine, { kind: 'relu', value: 2 * i + 1 }] : [affine]
  })
  const graph: Graph = { name: 'random', inputShape: [3], nodes }
  const lower = Float64Array.from({ length: 3 }, () => random.normal())
  const upper = lower.map((l) => l + random.between(0, 1))
  return { random, graph, lower, upper }
}

/** Every value of the graph at a point. */
function exactValues({ nodes }: Graph, input: readonly Exact[]): Exact[][] {
  const values = [[...input]]
  for (const node of nodes) {
    if (node.kind === 'relu') values.push(values[node.value].map(positive))
    else {
      const { value, map } = node.terms[0]
      const from = values[value]
      const weights = (map.form as { weights: Float64Array }).weights
      values.push(
        Array.from(node.bias, (b, o) => linear(b, weights.subarray(o * from.length, (o + 1) * from.length), from)),
      )
    }
  }
  return values
}

/** Every row holds at the point within its error, where neurons have their exact values. @returns rows that were off */
function checkRows(condensed: Condensed, input: readonly Exact[], outputs: readonly Exact[]): number {
  const sources = [...input]
  let off = 0
  const value = ({ bias, source, weight }: Row) =>
    linear(
      bias,
      weight,
      [...source].map((s) => sources[s]),
    )
  // neurons are not told from each other here: their exact values are those of their rows, level by level
  for (let k = 0; k < condensed.neurons; k++) sources.push(positive(value(rowOf(condensed, k))))
  condensed.cases.forEach(([r], c) => {
    const asked = rowOf(condensed, r!)
    let error = exact(asked.error)
    // an error of a neuron reaches the output by at most the product of the weights on the way
    const reach = new Float64Array(condensed.neurons)
    const spread = ({ source, weight }: Row, factor: number) =>
      source.forEach((s, e) => s >= condensed.inputs && (reach[s - condensed.inputs] += factor * Math.abs(weight[e])))
    spread(asked, 1)
    for (let k = condensed.neurons - 1; k >= 0; k--) {
      const neuron = rowOf(condensed, k)
      error = plus(error, times(exact(reach[k] * (1 + 1e-9)), exact(neuron.error)))
      spread(neuron, reach[k])
    }
    const difference = size(minus(value(asked), outputs[c]))
    expect(atMost(difference, error)).toBe(true)
    if (difference.units !== 0n) off++
  })
  return off
}

test('condensed systems are off by no more than they say, before and after optimised slopes', () => {
  const seen = { off: 0, settled: 0 }
  for (let seed = 0; seed < 60; seed++) {
    const { random, graph, lower, upper } = drawGraph(seed)
    const root = condense(engine, graph, { lower, upper }, inMinutes())
    const optimised = optimiseSlopes(engine, root, inMinutes())
    if (optimised.condensed.neurons < root.condensed.neurons) seen.settled++
    for (let i = 0; i < 5; i++) {
      const input = Array.from(lower, (l, j) => exact(random.between(l, upper[j])))
      const outputs = exactValues(graph, input).at(-1)!
      for (const { condensed, open } of [root, optimised]) {
        seen.off += checkRows(
          condensed,
          input,
          open.map((c) => outputs[c]),
        )
      }
      for (const { margins } of [root, optimised]) {
        margins.forEach((margin, c) => expect(atMost(exact(margin), outputs[c])).toBe(true))
      }
    }
  }
  expect(seen.off).toBeGreaterThan(20)
  expect(seen.settled).toBeGreaterThan(2)
})

test('margins of one layer over a box that ends at 0', () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = new Random(seed, 'one layer')
    const upper = Float64Array.from({ length: 300 }, () => random.uniform())
    const weights = Float64Array.from(upper, () => random.normal())
    const terms = [{ value: 0, map: denseMap(weights, 1, 300) }]
    const graph: Graph = {
      ...{ name: 'layer', inputShape: [300] },
      nodes: [{ kind: 'affine', terms, bias: new Float64Array(1) }],
    }
    const { margins } = condense(engine, graph, { lower: new Float64Array(300), upper }, inMinutes())
    const corner = Array.from(upper, (u, i) => exact(weights[i] < 0 ? u : 0))
    expect(atMost(exact(margins[0]), linear(0, weights, corner))).toBe(true)
  }
})

test('margins of products that underflow are below them', () => {
  const tiny = 2 ** -540
  const map = denseMap(Float64Array.of(-tiny), 1, 1)
  const graph: Graph = {
    ...{ name: 'tiny', inputShape: [1] },
    nodes: [{ kind: 'affine', terms: [{ value: 0, map }], bias: new Float64Array(1) }],
  }
  const box = { lower: Float64Array.of(tiny), upper: Float64Array.of(tiny) }
  expect(condense(engine, graph, box, inMinutes()).margins[0]).toBeLessThan(0)
})

/** Two neurons, the second of which is really on; what reads both is the case. */
function settledRoot(weights: readonly [number, number, number], errors: readonly number[]): Root {
  const [a, b, c] = weights
  const box = { lower: Float64Array.of(-1), upper: Float64Array.of(1) }
  const rows = [row(0, { 0: a }, errors[0]), row(0, { 0: 0.1, 1: b }, errors[1])]
  const parts = { ...box, rows, neuronLower: [-2, -1], neuronUpper: [2, 9] }
  const last = row(0, { 1: c * b, 2: -c }, errors[2])
  return { condensed: joinRows(parts, [0, 1], [last]), margins: Float64Array.of(-Infinity), open: [0] }
}

test('multiplying a neuron out charges its error, and the rounding', () => {
  const without = settledRoot([1, 3, 1], [0, 0, 0])
  // for the second neuron to be on, whatever the first one is
  const on = (root: Root): Root => ({
    ...root,
    condensed: { ...root.condensed, bias: Float64Array.of(0, 0.5, -10) },
  })
  expect(optimiseSlopes(engine, on(without), inMinutes()).condensed.neurons).toBe(1)
  const errors = [1e-4, 1e-3, 1e-2]
  const { condensed } = optimiseSlopes(engine, on(settledRoot([1, 3, 2], errors)), inMinutes())
  expect(rowOf(condensed, 1).error).toBeGreaterThanOrEqual(1e-2 + 2e-3)
  expect(rowOf(condensed, 0).error).toBe(1e-4)
})

test('multiplied out, sums without constants are charged, too', () => {
  let off = 0
  for (let seed = 0; seed < 40; seed++) {
    const random = new Random(seed, 'multiply out')
    const weights = [random.between(1, 2), random.between(1, 2), random.between(1, 2)] as const
    const root = settledRoot(weights, [0, 0, 0])
    // on, though its constant is 0: the box is moved to the right
    const shifted = { ...root.condensed, lower: Float64Array.of(0.5), neuronLower: Float64Array.of(-1e-9, -1) }
    const { condensed } = optimiseSlopes(engine, { ...root, condensed: shifted }, inMinutes())
    expect([condensed.neurons, condensed.cases.length]).toEqual([1, 1])
    const x = exact(0.75)
    const h = positive(times(exact(weights[0]), x))
    const second = plus(times(exact(0.1), x), times(exact(weights[1]), h))
    const { bias, source, weight, error } = rowOf(condensed, 1)
    const given = linear(
      bias,
      weight,
      [...source].map((s) => (s === 0 ? x : h)),
    )
    const wanted = plus(times(exact(weights[2] * weights[1]), h), times(exact(-weights[2]), second))
    const difference = size(minus(given, wanted))
    expect(atMost(difference, exact(error))).toBe(true)
    if (difference.units !== 0n) off++
  }
  expect(off).toBeGreaterThan(10)
})

test('bounds of neurons are never looser than those of intervals', () => {
  let tighter = 0
  for (let seed = 0; seed < 60; seed++) {
    const { graph, lower, upper } = drawGraph(seed)
    const wide = { lower: lower.map((l) => l - 2), upper: upper.map((u) => u + 2) }
    const { condensed } = condense(engine, graph, wide, inMinutes())
    let [least, most] = [Infinity, 0]
    const intervals = intervalsOf(graph, wide.lower, wide.upper)
    // every neuron of the system is one of the graph: the widest of these is no tighter
    for (const [l, u] of intervals) [least, most] = [Math.min(least, l), Math.max(most, u)]
    for (let k = 0; k < condensed.neurons; k++) {
      expect(condensed.neuronLower[k]).toBeGreaterThanOrEqual(least * (1 + 1e-9))
      expect(condensed.neuronUpper[k]).toBeLessThanOrEqual(most * (1 + 1e-9))
      if (condensed.neuronLower[k] > least / 2) tighter++
    }
  }
  expect(tighter).toBeGreaterThan(20)
})

/** Of every neuron before its ReLU. */
function intervalsOf(graph: Graph, lower: Float64Array, upper: Float64Array): [number, number][] {
  let [l, u] = [lower, upper]
  const found: [number, number][] = []
  const sizes = sizesOf(graph)
  graph.nodes.forEach((node, i) => {
    if (node.kind === 'relu') {
      l.forEach((low, j) => found.push([low, u[j]]))
      ;[l, u] = [l.map((v) => Math.max(0, v)), u.map((v) => Math.max(0, v))]
      return
    }
    const { map } = node.terms[0]
    const [centre, radius] = [node.bias.slice(), new Float64Array(sizes[i + 1])]
    map.forward(
      l.map((low, j) => (low + u[j]) / 2),
      centre,
    )
    map.absolute(
      l.map((low, j) => (u[j] - low) / 2),
      radius,
    )
    ;[l, u] = [centre.map((c, j) => c - radius[j]), centre.map((c, j) => c + radius[j])]
  })
  return found
}

test('a bound that is no finite number bounds nothing', () => {
  expect(better(-1, Infinity)).toBe(-1)
  expect(better(-1, NaN)).toBe(-1)
  expect(better(-Infinity, 2)).toBe(2)
  expect(better(3, 2)).toBe(3)
})

test('coefficients that grow out of range are not condensed', () => {
  const box = { lower: Float64Array.of(-1e-100), upper: Float64Array.of(1e-100) }
  const parts = { ...box, rows: [], neuronLower: [], neuronUpper: [] }
  expect(() => joinRows(parts, [], [row(0, { 0: 1e101 })])).toThrow(OutOfRange)
})
