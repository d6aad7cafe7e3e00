import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { type Estimates, relaxNetwork } from './dual.ts'
import { dualMargins, type provedMargins } from './margins.ts'
import type { Norm } from '../region/norm.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import { normalised, type CentredBox, inputBall } from '../reference/input-ball.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { type Stage, referenceStages } from '../reference/stages.ts'
import { paperBall } from '../region/ball.ts'
import { unit } from '../reference/vectors.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Case {
  readonly network: Network
  readonly image: Float32Array
  readonly label: number
  readonly epsilon: number
  readonly norm: Norm
}

function caseOf(seed: number, norm: Norm, residual = false): Case {
  const random = new Random(seed, 'projections')
  const network = randomNetwork(random, { hiddenLayers: 2 + random.integer(2), maxWidth: 40, residual })
  const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
  const label = random.integer(countClasses(network.architecture))
  return { network, image, label, epsilon: Math.fround(random.between(0.02, 0.3)), norm }
}

const estimates = (seed: number, dimension: number, ifCheaper = false): Estimates => ({
  dimension,
  random: (example) => new Random(seed, example),
  ifCheaper,
})

/** Hidden bounds and margins by the engine. */
function estimated({ network, image, label, epsilon, norm }: Case, how: Estimates | undefined) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  const chunk = loadChunk(loaded, { images: [image], labels: [label] }, { ...paperBall(epsilon), norm })
  const relaxed = relaxNetwork(loaded, undefined, chunk, {}, how)
  const first = (tensor: Tensor) => Float64Array.from(tensor.read().filter((_, i) => i % chunk.columns === 0))
  const hidden: Bounds[] = relaxed.intervals.map(({ lower, upper }) => ({ lower: first(lower), upper: first(upper) }))
  const margins = dualMargins(relaxed, undefined, 0).read()
  engine.release(mark)
  return { hidden, margins, rows: relaxed.rowCount, projected: relaxed.projectedCount }
}

/**
 * The same estimates in float64, written for reading: every stage as a matrix of columns. Draws the same random
 * numbers in the same order. Only for ℓ∞ and plain sequences of layers.
 */
function referenceEstimates({ network, image, epsilon }: Case, seed: number, dimension: number): Bounds[] {
  const random = new Random(seed, 0)
  const box = normalised(network.architecture, inputBall(image, paperBall(epsilon)))
  const stages = referenceStages(network)
  const widths = Array.from({ length: 1 + dimension }, (_, c) => c)
  const apply = ({ terms }: Stage, columns: readonly Float64Array[], absolute = false) =>
    columns.map((x) =>
      Float64Array.from(terms[0].rows, ({ inputs, weights }) =>
        weights.reduce((sum, w, k) => sum + (absolute ? Math.abs(w) : w) * x[inputs[k]], 0),
      ),
    )
  let columns: Float64Array[] = []
  let ball: CentredBox = box
  const bounds: Bounds[] = []
  stages.slice(0, -1).forEach((stage, i) => {
    const [middle] = apply(stage, [ball.centre]).map((x) => x.map((z, o) => z + stage.bias[o]))
    const [spread] = apply(stage, [ball.radius], true)
    const lower = middle!.map((z, o) => z - spread![o])
    const upper = middle!.map((z, o) => z + spread![o])
    if (i === 1) {
      // the image's numbers are drawn when columns are first needed
      columns = widths.map(() => new Float64Array(box.centre.length))
      box.centre.forEach((x, j) => {
        columns[0][j] = x
        for (let c = 1; c <= dimension; c++) columns[c][j] = box.radius[j] * random.cauchy()
      })
      const [first] = stages
      columns = apply(first!, columns)
      columns[0].forEach((_, o) => (columns[0][o] += first!.bias[o]))
      meetRelu(first!, columns, bounds[0], dimension, random)
    } else if (i > 1) meetRelu(stages[i - 1], columns, bounds[i - 1], dimension, random)
    if (i > 0) {
      columns = apply(stage, columns)
      columns[0].forEach((_, o) => (columns[0][o] += stage.bias[o]))
      lower.forEach((l, o) => {
        if (!(l < 0 && upper[o] > 0)) return
        const sizes = columns.slice(1).map((column) => Math.abs(column[o]))
        sizes.sort((a, b) => a - b)
        const median = (sizes[(dimension - 1) >> 1] + sizes[dimension >> 1]) / 2
        const [low, high] = [Math.max(l, columns[0][o] - median), Math.min(upper[o], columns[0][o] + median)]
        if (low <= high) [lower[o], upper[o]] = [low, high]
      })
    }
    bounds.push({ lower, upper })
    const after = (z: number) => (stage.relu ? Math.max(z, 0) : z)
    ball = {
      centre: lower.map((l, o) => (after(l) + after(upper[o])) / 2),
      radius: lower.map((l, o) => (after(upper[o]) - after(l)) / 2),
    }
  })
  return bounds
}

