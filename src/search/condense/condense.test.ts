/** Condensed systems against exact arithmetic: what is rounded is covered by their errors. */
import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { Random } from '../../base/random.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { type Graph, type GraphNode, sizesOf } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import { optimiseSlopes } from '../slopes.ts'
import { type Condensed, type Row, rowOf } from '../system/condensed.ts'
import { type Exact, atMost, exact, linear, minus, plus, positive, size, times } from '../testing/exact.testing.ts'
import { condense } from './condense.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const inMinutes = () => Deadline.in(60_000)

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
    const root = condense(engine, graph, { lower, upper }, { deadline: inMinutes() })
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
    const { margins } = condense(engine, graph, { lower: new Float64Array(300), upper }, { deadline: inMinutes() })
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
  expect(condense(engine, graph, box, { deadline: inMinutes() }).margins[0]).toBeLessThan(0)
})

test('bounds of neurons are never looser than those of intervals', () => {
  let tighter = 0
  for (let seed = 0; seed < 60; seed++) {
    const { graph, lower, upper } = drawGraph(seed)
    const wide = { lower: lower.map((l) => l - 2), upper: upper.map((u) => u + 2) }
    const { condensed } = condense(engine, graph, wide, { deadline: inMinutes() })
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
