/** ℓ2 and ℓ1 balls through interval and dual bounds; what other tests do for ℓ∞. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { type Layer, sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { extremePoint, innerPoint, pointTowards } from '../region/ball-points.testing.ts'
import type { Tensor } from '../device/tape.ts'
import { loadChunk } from './chunk.ts'
import { proveNetwork, relaxNetwork } from './dual.ts'
import { intervalMargins, propagateIntervals } from './interval.ts'
import { dualMargins, provedMargins } from './margins.ts'
import { type Norm, describeNorm, dualNorm, largestEpsilon, norms, requireNorm } from '../region/norm.ts'
import { referenceDualBounds, referenceIntervalBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import type { Bounds } from '../reference/interval-step.ts'
import { marginSpecification, referenceMargins, referencePrunedMargins } from '../reference/margins.ts'
import { referenceForward, referenceStages } from '../reference/stages.ts'
import { paperBall } from '../region/ball.ts'
import { type InputBall, inputBall } from '../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Case {
  readonly network: Network
  readonly images: Float32Array[]
  readonly labels: number[]
  readonly epsilon: number
  readonly norm: Norm
}

const caseArbitrary = (residual: boolean): fc.Arbitrary<Case> =>
  fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 0.05, 0.3, 1.5), fc.constantFrom('l2', 'l1'))
    .map(([seed, count, epsilon, norm]) => {
      const random = new Random(seed, 'balls')
      const network = randomNetwork(random, { maxWidth: 60, residual: residual && random.integer(2) === 0 })
      const inputs = sizeOf(network.architecture.input)
      const classes = countClasses(network.architecture)
      return {
        network,
        images: Array.from({ length: count }, () => Float32Array.from({ length: inputs }, () => random.uniform())),
        labels: Array.from({ length: count }, () => random.integer(classes)),
        epsilon: Math.fround(epsilon),
        norm: norm as Norm,
      }
    })

const cases = (name: string, check: (example: Case) => void, runs = 80, residual = true) =>
  it(name, () => fc.assert(fc.property(caseArbitrary(residual), check), { numRuns: runs, seed: 11 }))

/** One network and chunk in the engine's memory, for as long as `use` runs. */
function inEngine<T>(example: Case, trained: boolean, use: (loaded: LoadedNetwork, chunk: Chunk) => T): T {
  const mark = engine.mark()
  const loaded = new LoadedNetwork(engine, example.network.architecture, trained)
  loaded.setParameters(example.network.parameters)
  const result = use(loaded, loadChunk(loaded, example, { ...paperBall(example.epsilon), norm: example.norm }))
  engine.release(mark)
  return result
}
type Chunk = ReturnType<typeof loadChunk>
type Kind = 'interval' | 'paper' | 'pruned'
const kinds = ['interval', 'paper', 'pruned'] as const

/** Bounds of every hidden stage and the margins, per example. */
const engineBounds = (example: Case, kind: Kind, rigorous: boolean) =>
  inEngine(example, false, (loaded, chunk) => {
    const { labels } = example
    const column = (tensor: Tensor, e: number) =>
      Float64Array.from(tensor.read().filter((_, i) => i % chunk.columns === e))
    const results = (
      intervals: ReturnType<typeof propagateIntervals>['hidden'],
      margins: (e: number) => Float32Array,
    ) =>
      labels.map((_, e) => ({
        hidden: intervals.map(({ lower, upper }): Bounds => ({
          lower: column(lower, e),
          upper: column(upper, e),
        })),
        margins: margins(e),
      }))
    if (kind === 'interval') {
      const { hidden, last } = propagateIntervals(loaded, undefined, chunk, rigorous)
      const of = (e: number) =>
        intervalMargins(loaded, undefined, last, { columns: chunk.columns, example: e, label: labels[e], rigorous })
      return results(hidden, (e) => of(e).read())
    }
    if (rigorous) {
      const proved = proveNetwork(loaded, chunk, kind === 'pruned')
      return results(proved.intervals, (e) => provedMargins(proved, e))
    }
    const relaxed = relaxNetwork(loaded, undefined, chunk, { prune: kind === 'pruned' })
    return results(relaxed.intervals, (e) => dualMargins(relaxed, undefined, e).read())
  })

const references = { interval: referenceIntervalBounds, paper: referenceDualBounds, pruned: referencePrunedDualBounds }

