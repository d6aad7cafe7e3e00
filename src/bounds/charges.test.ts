/** What rounding is charged with, against a count of the products and sums that make each number. */
import { beforeAll, expect, test } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import type { Geometry } from '../device/device.ts'
import { Random } from '../base/random.ts'
import { LoadedNetwork, type Stage } from '../device/loaded-network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import type { Layer } from '../model/layers.ts'
import { architectureNamed } from '../model/architectures.ts'
import { magnitudeOf } from './interval-step.ts'
import { applyAbsoluteWeight, referenceStages } from '../reference/stages.ts'
import { relaxationOf } from './relaxation.ts'
import { dualRounding, intervalRounding, startRounding } from './rounding.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** Every product is charged twice, and this is what is left for slopes, differences and sums of a few parts. */
const FEW = 20
const charged = (count: number) => (2 * count + FEW) * 2 ** -24

/** The most outputs that one input of a layer meets. */
function mostReaders({ input, output, options: { kernel, stride, padding, groups } }: Geometry): number {
  const along = (inputs: number, outputs: number) => {
    const counts = new Array<number>(inputs).fill(0)
    for (let o = 0; o < outputs; o++) {
      for (let k = 0; k < kernel; k++) {
        const i = o * stride - padding + k
        if (i >= 0 && i < inputs) counts[i]++
      }
    }
    return Math.max(...counts)
  }
  return (output.channels / groups) * along(input.height, output.height) * along(input.width, output.width)
}

/** The most products that make a coefficient of a source, from all of some stages. */
const arrivals = (stages: readonly Stage[], source: number) =>
  stages
    .flatMap(({ terms }) => terms)
    .reduce((sum, term) => sum + (term.source === source ? mostReaders(term.geometry) : 0), 0)

const lines = (stages: readonly Stage[]) => stages.reduce((sum, { outputShape }) => sum + outputShape.height, 0)

/** Sums over an image go in runs of 32. */
const imageSums = ({ terms }: Stage) =>
  Math.max(
    ...terms.map(({ source, geometry: { input } }) =>
      source < 0 ? 32 + (input.channels * input.height * input.width) / 32 : 0,
    ),
  )

test('every product and every sum is charged, and hardly more', () => {
  const random = new Random(1, 'charges')
  const networks = Array.from({ length: 60 }, (_, i) =>
    randomNetwork(random, { hiddenLayers: 1 + (i % 4), everyKind: i % 2 === 0, maxWidth: 30 }),
  )
  const architectures = [
    ...networks.map(({ architecture }) => architecture),
    architectureNamed('mnist-small'),
    architectureNamed('cifar10-resnet'),
  ]
  for (const architecture of architectures) {
    const mark = engine.mark()
    const { stages } = new LoadedNetwork(engine, architecture, false)
    stages.forEach((stage, i) => {
      const { terms, outputShape } = stage
      const below = stages.slice(0, i)
      const forwards = terms.reduce(
        (sum, { geometry: { input, options } }) => sum + (input.channels / options.groups) * options.kernel ** 2,
        0,
      )
      const least = [forwards]
      const charges = [intervalRounding(terms)]
      // its coefficients go on to what it reads; with them its own biases and gaps are summed, line by line
      const sums = outputShape.channels * outputShape.width + outputShape.height + lines(below) + imageSums(stage)
      least.push(Math.max(...terms.map(({ source }) => arrivals(stages, source))) + sums)
      charges.push(dualRounding(stages, i))
      least.push(Math.max(...terms.map(({ source }) => arrivals(below, source))) + lines(below) + imageSums(stage))
      charges.push(startRounding(stages, i))
      charges.forEach((charge, kind) => {
        expect(charge, `${architecture.name} ${i} ${kind}`).toBeGreaterThanOrEqual(charged(least[kind]))
        expect(charge, `${architecture.name} ${i} ${kind}`).toBeLessThanOrEqual(4 * charged(least[kind] + 32))
      })
    })
    engine.release(mark)
  }
})

test('a magnitude is all that a sum can be: |W|·(|centre| + radius) + |b|', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, 'magnitude')
    const network = randomNetwork(random)
    const mark = engine.mark()
    const loaded = new LoadedNetwork(engine, network.architecture, false)
    loaded.setParameters(network.parameters)
    const [stage] = loaded.stages
    const [reference] = referenceStages(network)
    const inputs = reference!.terms[0].inputSize
    const [centre, radius] = [random.between(-1, 1), random.uniform()]
    const filled = (value: number) => engine.tensorFrom(new Float32Array(inputs * 4).fill(value))
    const magnitude = magnitudeOf(engine, stage!, [{ centre: filled(centre), radius: filled(radius) }], 4)
    const largest = new Float64Array(inputs).fill(Math.abs(Math.fround(centre)) + Math.fround(radius))
    const expected = applyAbsoluteWeight(reference!.terms[0], largest)
    const found = magnitude.read()
    expected.forEach((value, o) => {
      const whole = value + Math.abs(reference!.bias[o])
      expect(Math.abs(found[o * 4] - whole)).toBeLessThanOrEqual(1e-5 * whole)
    })
    engine.release(mark)
  }
})

test('the share of a magnitude that underflows is charged', () => {
  const { architecture } = randomNetwork(new Random(1, 'share'))
  const [stage] = new LoadedNetwork(engine, architecture, false).stages
  const { channels, height, width } = stage!.outputShape
  const neurons = channels * height * width
  const filled = (value: number) => engine.tensorFrom(new Float32Array(neurons * 4).fill(value))
  const interval = { lower: filled(-1), upper: filled(1) }
  const [tiny, factor] = [Math.fround(1e-40), 1e-6]
  const charge = { magnitude: filled(tiny), factor }
  const bounds = { interval, columns: 4, example: 0, rounding: charge }
  const { rounding } = relaxationOf(engine, undefined, stage!, bounds)
  for (const share of rounding!.read()) expect(share).toBeGreaterThanOrEqual(tiny * factor)
})

test('weights of a pool that are no 32-bit floats are charged as one rounding more, wherever they are met', () => {
  const roundings = (kernel: number) => {
    const layers: Layer[] = [
      { kind: 'averagePool', kernel, stride: kernel, padding: 0 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 2 },
    ]
    const input = { channels: 1, height: 6, width: 6 }
    const { stages } = new LoadedNetwork(engine, { name: 'pool', input, layers }, false)
    const terms = stages[0].terms.map((term) => ({ ...term, isRounded: !term.isRounded }))
    const others = [{ ...stages[0], terms }, stages[1]]
    return [
      intervalRounding(terms) - intervalRounding(stages[0].terms),
      dualRounding(others, 0) - dualRounding(stages, 0),
      startRounding(others, 0) - startRounding(stages, 0),
    ].map((difference) => difference * 2 ** 24)
  }
  // 1/4 is a 32-bit float, 1/9 is none
  for (const more of roundings(2)) expect(more).toBeCloseTo(2.04, 2)
  for (const less of roundings(3)) expect(less).toBeCloseTo(-2.04, 2)
})
