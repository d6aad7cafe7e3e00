/** Bounds estimated by random projections: in the engine, and in float64 with the same random numbers. */
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { type Estimates, relaxNetwork } from './dual.ts'
import { dualMargins } from './margins.ts'
import { drawnErrors } from './projections.ts'
import type { Norm } from '../region/norm.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import { normalised, type CentredBox, inputBall } from '../reference/input-ball.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { type Stage, referenceStages } from '../reference/stages.ts'
import { paperBall } from '../region/ball.ts'
import { unit } from '../reference/vectors.ts'

export const engine = await Engine.create()

export interface Case {
  readonly network: Network
  readonly image: Float32Array
  readonly label: number
  readonly epsilon: number
  readonly norm: Norm
}

export function caseOf(seed: number, norm: Norm, everyKind = false): Case {
  const random = new Random(seed, 'projections')
  const network = randomNetwork(random, { hiddenLayers: 2 + random.integer(2), maxWidth: 40, everyKind })
  const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
  const label = random.integer(countClasses(network.architecture))
  return { network, image, label, epsilon: Math.fround(random.between(0.02, 0.3)), norm }
}

export const estimates = (norm: Norm, seed: number, dimension: number, ifCheaper = false): Estimates => ({
  dimension,
  errors: (example) => drawnErrors(new Random(seed, example), norm),
  ifCheaper,
})

/** Hidden bounds and margins by the engine. */
export function estimated({ network, image, label, epsilon, norm }: Case, how: Estimates | undefined) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  const chunk = loadChunk(loaded, { images: [image], labels: [label] }, { ...paperBall(epsilon), norm })
  const relaxed = relaxNetwork(loaded, undefined, chunk, { estimates: how })
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
export function referenceEstimates({ network, image, epsilon }: Case, seed: number, dimension: number): Bounds[] {
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
export function exactSpread(
  { network, image, epsilon }: Case,
  bounds: readonly Bounds[],
  stage: number,
  neuron: number,
) {
  const size = referenceStages(network)[stage].bias.length
  const specification = { coefficients: unit(size, neuron), stage, bounds }
  const { lower, upper } = referenceDualPass(network, specification, inputBall(image, paperBall(epsilon)))
  return { centre: (lower + upper) / 2, spread: (upper - lower) / 2 }
}
