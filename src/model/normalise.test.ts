import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluate } from './evaluate.ts'
import { type Graph, evaluateGraph, graphOf } from './graph.ts'
import { selectionMap } from './linear-map.ts'
import { randomNetwork } from './random-network.testing.ts'
import { isChannelsLast, normaliseNetwork, takeImages, takePixels } from './normalise.ts'

const shape = { channels: 3, height: 4, width: 5 }
const normalisation = { mean: [0.5, 0.25, 0.1], deviation: [0.5, 2, 0.125] }
const random = new Random(1, 'normalise')
const network = randomNetwork(random, { input: shape, normalise: false })
const pixels = Float64Array.from({ length: 60 }, () => random.uniform())
const byHand = pixels.map((p, j) => {
  const channel = Math.floor(j / 20)
  return (p - normalisation.mean[channel]) / normalisation.deviation[channel]
})
const close = (values: Float64Array, expected: Float64Array) =>
  values.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 9))

/** input + relu(input), as no sequence of layers can do it. */
const residual: Graph = {
  name: 'residual',
  inputShape: [3, 4, 5],
  nodes: [
    { kind: 'relu', value: 0 },
    {
      kind: 'affine',
      terms: [0, 1].map((value) => ({
        value,
        map: selectionMap(
          60,
          60,
          (j) => j,
          () => 1 + value,
        ),
      })),
      bias: new Float64Array(60).fill(0.5),
    },
  ],
}

test('pixels enter a network and a graph normalised, channel by channel', () => {
  close(evaluate(normaliseNetwork(network, normalisation), pixels), evaluate(network, byHand))
  for (let seed = 0; seed < 20; seed++) {
    const sums = randomNetwork(new Random(seed, 'sums'), { input: shape, normalise: false, everyKind: true })
    close(evaluate(normaliseNetwork(sums, normalisation), pixels), evaluate(sums, byHand))
  }
  const graph = graphOf(network)
  const outputs = evaluateGraph(takePixels(graph, shape, normalisation, false), pixels).at(-1)!
  close(outputs, evaluate(network, byHand))
  const expected = byHand.map((x) => x + 2 * Math.max(x, 0) + 0.5)
  close(evaluateGraph(takePixels(residual, shape, normalisation, false), pixels).at(-1)!, expected)
})

test('what is normalised inside is not normalised again', () => {
  const inside = normaliseNetwork(network, normalisation)
  expect(() => normaliseNetwork(inside, normalisation)).toThrow(
    /random begins with a normalisation .* leave out the mean and the deviation/,
  )
  const graph = takePixels(residual, shape, normalisation, false)
  expect(() => takePixels(graph, shape, normalisation, false)).toThrow(
    /residual begins with a normalisation of its own/,
  )
})

test('as many numbers as channels', () => {
  const grey = { mean: [0.1], deviation: [1] }
  expect(() => normaliseNetwork(network, grey)).toThrow(/--mean has 1 numbers, but random takes images of 3 channels/)
  const mixed = { mean: [0, 0, 0], deviation: [1] }
  expect(() => takePixels(residual, shape, mixed, false)).toThrow(/--std has 1 numbers/)
})

test('a network of vectors takes images of as many values; others are left alone', () => {
  const flat = randomNetwork(random, { input: { channels: 60, height: 1, width: 1 }, normalise: false })
  const taken = takeImages(flat, shape)
  expect(taken.architecture.input).toEqual(shape)
  expect(evaluate(taken, pixels)).toEqual(evaluate(flat, pixels))
  const { architecture, parameters } = flat
  const pixel = { kind: 'convolution', outChannels: 60, kernel: 1, stride: 1, padding: 0 } as const
  const sum = [
    { ...pixel, from: -1 },
    { ...pixel, from: -1 },
    { kind: 'add', other: 0 } as const,
    ...architecture.layers,
  ]
  const weights = Float32Array.from({ length: 2 * 3660 }, () => 0.1 * random.normal())
  const sums = {
    architecture: { ...architecture, layers: sum },
    parameters: Float32Array.of(...weights, ...parameters),
  }
  expect(evaluate(takeImages(sums, shape), pixels)).toEqual(evaluate(sums, pixels))
  expect(takeImages(network, shape).architecture).toBe(network.architecture)
  expect(takeImages(flat, { channels: 1, height: 5, width: 5 }).architecture).toBe(flat.architecture)
  close(evaluate(normaliseNetwork(taken, normalisation), pixels), evaluate(flat, byHand))
})

/** Pixels in the order [y][x][channel]. */
const channelsLast = (values: Float64Array) => values.map((_, j) => values[(j % 3) * 20 + Math.floor(j / 3)])

test('a graph whose channels come last gets the same numbers in its order, normalised channel by channel', () => {
  const graph = { ...residual, inputShape: [4, 5, 3] }
  const last = takePixels(graph, shape, undefined, true)
  expect(last.inputShape).toEqual([3, 4, 5])
  expect(evaluateGraph(last, pixels).at(-1)).toEqual(evaluateGraph(graph, channelsLast(pixels)).at(-1))
  const normalised = evaluateGraph(takePixels(graph, shape, normalisation, true), pixels).at(-1)!
  close(normalised, evaluateGraph(graph, channelsLast(byHand)).at(-1)!)
})

test('another order of the input is no normalisation; one behind it is', () => {
  const last = takePixels(residual, shape, undefined, true)
  const twice = takePixels(last, shape, normalisation, true)
  close(evaluateGraph(twice, pixels).at(-1)!, evaluateGraph(last, channelsLast(byHand)).at(-1)!)
  expect(() => takePixels(twice, shape, normalisation, false)).toThrow(/normalisation of its own/)
  const inside = takePixels(takePixels(residual, shape, normalisation, false), shape, undefined, true)
  expect(() => takePixels(inside, shape, normalisation, false)).toThrow(/normalisation of its own/)
})

test('dimensions with the channels last', () => {
  const grey = { channels: 1, height: 4, width: 4 }
  expect(
    [
      [4, 4, 1],
      [1, 4, 4, 1],
    ].map((sizes) => isChannelsLast(sizes, grey)),
  ).toEqual([true, true])
  expect([[1, 4, 4], [4, 4], [16], [2, 4, 4, 1]].some((sizes) => isChannelsLast(sizes, grey))).toBe(false)
  expect(
    [
      [4, 5, 3],
      [3, 4, 5],
      [5, 4, 3],
    ].map((sizes) => isChannelsLast(sizes, shape)),
  ).toEqual([true, false, false])
  // either order could be meant: the usual one is
  expect(isChannelsLast([3, 3, 3], { channels: 3, height: 3, width: 3 })).toBe(false)
})

test('layers that flatten grey images take them as they are', () => {
  const grey = { channels: 1, height: 4, width: 5 }
  const layers = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: 2 }] as const
  const flat = { architecture: { name: 'grey', input: { channels: 4, height: 5, width: 1 }, layers } }
  const taken = takeImages({ ...flat, parameters: new Float32Array(42) }, grey)
  expect(taken.architecture).toEqual({ ...flat.architecture, input: grey })
  // a convolution would see other channels
  const convolution = { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0, from: -1 } as const
  const architecture = { ...flat.architecture, layers: [...layers, convolution] }
  expect(takeImages({ architecture, parameters: new Float32Array(47) }, grey).architecture).toBe(architecture)
})
