import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Layer, Shape } from '../model/layers.ts'
import { type Network, parameterLayout, shapesOf } from '../model/network.ts'
import { type RandomNetworkOptions, networkArbitrary, randomBox } from '../model/random-network.testing.ts'
import {
  type Bounds,
  isUnstable,
  marginSpecification,
  referenceDualBounds,
  referenceDualPass,
  referenceIntervalBounds,
  referenceMargins,
  referencePrunedDualBounds,
  referencePrunedMargins,
  slope,
} from './reference.ts'
import {
  type Box,
  affineValue,
  applyTransposedWeight,
  applyWeight,
  normalisedBox,
  referenceForward,
  referenceStages,
} from './reference-stages.ts'

const rounding = 1e-9

/** Networks of every kind: half of them may have residual sums. */
const anyNetwork = (options: RandomNetworkOptions = {}) =>
  fc.boolean().chain((residual) => networkArbitrary({ residual, ...options }))

/** A network, a box around an input of its, and random numbers for the rest of the test. */
const problemArbitrary = (options: RandomNetworkOptions = {}) =>
  fc.record({ network: anyNetwork(options), seed: fc.nat() }).map(({ network, seed }) => {
    const random = new Random(seed, 'problem')
    return { network, random, ...randomBox(random, network.architecture) }
  })

const vector = (random: Random, length: number) => Float64Array.from({ length }, () => random.normal())
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, j) => sum + v * b[j], 0)

/** How far a value lies outside its bounds, at most, as a share of its size. */
const excess = (values: Float64Array, { lower, upper }: Bounds) =>
  Math.max(...values.map((z, j) => Math.max(lower[j] - z, z - upper[j]) / (1 + Math.abs(z))))

/** A network of one input value and these layers; the weights are given layer by layer, each row ending in its bias. */
function handMade(...layers: number[][][]): Network {
  const affine = layers.map((rows): Layer => ({ kind: 'linear', outFeatures: rows.length }))
  const relu: Layer = { kind: 'relu' }
  const input: Shape = { channels: layers[0][0].length - 1, height: 1, width: 1 }
  return {
    architecture: { name: 'hand', input, layers: affine.flatMap((layer, i) => (i > 0 ? [relu, layer] : [layer])) },
    parameters: Float32Array.from(
      layers.flatMap((rows) => [...rows.flatMap((row) => row.slice(0, -1)), ...rows.map((row) => row.at(-1)!)]),
    ),
  }
}

describe('stages', () => {
  test('make what the network makes, residual sums and all', () => {
    let sums = 0
    fc.assert(
      fc.property(networkArbitrary({ residual: true }), fc.nat(), (network, seed) => {
        const { centre } = randomBox(new Random(seed), network.architecture)
        const expected = evaluate(network, centre)
        const scale = Math.max(1, ...expected.map(Math.abs))
        const actual = referenceForward(network, centre).at(-1)!
        expected.forEach((y, i) => expect(Math.abs(actual[i] - y) / scale).toBeLessThan(1e-12))
        if (referenceStages(network).some(({ terms }) => terms.length > 1)) sums++
      }),
    )
    expect(sums).toBeGreaterThan(50)
  })

  test('a convolution is the sum over the zero-padded window', () => {
    const options = { input: { channels: 2, height: 6, width: 5 }, hiddenLayers: 1, normalise: false, residual: false }
    fc.assert(
      fc.property(problemArbitrary(options), ({ network, random }) => {
        const layer = network.architecture.layers[0]
        fc.pre(layer.kind === 'convolution')
        const { kernel, stride, padding } = layer
        const [{ channels, height, width }, output] = shapesOf(network.architecture)
        const [weight, bias] = parameterLayout(network.architecture)
        const x = vector(random, channels * height * width)
        const padded = (c: number, i: number, j: number) =>
          i < 0 || i >= height || j < 0 || j >= width ? 0 : x[(c * height + i) * width + j]
        const expected: number[] = []
        for (let o = 0; o < output.channels; o++) {
          for (let at = 0; at < output.height * output.width; at++) {
            const top = Math.floor(at / output.width) * stride - padding
            const left = (at % output.width) * stride - padding
            let sum = network.parameters[bias.offset + o]
            for (let k = 0; k < channels * kernel * kernel; k++) {
              const [c, i, j] = [Math.floor(k / kernel ** 2), Math.floor(k / kernel) % kernel, k % kernel]
              const w = network.parameters[weight.offset + o * channels * kernel * kernel + k]
              sum += w * padded(c, top + i, left + j)
            }
            expected.push(sum)
          }
        }
        const actual = referenceForward(network, x)[0]
        expect(actual.length).toBe(expected.length)
        expect(Math.max(...actual.map((z, j) => Math.abs(z - expected[j])))).toBeLessThan(rounding)
      }),
    )
  })

  test('applyTransposedWeight is the transpose of applyWeight', () => {
    fc.assert(
      fc.property(problemArbitrary(), ({ network, random }) => {
        for (const term of referenceStages(network).flatMap(({ terms }) => terms)) {
          const x = vector(random, term.inputSize)
          const y = vector(random, term.rows.length)
          expect(dot(applyWeight(term, x), y)).toBeCloseTo(dot(x, applyTransposedWeight(term, y)), 9)
        }
      }),
    )
  })

  test('layers that the bounds are not made for are refused', () => {
    const network = handMade([[1, 0]])
    const withLayers = (layers: Layer[]) => ({ ...network, architecture: { ...network.architecture, layers } })
    const linear: Layer = { kind: 'linear', outFeatures: 1 }
    const normalise: Layer = { kind: 'normalise', mean: [0], deviation: [1] }
    expect(() => referenceStages(withLayers([linear, { kind: 'relu' }]))).toThrow(RangeError)
    expect(() => referenceStages(withLayers([{ kind: 'relu' }, linear]))).toThrow(RangeError)
    expect(() => referenceStages(withLayers([linear, normalise]))).toThrow(RangeError)
    expect(() => referenceStages(withLayers([normalise, linear]))).not.toThrow()
  })
})

