import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { architectureNamed } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { Tape } from '../device/tape.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { sizeOf } from '../model/layers.ts'
import { type Network, countClasses } from '../model/network.ts'
import { networkArbitrary } from '../model/random-network.testing.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { expectGradient } from './differences.testing.ts'
import { proveNetwork, relaxNetwork } from './dual.ts'
import { dualMargins, provedMargins } from './margins.ts'
import { defaultMemory } from './settle.ts'
import { referenceDualBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { marginSpecification, referenceMargins, referencePrunedMargins } from '../reference/margins.ts'
import { referenceForward, referenceStages } from '../reference/stages.ts'
import { paperBall } from '../region/ball.ts'
import { inputBall } from '../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Case {
  readonly network: Network
  readonly images: Float32Array[]
  readonly labels: number[]
  readonly epsilon: number
}

const caseOf = (network: Network, seed: number, count: number, epsilon: number): Case => {
  const random = new Random(seed, 'case')
  const inputs = sizeOf(network.architecture.input)
  const classes = countClasses(network.architecture)
  return {
    network,
    images: Array.from({ length: count }, () => Float32Array.from({ length: inputs }, () => random.uniform())),
    labels: Array.from({ length: count }, () => random.integer(classes)),
    epsilon: Math.fround(epsilon),
  }
}

/** Bounds of every hidden stage and the margins, per example, by the engine. */
function engineBounds(
  { network, images, labels, epsilon }: Case,
  { prune, rigorous, memory = defaultMemory }: { prune: boolean; rigorous: boolean; memory?: number },
) {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  const chunk = loadChunk(loaded, { images, labels }, paperBall(epsilon))
  const proved = rigorous ? proveNetwork(loaded, chunk, prune) : undefined
  const relaxed = proved ?? relaxNetwork(loaded, undefined, chunk, { prune, memory })
  const column = (tensor: Tensor, e: number) => tensor.read().filter((_, i) => i % chunk.columns === e)
  const result = images.map((_, e) => ({
    hidden: relaxed.intervals.map(({ lower, upper }) => ({
      lower: column(lower, e),
      upper: column(upper, e),
    })),
    margins: proved ? provedMargins(proved, e) : dualMargins(relaxed, undefined, e).read(),
  }))
  engine.release(mark)
  return result
}

const scaleOf = (bounds: Bounds) => Math.max(1, ...bounds.lower.map(Math.abs), ...bounds.upper.map(Math.abs))

const cases = (name: string, check: (example: Case) => void, runs = 150) =>
  it(name, () => {
    fc.assert(
      fc.property(
        fc.boolean().chain((everyKind) => networkArbitrary({ everyKind })),
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0, 0.01, 0.1, 0.5),
        (network, seed, count, epsilon) => check(caseOf(network, seed, count, epsilon)),
      ),
      { numRuns: runs, seed: 7 },
    )
  })