function meetRelu({ relu }: Stage, columns: Float64Array[], { lower, upper }: Bounds, k: number, random: Random): void {
  if (!relu) return
  lower.forEach((l, j) => {
    const u = upper[j]
    if (l >= 0) return
    if (u <= 0) return columns.forEach((column) => (column[j] = 0))
    const slope = u / (u - l)
    const half = (-slope * l) / 2
    columns[0][j] = slope * columns[0][j] + half
    for (let c = 1; c <= k; c++) columns[c][j] = slope * columns[c][j] + half * random.cauchy()
  })
}

/** Σ|coefficients| of one neuron, exactly: half the width of its dual bounds. */
function exactSpread({ network, image, epsilon }: Case, bounds: readonly Bounds[], stage: number, neuron: number) {
  const size = referenceStages(network)[stage].bias.length
  const specification = { coefficients: unit(size, neuron), stage, bounds }
  const { lower, upper } = referenceDualPass(network, specification, inputBall(image, paperBall(epsilon)))
  return { centre: (lower + upper) / 2, spread: (upper - lower) / 2 }
}

describe('random projections', () => {
  it('equal the float64 reference with the same random numbers', () => {
    let projected = 0
    const different: number[] = []
    for (let seed = 0; seed < 200; seed++) {
      const example = caseOf(seed, 'linf')
      const dimension = 4 + (seed % 9)
      const { hidden, projected: count } = estimated(example, estimates(seed, dimension))
      const expected = referenceEstimates(example, seed, dimension)
      projected += count
      const isEqual = hidden.every(({ lower, upper }, i) => {
        const { lower: low, upper: high } = expected[i]
        const scale = Math.max(1, ...high.map(Math.abs), ...low.map(Math.abs))
        const near = (a: Float64Array, b: Float64Array) => a.every((v, j) => Math.abs(v - b[j]) < 1e-3 * scale)
        return near(lower, low) && near(upper, high)
      })
      if (!isEqual) different.push(seed)
    }
    expect(projected).toBeGreaterThan(250)
    // a neuron within rounding of zero draws numbers in one and not in the other, and all later ones differ
    expect(different.length).toBeLessThan(4)
  })

  for (const norm of ['linf', 'l2'] as const) {
    it(`have the exact term as their median, and the spread that theory says, over ${norm} balls`, () => {
      // of 50 columns: the median of |Cauchy| has the deviation π/(2√50) = 0.22, the root mean square 1/√100 = 0.1
      const ratios: number[] = []
      for (let seed = 0; seed < 12; seed++) {
        const example = caseOf(seed, norm, seed % 2 === 1)
        const exact = estimated(example, undefined)
        const second = exact.hidden[1]
        for (let draw = 0; draw < 60; draw++) {
          const { hidden } = estimated(example, estimates(1000 * seed + draw, 50))
          // both ends moved in from the interval: the width is the estimate's, and in exact bounds the exact one
          hidden[1].lower.forEach((l, j) => {
            const [u, exactLower, exactUpper] = [hidden[1].upper[j], second.lower[j], second.upper[j]]
            if (!(l < 0 && u > 0 && exactLower < 0 && exactUpper > 0)) return
            ratios.push((u - l) / (exactUpper - exactLower))
          })
        }
      }
      ratios.sort((a, b) => a - b)
      const quantile = (share: number) => ratios[Math.floor(share * ratios.length)]
      expect(ratios.length).toBeGreaterThan(800)
      expect(quantile(0.5)).toBeGreaterThan(0.93)
      expect(quantile(0.5)).toBeLessThan(1.05)
      expect(quantile(0.1)).toBeGreaterThan(0.65)
      expect(quantile(0.9)).toBeLessThan(1.4)
      expect(quantile(0.9) - quantile(0.1)).toBeGreaterThan(0.1)
    })
  }

  it('come closer to the exact term the more columns there are', () => {
    const errorOf = (dimension: number) => {
      let [error, count] = [0, 0]
      for (let seed = 0; seed < 20; seed++) {
        const example = caseOf(seed, 'linf')
        const { hidden } = estimated(example, estimates(seed, dimension))
        hidden[1].lower.forEach((l, j) => {
          const { centre, spread } = exactSpread(example, hidden, 1, j)
          const moved = centre - l
          if (!(l < 0 && hidden[1].upper[j] > 0) || Math.abs(hidden[1].upper[j] - (2 * centre - l)) > 1e-4) return
          error += Math.abs(moved / spread - 1)
          count++
        })
      }
      return error / count
    }
    const [few, many] = [errorOf(10), errorOf(1000)]
    expect(many).toBeLessThan(0.07)
    expect(few).toBeGreaterThan(3 * many)
  })

  it('carry gradients that equal finite differences with the random numbers held', () => {
    let checked = 0
    for (let seed = 0; seed < 25; seed++) {
      const example = caseOf(seed, 'linf')
      const { network, image, label, epsilon } = example
      const random = new Random(seed, 'weights')
      const mark = engine.mark()
      const loaded = new LoadedNetwork(engine, network.architecture, true)
      loaded.setParameters(network.parameters)
      const tape = new Tape()
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, paperBall(epsilon))
      const relaxed = relaxNetwork(loaded, tape, chunk, {}, estimates(seed, 7))
      const last = relaxed.intervals.at(-1)!
      const size = last.lower.length / chunk.columns
      const [toLower, toUpper] = [0, 1].map(() => Float64Array.from({ length: size }, () => random.between(-1, 1)))
      toLower!.forEach((value, j) => (last.lower.gradient.view()[j * chunk.columns] = value))
      toUpper!.forEach((value, j) => (last.upper.gradient.view()[j * chunk.columns] = value))
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)

      const objective = (i: number, step: number) => {
        const parameters = Float64Array.from(network.parameters)
        parameters[i] += step
        const moved = { ...example, network: { ...network, parameters: parameters as never } }
        const { lower, upper } = referenceEstimates(moved, seed, 7).at(-1)!
        return lower.reduce((sum, l, j) => sum + toLower![j] * l + toUpper![j] * upper[j], 0)
      }
      const scale = Math.max(1e-2, ...gradient.map(Math.abs))
      for (let n = 0; n < 12; n++) {
        const i = random.integer(network.parameters.length)
        const [here, step] = [objective(i, 0), 1e-6]
        const [ahead, back] = [(objective(i, step) - here) / step, (here - objective(i, -step)) / step]
        if (Math.abs(ahead - back) > 1e-3 * scale) continue
        expect(Math.abs(gradient[i] - (ahead + back) / 2)).toBeLessThan(3e-3 * scale)
        checked++
      }
    }
    expect(checked).toBeGreaterThan(150)
  })

  it('carry gradients over ℓ2 balls and residual sums that equal differences of the estimates', () => {
    // float32 against float32: coarse steps, and a coarse bound
    let checked = 0
    for (let seed = 0; seed < 30; seed++) {
      const example = caseOf(seed, 'l2', true)
      const { network, image, label, epsilon, norm } = example
      const lossOf = (parameters: Float32Array) =>
        estimated({ ...example, network: { ...network, parameters } }, estimates(seed, 6)).margins.reduce(
          (a, b) => a + b,
        )
      const mark = engine.mark()
      const loaded = new LoadedNetwork(engine, network.architecture, true)
      loaded.setParameters(network.parameters)
      const tape = new Tape()
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, { ...paperBall(epsilon), norm })
      const margins = dualMargins(relaxNetwork(loaded, tape, chunk, {}, estimates(seed, 6)), tape, 0)
      margins.gradient.view().fill(1)
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)

      // along the gradient, where differences are largest
      const length = Math.hypot(...gradient)
      if (length === 0) continue
      const along = (step: number) =>
        lossOf(network.parameters.map((value, i) => value + (step * gradient[i]) / length))
      const step = 1e-3
      const [ahead, back] = [(along(step) - along(0)) / step, (along(0) - along(-step)) / step]
      if (Math.abs(ahead - back) > 0.02 * length) continue
      expect(Math.abs((ahead + back) / 2 / length - 1)).toBeLessThan(0.02)
      checked++
    }
    expect(checked).toBeGreaterThan(8)
  })

  it('are taken only where they multiply less, if so asked', () => {
    let projected = 0
    for (let seed = 0; seed < 40; seed++) {
      const example = caseOf(seed, 'linf')
      // so small a network has fewer rows than a thousand columns, and sometimes more than two
      expect(estimated(example, estimates(1, 1000, true))).toEqual(estimated(example, undefined))
      projected += estimated(example, estimates(1, 2, true)).projected
    }
    expect(projected).toBeGreaterThan(0)
  })

  it('refuse ℓ1 balls', () => {
    expect(() => estimated(caseOf(1, 'l1'), estimates(1, 10))).toThrow(/ℓ1/)
  })

  it('can be no proof, as a matter of types', () => {
    const relaxed = undefined as unknown as ReturnType<typeof relaxNetwork>
    // @ts-expect-error: bounds for training, exact or estimated, are not `Proved`
    const refused: Parameters<typeof provedMargins>[0] = relaxed
    // @ts-expect-error: nor is anything that looks like it
    const forged: Parameters<typeof provedMargins>[0] = { ...relaxed, proof: { magnitude: undefined!, trusted: true } }
    expect([refused, forged]).toBeDefined()
  })
})