describe('by hand', () => {
  const one = Float64Array.of(1)
  const zero = Float64Array.of(0)

  test('relu(x) on [−1, 1] lies between x / 2 and (x + 1) / 2', () => {
    const network = handMade([[1, 0]], [[1, 0]])
    expect(referenceDualBounds(network, zero, one)[1]).toEqual({
      lower: Float64Array.of(-0.5),
      upper: Float64Array.of(1),
    })
    const pass = referenceDualPass(network, referenceDualBounds(network, zero, one), one, 1, zero, one)
    expect(pass.inputCoefficients).toEqual(Float64Array.of(0.5))
    expect([pass.constant, pass.lowerConstant]).toEqual([0.5, 0])
    expect(referencePrunedDualBounds(network, zero, one)[1].lower).toEqual(zero)
  })

  test('a pruned margin is no looser than an interval step of its row', () => {
    const network = handMade(
      [[1, 0]],
      [
        [0, 0],
        [-1, 0],
      ],
    )
    expect(referenceMargins(network, 0, zero, one)[1]).toBeCloseTo(1 / 2, 12)
    expect(referencePrunedMargins(network, 0, zero, one)[1]).toBe(0)
  })

  test('two affine layers without a ReLU between them are one affine map', () => {
    const network = handMade(
      [
        [1, 0],
        [1, 0],
      ],
      [[1, -1, 0.5]],
    )
    const layers = network.architecture.layers.filter((layer) => layer.kind !== 'relu')
    const affine = { ...network, architecture: { ...network.architecture, layers } }
    const half = Float64Array.of(0.5)
    expect(referenceIntervalBounds(affine, zero, one)[1]).toEqual({
      lower: Float64Array.of(-1.5),
      upper: Float64Array.of(2.5),
    })
    expect(referenceDualBounds(affine, zero, one)[1]).toEqual({ lower: half, upper: half })
    expect(referencePrunedDualBounds(affine, zero, one)[1]).toEqual({ lower: half, upper: half })
  })

  test('pruning can loosen a margin: the slope of a settled neuron is not always the better one', () => {
    // y = relu(relu(x)) ≥ 0 is settled by an interval step and gets slope 1, so −y ≤ −x/2 ≤ 1/2; the plain dual knows
    // only relu(x) ≥ −1/2 and takes slope 2/3, so −y ≤ −x/3 ≤ 1/3. Two equal neurons keep the interval step wide.
    const network = handMade(
      [
        [1, 0],
        [1, 2],
      ],
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
      ],
      [
        [0, 0, 0, 0],
        [-1, 10, -10, 0],
      ],
    )
    expect(referenceMargins(network, 0, zero, one)[1]).toBeCloseTo(1 / 3, 12)
    expect(referencePrunedMargins(network, 0, zero, one)[1]).toBeCloseTo(1 / 2, 12)
  })

  // x on [−1, 1]; ReLU(ReLU(x) − x) = ReLU(−x), then times −1: stages x, ReLU(x) − x over two sources, and −ReLU(that)
  const residual = (weights: number[]): Network => ({
    architecture: {
      name: 'residual',
      input: { channels: 1, height: 1, width: 1 },
      layers: [
        pixel,
        { kind: 'relu' },
        pixel,
        { ...pixel, from: -1 },
        { kind: 'add', other: 2 },
        { kind: 'relu' },
        pixel,
      ],
    },
    // each weight with its bias
    parameters: Float32Array.from(weights),
  })
  const pixel = { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 } as const

  test('a residual sum: both ways to the image are known to depend on one x', () => {
    const network = residual([1, 0, 1, 0.25, -1, 0.75, -1, 0])
    const bound = (lower: number, upper: number) => ({ lower: Float64Array.of(lower), upper: Float64Array.of(upper) })
    expect(referenceForward(network, Float64Array.of(-0.5))).toEqual([-0.5, 1.5, -1.5].map((z) => Float64Array.of(z)))
    // intervals know nothing of it: [0, 1] − [−1, 1] + 1
    expect(referenceIntervalBounds(network, zero, one)).toEqual([bound(-1, 1), bound(0, 3), bound(-3, 0)])
    // x/2 ≤ ReLU(x) ≤ (x + 1)/2, so −x/2 + 1 ≤ z ≤ −x/2 + 3/2: always on
    expect(referenceDualBounds(network, zero, one)).toEqual([bound(-1, 1), bound(0.5, 2), bound(-2, -0.5)])
    // the interval step has settled it, and what is settled stays as it is; not so the last row
    expect(referencePrunedDualBounds(network, zero, one)).toEqual([bound(-1, 1), bound(0, 3), bound(-2, -0.5)])
  })

  test('a dual row is cut at every ReLU on its way, and every bias counts once', () => {
    const network = residual([1, 0, 1, 0.25, -1, 0, -1, 0.5])
    const bounds = referenceDualBounds(network, zero, one)
    // z = ReLU(x) − x + 1/4 between −x/2 + 1/4 and −x/2 + 3/4
    expect([bounds[1].lower[0], bounds[1].upper[0]]).toEqual([-0.25, 1.25])
    // slope 5/6, gaps 1/2 of the first ReLU and 5/24 of the second: 1/2 − 5/6 (−x/2 + 1/4) − (5/12 + 5/24) and up
    const pass = referenceDualPass(network, bounds, one, 2, zero, one)
    expect(pass.inputCoefficients[0]).toBeCloseTo(5 / 12, 12)
    expect(pass.constant).toBeCloseTo(0.5 - 5 / 24, 12)
    expect(pass.lowerConstant).toBeCloseTo(0.5 - 5 / 24 - 5 / 12 - 5 / 24, 12)
  })

  test('two terms over the image: an interval step is not exact, a dual pass is', () => {
    const network = residual([1, 0, 1, 0.25, -1, 0, -1, 0.5])
    const layers: Layer[] = [pixel, { ...pixel, from: -1 }, { kind: 'add', other: 0 }, { kind: 'relu' }, pixel]
    const sum = {
      architecture: { ...network.architecture, layers },
      parameters: Float32Array.of(3, 0, -2, 0.5, 1, 0),
    }
    const [stage] = referenceDualBounds(sum, zero, one)
    expect([stage.lower[0], stage.upper[0]]).toEqual([-0.5, 1.5])
    expect(referencePrunedDualBounds(sum, zero, one)[0]).toEqual(stage)
    expect(referenceIntervalBounds(sum, zero, one)[0].upper[0]).toBe(5.5)
  })

  test('normalise makes the box that of the next layer', () => {
    const network = handMade([[2, 1]])
    const normalise: Layer = { kind: 'normalise', mean: [0.5], deviation: [0.25] }
    const layers = [normalise, ...network.architecture.layers]
    const normalised = { ...network, architecture: { ...network.architecture, layers } }
    // 2 (x − 0.5) / 0.25 + 1 on [0.4, 0.8]
    const [{ lower, upper }] = referenceDualBounds(normalised, Float64Array.of(0.6), Float64Array.of(0.2))
    expect([lower[0], upper[0]]).toEqual([expect.closeTo(0.2, 12), expect.closeTo(3.4, 12)])
  })
})