describe('dual bounds against the float64 reference', () => {
  cases('equal the paper’s bound with pruning off', (example) => {
    engineBounds(example, { prune: false, rigorous: false }).forEach(({ hidden, margins }, e) => {
      const ball = inputBall(example.images[e], paperBall(example.epsilon))
      const expected = referenceDualBounds(example.network, ball)
      hidden.forEach((bounds, s) => {
        const tolerance = 1e-4 * scaleOf(expected[s])
        bounds.lower.forEach((l, j) => expect(Math.abs(l - expected[s].lower[j])).toBeLessThan(tolerance))
        bounds.upper.forEach((u, j) => expect(Math.abs(u - expected[s].upper[j])).toBeLessThan(tolerance))
      })
      const expectedMargins = referenceMargins(example.network, example.labels[e], ball)
      const tolerance = 1e-4 * Math.max(1, ...expectedMargins.map(Math.abs))
      margins.forEach((m, t) => expect(Math.abs(m - expectedMargins[t])).toBeLessThan(tolerance))
    })
  })

  cases('equal the pruned reference', (example) => {
    engineBounds(example, { prune: true, rigorous: false }).forEach(({ hidden, margins }, e) => {
      const ball = inputBall(example.images[e], paperBall(example.epsilon))
      const expected = referencePrunedDualBounds(example.network, ball)
      hidden.forEach((bounds, s) => {
        const tolerance = 1e-4 * scaleOf(expected[s])
        bounds.lower.forEach((l, j) => expect(Math.abs(l - expected[s].lower[j])).toBeLessThan(tolerance))
        bounds.upper.forEach((u, j) => expect(Math.abs(u - expected[s].upper[j])).toBeLessThan(tolerance))
      })
      const pruned = referencePrunedMargins(example.network, example.labels[e], ball)
      const tolerance = 1e-4 * Math.max(1, ...pruned.map(Math.abs))
      margins.forEach((m, t) => expect(Math.abs(m - pruned[t])).toBeLessThan(tolerance))
    })
  })

  cases('do not depend on how many rows go in one pass', (example) => {
    const whole = engineBounds(example, { prune: true, rigorous: false })
    expect(engineBounds(example, { prune: true, rigorous: false, memory: 1 })).toEqual(whole)
    expect(engineBounds(example, { prune: true, rigorous: false, memory: 3000 })).toEqual(whole)
  })

  cases('with rounding allowed for, hold the float64 dual pass over the same hidden bounds', (example) => {
    const { network, images, labels, epsilon } = example
    for (const prune of [false, true]) {
      engineBounds(example, { prune, rigorous: true }).forEach(({ hidden, margins }, e) => {
        const ball = inputBall(images[e], paperBall(epsilon))
        const stages = referenceStages(network)
        const bounds = hidden.map(({ lower, upper }) => ({
          lower: Float64Array.from(lower),
          upper: Float64Array.from(upper),
        }))
        const interval = referencePrunedMargins(network, labels[e], ball)
        margins.forEach((m, target) => {
          if (target === labels[e]) return
          const coefficients = marginSpecification(stages, target, labels[e])
          const { upper } = referenceDualPass(network, { coefficients, stage: stages.length - 1, bounds }, ball)
          expect(m).toBeGreaterThanOrEqual(Math.min(upper, prune ? interval[target] : upper))
        })
      })
    }
  })

  cases('hold every sampled point, at every neuron', (example) => {
    const { network, images, labels, epsilon } = example
    const random = new Random(5, 'points')
    const all = [false, true].flatMap((prune) => [engineBounds(example, { prune, rigorous: true })])
    const outside: string[] = []
    images.forEach((image, e) => {
      for (let n = 0; n < 20; n++) {
        // corners as often as inner points
        const point = Float64Array.from(
          image,
          (v) => v + epsilon * (n % 2 ? Math.sign(random.between(-1, 1)) : random.between(-1, 1)),
        )
        const values = referenceForward(network, point)
        const outputs = values.at(-1)!
        for (const bounds of all) {
          bounds[e].hidden.forEach(({ lower, upper }, s) =>
            values[s].forEach((z, j) => {
              if (!(z >= lower[j] && z <= upper[j])) outside.push(`stage ${s} neuron ${j}: ${z}`)
            }),
          )
          bounds[e].margins.forEach((m, t) => {
            if (!(m >= outputs[t] - outputs[labels[e]])) outside.push(`margin ${t}: ${m}`)
          })
        }
      }
    })
    expect(outside).toEqual([])
  })
})

describe('gradients', () => {
  for (const prune of [false, true]) {
    cases(
      `equal finite differences of the float64 reference, ${prune ? 'pruned' : 'plain'}`,
      ({ network, images, labels, epsilon }) => {
        const random = new Random(3, 'weights')
        const weights = images.map(() =>
          Array.from({ length: countClasses(network.architecture) }, () => random.between(-1, 1)),
        )
        const mark = engine.mark()
        const loaded = new LoadedNetwork(engine, network.architecture, true)
        loaded.setParameters(network.parameters)
        const tape = new Tape()
        const relaxed = relaxNetwork(loaded, tape, loadChunk(loaded, { images, labels }, paperBall(epsilon)), {
          prune,
          // a few rows at a time
          memory: 1000,
        })
        images.forEach((_, e) => {
          const margins = dualMargins(relaxed, tape, e)
          margins.gradient.view().set(weights[e])
        })
        tape.backward()
        const gradient = new Float32Array(loaded.parameterCount)
        loaded.readGradient(gradient)
        engine.release(mark)

        const reference = prune ? referencePrunedMargins : referenceMargins
        const objective = (parameters: Float64Array) =>
          images.reduce((sum, image, e) => {
            const ball = inputBall(image, paperBall(epsilon))
            const margins = reference({ ...network, parameters: parameters as never }, labels[e], ball)
            return sum + margins.reduce((s, m, t) => s + m * weights[e][t], 0)
          }, 0)
        expectGradient({ gradient, parameters: network.parameters, objective }, random)
      },
      40,
    )
  }
})

describe('mnist-small', () => {
  it('equals the reference on one image, pruned and not', () => {
    const network = initialise(architectureNamed('mnist-small'), 1)
    const example = caseOf(network, 3, 1, 0.02)
    const ball = inputBall(example.images[0], paperBall(example.epsilon))
    const [plain] = engineBounds(example, { prune: false, rigorous: false })
    const [pruned] = engineBounds(example, { prune: true, rigorous: true })
    const expected = referenceMargins(network, example.labels[0], ball)
    plain!.margins.forEach((m, t) => expect(m).toBeCloseTo(expected[t], 4))
    pruned!.margins.forEach((m, t) => expect(m).toBeLessThan(expected[t] + 1e-2))
    const outputs = referenceForward(network, ball.centre).at(-1)!
    pruned!.margins.forEach((m, t) => expect(m).toBeGreaterThanOrEqual(outputs[t] - outputs[example.labels[0]]))
  })
})