describe('bounds over ℓ2 and ℓ1 balls', () => {
  for (const kind of kinds) {
    cases(`equal the float64 reference, ${kind}`, (example) => {
      const { network, images, labels, epsilon, norm } = example
      engineBounds(example, kind, false).forEach(({ hidden, margins }, e) => {
        const ball = inputBall(images[e], { epsilon, norm })
        const expected = references[kind](network, ball)
        hidden.forEach((bounds, s) => {
          const tolerance = 1e-4 * Math.max(1, ...expected[s].lower.map(Math.abs), ...expected[s].upper.map(Math.abs))
          bounds.lower.forEach((l, j) => expect(Math.abs(l - expected[s].lower[j])).toBeLessThan(tolerance))
          bounds.upper.forEach((u, j) => expect(Math.abs(u - expected[s].upper[j])).toBeLessThan(tolerance))
        })
        if (kind === 'interval') return
        const ofMargins = kind === 'paper' ? referenceMargins : referencePrunedMargins
        const expectedMargins = ofMargins(network, labels[e], ball)
        const tolerance = 1e-4 * Math.max(1, ...expectedMargins.map(Math.abs))
        margins.forEach((m, t) => expect(Math.abs(m - expectedMargins[t])).toBeLessThan(tolerance))
      })
    })
  }

  cases('hold every sampled point, extreme ones too, at every neuron, and the float64 dual pass', (example) => {
    const { network, images, labels, epsilon, norm } = example
    const random = new Random(5, 'points')
    const stages = referenceStages(network)
    const outside: string[] = []
    for (const kind of kinds) {
      engineBounds(example, kind, true).forEach(({ hidden, margins }, e) => {
        const ball = inputBall(images[e], { epsilon, norm })
        const { centre } = ball
        const label = labels[e]
        const passes = Array.from(margins, (_, target) =>
          referenceDualPass(
            network,
            { coefficients: marginSpecification(stages, target, label), stage: stages.length - 1, bounds: hidden },
            ball,
          ),
        )
        const points = [
          ...Array.from({ length: 6 }, () => extremePoint(random, centre, epsilon, norm)),
          ...Array.from({ length: 3 }, () => innerPoint(random, centre, epsilon, norm)),
          ...passes.map(({ inputCoefficients }) => pointTowards(inputCoefficients, centre, epsilon, norm)),
        ]
        for (const point of points) {
          const values = referenceForward(network, point)
          hidden.forEach(({ lower, upper }, s) =>
            values[s].forEach((z, j) => {
              if (!(z >= lower[j] && z <= upper[j])) outside.push(`${kind} stage ${s} neuron ${j}: ${z}`)
            }),
          )
          const outputs = values.at(-1)!
          margins.forEach((m, t) => {
            if (!(m >= outputs[t] - outputs[label])) outside.push(`${kind} margin ${t}: ${m}`)
          })
        }
        if (kind !== 'paper') return
        margins.forEach((m, t) => {
          if (t !== label && !(m >= passes[t].upper)) outside.push(`margin ${t}: ${m} below ${passes[t].upper}`)
        })
      })
    }
    expect(outside).toEqual([])
  })

  cases('are exact where there is one affine layer: a point of the ball attains them', (example) => {
    const { images, labels, epsilon, norm } = example
    const { input } = example.network.architecture
    const layers: Layer[] = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: 3 }]
    const random = new Random(9, 'affine')
    const parameters = Float32Array.from({ length: 3 * (sizeOf(input) + 1) }, () => random.normal())
    const network = { architecture: { name: 'affine', input, layers }, parameters }
    const affine = { ...example, network, labels: labels.map(() => 0) }
    const rigorous = engineBounds(affine, 'paper', true)
    engineBounds(affine, 'paper', false).forEach(({ margins }, e) => {
      for (const target of [1, 2]) {
        const inputs = sizeOf(input)
        const row = (o: number) => parameters.subarray(o * inputs, (o + 1) * inputs)
        const best = pointTowards(
          row(target).map((w, j) => w - row(0)[j]),
          images[e],
          epsilon,
          norm,
        )
        const outputs = referenceForward(network, best).at(-1)!
        const most = outputs[target] - outputs[0]
        expect(Math.abs(margins[target] - most)).toBeLessThan(1e-5 * Math.max(1, Math.abs(most)))
        expect(rigorous[e].margins[target]).toBeGreaterThanOrEqual(most)
      }
    })
  })

  it('are tighter the smaller the ball: ℓ1 in ℓ2 in ℓ∞', () => {
    fc.assert(
      fc.property(caseArbitrary(true), (example) => {
        const [linf, l2, l1] = norms.map((norm) => engineBounds({ ...example, norm }, 'interval', false))
        for (const [larger, smaller] of [
          [linf!, l2!],
          [l2!, l1!],
        ] as const) {
          smaller.forEach(({ margins }, e) =>
            margins.forEach((m, t) => expect(m).toBeLessThanOrEqual(larger[e].margins[t] + 1e-4 * (1 + Math.abs(m)))),
          )
        }
      }),
      { numRuns: 40, seed: 3 },
    )
  })

  it('do not lose squares that float32 cannot hold', () => {
    const layers: Layer[] = [{ kind: 'linear', outFeatures: 2 }]
    const input = { channels: 2, height: 1, width: 1 }
    for (const scale of [1e-25, 1e30]) {
      const parameters = Float32Array.of(3 * scale, 4 * scale, 0, 0, 0, 0)
      const network = { architecture: { name: 'hand-made', input, layers }, parameters }
      const example = { network, images: [new Float32Array(2)], labels: [1], epsilon: 1, norm: 'l2' as const }
      const [bounds] = engineBounds(example, 'paper', false)
      expect(bounds!.margins[0] / scale).toBeCloseTo(5, 5)
    }
  })
})