describe('soundness', () => {
  test('no input of the box leaves any bound, at any stage', () => {
    fc.assert(
      fc.property(problemArbitrary(), ({ network, random, centre, radius }) => {
        const kinds = [referenceIntervalBounds, referenceDualBounds, referencePrunedDualBounds]
        const bounds = kinds.map((boundsOf) => boundsOf(network, centre, radius))
        for (const x of pointsOf(network, random, centre, radius)) {
          referenceForward(network, x).forEach((values, stage) => {
            for (const kind of bounds) expect(excess(values, kind[stage])).toBeLessThan(rounding)
          })
        }
      }),
    )
  })

  test('no input of the box exceeds a margin', () => {
    fc.assert(
      fc.property(problemArbitrary(), ({ network, random, centre, radius }) => {
        const margins = [referenceMargins, referencePrunedMargins].map((of) => of(network, 1, centre, radius))
        for (const x of pointsOf(network, random, centre, radius)) {
          const output = referenceForward(network, x).at(-1)!
          const actual = output.map((z) => z - output[1])
          for (const upper of margins) {
            expect(upper[1]).toBe(0)
            expect(excess(actual, { lower: actual, upper })).toBeLessThan(rounding)
          }
        }
      }),
    )
  })

  test('with radius 0 the bounds are the values of the network', () => {
    fc.assert(
      fc.property(anyNetwork(), fc.nat(), (network, seed) => {
        const { centre } = randomBox(new Random(seed), network.architecture)
        const radius = new Float64Array(centre.length)
        const values = referenceForward(network, centre)
        for (const boundsOf of [referenceIntervalBounds, referenceDualBounds, referencePrunedDualBounds]) {
          boundsOf(network, centre, radius).forEach(({ lower, upper }, stage) => {
            expect(excess(lower, { lower: values[stage], upper: values[stage] })).toBeLessThan(rounding)
            expect(excess(upper, { lower: values[stage], upper: values[stage] })).toBeLessThan(rounding)
          })
        }
        const output = values.at(-1)!
        for (const marginsOf of [referenceMargins, referencePrunedMargins]) {
          const difference = output.map((z) => z - output[0])
          const actual = marginsOf(network, 0, centre, radius)
          expect(excess(actual, { lower: difference, upper: difference })).toBeLessThan(rounding)
        }
      }),
    )
  })
})

test('the dual pass is the exact optimum of the relaxed network, found by trying all vertices', () => {
  const options = { input: { channels: 3, height: 1, width: 1 }, hiddenLayers: 2, maxWidth: 4 }
  fc.assert(
    fc.property(problemArbitrary(options), ({ network, random, centre, radius }) => {
      const stages = referenceStages(network)
      const bounds = referenceDualBounds(network, centre, radius)
      const specification = vector(random, stages.at(-1)!.bias.length)
      const values = relaxedVertexValues(network, bounds, centre, radius).map((output) => dot(specification, output))
      const pass = referenceDualPass(network, bounds, specification, stages.length - 1, centre, radius)
      expect(pass.upper / (1 + Math.abs(pass.upper))).toBeCloseTo(Math.max(...values) / (1 + Math.abs(pass.upper)), 9)
      expect(pass.lower / (1 + Math.abs(pass.lower))).toBeCloseTo(Math.min(...values) / (1 + Math.abs(pass.lower)), 9)
    }),
  )
})

test('a pass over one row gives the bound of that row, and its parts make up its ends', () => {
  fc.assert(
    fc.property(problemArbitrary(), ({ network, random, centre, radius }) => {
      const stages = referenceStages(network)
      const bounds = referenceDualBounds(network, centre, radius)
      const stage = random.integer(stages.length)
      const row = random.integer(stages[stage].bias.length)
      const specification = new Float64Array(stages[stage].bias.length)
      specification[row] = 1
      const pass = referenceDualPass(network, bounds, specification, stage, centre, radius)
      expect(pass.lower).toBeCloseTo(bounds[stage].lower[row], 9)
      expect(pass.upper).toBeCloseTo(bounds[stage].upper[row], 9)
      const box = normalisedBox(network.architecture, centre, radius)
      const middle = dot(pass.inputCoefficients, box.centre)
      const spread = dot(pass.inputCoefficients.map(Math.abs), box.radius)
      expect(pass.upper).toBeCloseTo(middle + spread + pass.constant, 9)
      expect(pass.lower).toBeCloseTo(middle - spread + pass.lowerConstant, 9)
    }),
  )
})