describe('gradients over ℓ2 and ℓ1 balls', () => {
  for (const kind of kinds) {
    let checked = 0
    cases(
      `equal finite differences of the float64 reference, ${kind}`,
      (example) => {
        const { network, images, labels, epsilon, norm } = example
        const random = new Random(3, 'weights')
        const classes = countClasses(network.architecture)
        const weights = images.map(() => Array.from({ length: classes }, () => random.between(-1, 1)))
        const gradient = inEngine(example, true, (loaded, chunk) => {
          const tape = new Tape()
          const intervals = kind === 'interval' ? propagateIntervals(loaded, tape, chunk) : undefined
          const relaxed = intervals ?? relaxNetwork(loaded, tape, chunk, { prune: kind === 'pruned', memory: 1000 })
          images.forEach((_, e) => {
            const margins = intervals
              ? intervalMargins(loaded, tape, intervals.last, { columns: chunk.columns, example: e, label: labels[e] })
              : dualMargins(relaxed as ReturnType<typeof relaxNetwork>, tape, e)
            margins.gradient.view().set(weights[e])
          })
          tape.backward()
          const result = new Float32Array(loaded.parameterCount)
          loaded.readGradient(result)
          return result
        })
        const objective = (parameters: Float64Array) =>
          images.reduce((sum, image, e) => {
            const moved = { ...network, parameters: parameters as never }
            const ball = inputBall(image, { epsilon, norm })
            const margins = marginsOf(kind, moved, labels[e], ball)
            return sum + margins.reduce((s, m, t) => s + m * weights[e][t], 0)
          }, 0)
        checked += expectGradient(gradient, network.parameters, objective, random)
      },
      30,
      false,
    )
    it(`are compared often enough, ${kind}`, () => expect(checked).toBeGreaterThan(100))
  }
})

function marginsOf(kind: Kind, network: Network, label: number, ball: InputBall): Float64Array {
  if (kind === 'paper') return referenceMargins(network, label, ball)
  if (kind === 'pruned') return referencePrunedMargins(network, label, ball)
  // the last stage alone, over the box behind the stage before
  const stages = referenceStages(network)
  const { lower, upper } = referenceIntervalBounds(network, ball).at(-2)!
  const after = (z: number) => (stages.at(-2)!.relu ? Math.max(z, 0) : z)
  const { terms, bias } = stages.at(-1)!
  const dense = (o: number) => {
    const row = new Float64Array(terms[0].inputSize)
    const { inputs, weights } = terms[0].rows[o]
    inputs.forEach((k, i) => (row[k] = weights[i]))
    return row
  }
  const ofLabel = dense(label)
  return Float64Array.from(bias, (b, target) => {
    if (target === label) return 0
    return dense(target).reduce((sum, w, k) => {
      const difference = w - ofLabel[k]
      return sum + difference * after(difference > 0 ? upper[k] : lower[k])
    }, b - bias[label])
  })
}

/** Some entries of a gradient against central differences, except for kinks. @returns how many were compared */
function expectGradient(
  gradient: Float32Array,
  parameters: Float32Array,
  objective: (parameters: Float64Array) => number,
  random: Random,
): number {
  const here = objective(Float64Array.from(parameters))
  const scale = Math.max(1e-2, ...gradient.map(Math.abs))
  let compared = 0
  for (let n = 0; n < 8; n++) {
    const i = random.integer(parameters.length)
    const at = (step: number) => objective(Float64Array.from(parameters).with(i, parameters[i] + step))
    const [forwards, backwards] = [(at(1e-6) - here) / 1e-6, (here - at(-1e-6)) / 1e-6]
    if (Math.abs(forwards - backwards) > 1e-3 * scale) continue
    expect(Math.abs(gradient[i] - (forwards + backwards) / 2)).toBeLessThan(2e-3 * scale)
    compared++
  }
  return compared
}

describe('norms', () => {
  it('have dual norms, limits and names', () => {
    expect(norms.map((norm) => dualNorm(norm, [3, -4]))).toEqual([7, 5, 4])
    expect(norms.map((norm) => largestEpsilon(norm, 784))).toEqual([1, 28, 784])
    expect(norms.map(describeNorm)).toEqual(['ℓ∞', 'ℓ2', 'ℓ1'])
    expect(requireNorm('l2')).toBe('l2')
    expect(() => requireNorm('l3')).toThrow(/^unknown norm 'l3': did you mean 'l2'/)
  })
})