describe('pruned', () => {
  test('no row is looser than its interval, and up to stage 1 no open row looser than its dual bound', () => {
    fc.assert(
      fc.property(problemArbitrary(), ({ network, centre, radius }) => {
        const stages = referenceStages(network)
        const interval = referenceIntervalBounds(network, centre, radius)
        const dual = referenceDualBounds(network, centre, radius)
        const pruned = referencePrunedDualBounds(network, centre, radius)
        pruned.forEach((bounds, stage) => {
          bounds.lower.forEach((lower, o) => {
            const upper = bounds.upper[o]
            // Never looser than plain intervals, at any stage.
            expect(lower).toBeGreaterThan(interval[stage].lower[o] - rounding * (1 + Math.abs(lower)))
            expect(upper).toBeLessThan(interval[stage].upper[o] + rounding * (1 + Math.abs(upper)))
            // Up to stage 1 the slopes are the same: there an open row is not looser than its dual bound either.
            if (stage > 1 || (stages[stage].relu && !isUnstable(lower, upper))) return
            expect(lower).toBeGreaterThan(dual[stage].lower[o] - rounding * (1 + Math.abs(lower)))
            expect(upper).toBeLessThan(dual[stage].upper[o] + rounding * (1 + Math.abs(upper)))
          })
        })
      }),
    )
  })

  test('behind one hidden layer no margin is looser', () => {
    fc.assert(
      fc.property(problemArbitrary({ hiddenLayers: 1, residual: false }), ({ network, centre, radius }) => {
        const margins = referenceMargins(network, 0, centre, radius)
        const pruned = referencePrunedMargins(network, 0, centre, radius)
        pruned.forEach((bound, target) =>
          expect(bound).toBeLessThan(margins[target] + rounding * (1 + Math.abs(bound))),
        )
      }),
    )
  })
})

/** The centre, random inputs, random corners, and corners that a few steps of gradient ascent on a margin lead to. */
function pointsOf(network: Network, random: Random, centre: Float64Array, radius: Float64Array): Float64Array[] {
  const moved = (by: (j: number) => number) => centre.map((x, j) => x + radius[j] * by(j))
  const points = [centre]
  for (let i = 0; i < 4; i++) {
    points.push(moved(() => random.between(-1, 1)))
    points.push(moved(() => Math.sign(random.normal())))
    points.push(moved(() => (random.integer(2) === 0 ? 0 : Math.sign(random.normal()))))
  }
  const stages = referenceStages(network)
  for (let label = 0; label < 2; label++) {
    let x = centre
    for (let step = 0; step < 3; step++) {
      const values = referenceForward(network, x)
      const gradients: Float64Array[] = []
      for (let i = stages.length - 1; i >= 0; i--) {
        const arrived = i < stages.length - 1 ? gradients[i + 1] : marginSpecification(stages, 1 - label, label)
        const gradient = arrived.map((v, o) => (values[i][o] > 0 || !stages[i].relu ? v : 0))
        for (const term of stages[i].terms) {
          const more = applyTransposedWeight(term, gradient)
          gradients[term.source + 1] = gradients[term.source + 1]?.map((v, j) => v + more[j]) ?? more
        }
      }
      const direction = gradients[0].map(Math.sign)
      x = moved((j) => direction[j])
      points.push(x)
    }
  }
  return points
}

/** The outputs at every vertex of the relaxed network: every corner of the box, each unstable ReLU on either line. */
function relaxedVertexValues(network: Network, bounds: Bounds[], centre: Float64Array, radius: Float64Array) {
  const stages = referenceStages(network)
  const box: Box = normalisedBox(network.architecture, centre, radius)
  // of every vertex, what the image and the stages so far make
  let vertices = corners(box.centre, box.radius).map((x) => [x])
  stages.forEach((stage, i) => {
    const { lower, upper } = bounds[i]
    const halfGap = lower.map((l, o) => (isUnstable(l, upper[o]) ? (-slope(l, upper[o]) * l) / 2 : 0))
    vertices = vertices.flatMap((values) => {
      const z = affineValue(stage, values)
      const made = stage.relu
        ? corners(
            z.map((v, o) => slope(lower[o], upper[o]) * v + halfGap[o]),
            halfGap,
          )
        : [z]
      return made.map((value) => [...values, value])
    })
  })
  return vertices.map((values) => values.at(-1)!)
}

/** All corners of a box; a side of radius 0 counts once. */
function corners(centre: Float64Array, radius: Float64Array): Float64Array[] {
  let all = [centre]
  radius.forEach((r, j) => {
    if (r > 0) all = all.flatMap((x) => [x.with(j, centre[j] - r), x.with(j, centre[j] + r)])
  })
  return all
}
