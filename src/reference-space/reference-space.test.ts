import { beforeAll, describe, expect, it } from 'vitest'
import { loadChunk } from '../bounds/chunk.ts'
import { relaxNetwork } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { type AdversarialSpace, referenceAdversarialSpace } from '../reference/adversarial-space.ts'
import { referenceDualBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { derivativeRange, tZero } from '../reference/derivative.ts'
import { objectiveShort } from '../reference/objective.ts'
import { medianTransition, signsAt, transitionPoints } from '../reference/transitions.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { robustraMargins } from './reference-space.ts'
import { paperBall } from '../region/ball.ts'
import { inputBall } from '../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Pair {
  readonly f: Network
  readonly g: Network
  readonly images: Float32Array[]
  readonly labels: number[]
  readonly epsilon: number
}

/** Two networks of one architecture, or of two that take the same images. */
function randomPair(seed: number): Pair {
  const random = new Random(seed, 'pair')
  const f = randomNetwork(random, { maxWidth: 40, normalise: random.integer(3) === 0, residual: seed % 4 === 3 })
  const { input, layers } = f.architecture
  const classes = countClasses(f.architecture)
  const normalise = layers.filter((layer) => layer.kind === 'normalise')
  const drawn = randomNetwork(random, { input, classes, maxWidth: 40, normalise: false })
  const g = { ...drawn, architecture: { ...drawn.architecture, layers: [...normalise, ...drawn.architecture.layers] } }
  const count = 1 + random.integer(5)
  return {
    f,
    g,
    images: Array.from({ length: count }, () => Float32Array.from({ length: sizeOf(input) }, () => random.uniform())),
    labels: Array.from({ length: count }, () => random.integer(classes)),
    epsilon: Math.fround([0.01, 0.1, 0.3][random.integer(3)]),
  }
}

function load(network: Network, trained: boolean): LoadedNetwork {
  const loaded = new LoadedNetwork(engine, network.architecture, trained)
  loaded.setParameters(network.parameters)
  return loaded
}

const targetsOf = ({ f }: Pair, label: number) =>
  Array.from({ length: countClasses(f.architecture) }, (_, target) => target).filter((target) => target !== label)

/** The engine's bounds over the reference space, per example. */
function engineSpaces(pair: Pair, prune: boolean) {
  const mark = engine.mark()
  const { images, labels, epsilon } = pair
  const [f, g] = [load(pair.f, false), load(pair.g, false)]
  const options = { prune }
  const chunk = loadChunk(f, { images, labels }, paperBall(epsilon))
  const relaxedF = relaxNetwork(f, undefined, chunk, options)
  const relaxedG = relaxNetwork(g, undefined, chunk, options)
  const results = images.map((_, e) => {
    const { margins, space, statistics } = robustraMargins(relaxedF, undefined, relaxedG, e)
    return {
      margins: margins.read(),
      ordinary: dualMargins({ ...relaxedF, options: { ...relaxedF.options, prune: false } }, undefined, e).read(),
      space,
      statistics,
    }
  })
  engine.release(mark)
  return results
}

const referenceSpaceOf = (
  pair: Pair,
  e: number,
  target: number,
  prune: boolean,
  f: Network = pair.f,
): AdversarialSpace =>
  referenceAdversarialSpace({
    f,
    g: pair.g,
    label: pair.labels[e],
    target,
    ball: inputBall(pair.images[e], paperBall(pair.epsilon)),
    boundsOf: prune ? referencePrunedDualBounds : referenceDualBounds,
  })

/** Whether float32 cannot take another transition point for the median, nor another sign. */
function isClear(space: AdversarialSpace): boolean {
  const { f, g } = space
  const scale = Math.max(...f.inputCoefficients.map(Math.abs)) * 1e-4
  const scaleG = Math.max(...g.inputCoefficients.map(Math.abs)) * 1e-4
  const unclear = f.inputCoefficients.some((v, j) => {
    const q = g.inputCoefficients[j]
    return (v !== 0 && Math.abs(v) < scale) || (q !== 0 && Math.abs(q) < scaleG)
  })
  const median = medianTransition(space)
  const near = transitionPoints(space).filter((t) => median > 0 && Math.abs(t - median) < 1e-3 * median)
  return !unclear && near.length <= 1
}

const scaleOf = ({ f, g, ball }: AdversarialSpace) => {
  const sizes = [f, g].map(
    ({ inputCoefficients, constant, upper, lower }) =>
      inputCoefficients.reduce((sum, v, j) => sum + Math.abs(v) * (Math.abs(ball.centre[j]) + ball.radius[j]), 0) +
      Math.abs(constant) +
      Math.abs(upper) +
      Math.abs(lower),
  )
  return Math.max(1, ...sizes)
}

describe('bounds over the reference space', () => {
  for (const prune of [false, true]) {
    it(`equal the float64 reference${prune ? ', from pruned bounds' : ''}`, () => {
      const wrong: string[] = []
      const seen = { clear: 0, unclear: 0, loose: 0, tight: 0, infeasible: 0, none: 0 }
      for (let seed = 0; seed < 120; seed++) {
        const pair = randomPair(seed)
        engineSpaces(pair, prune).forEach(({ margins, space, statistics }, e) => {
          const counts = { loose: 0, tight: 0, infeasible: 0 }
          let tie = false
          let t = 0
          let tClear = true
          if (margins[pair.labels[e]] !== 0)
            wrong.push(`${seed} ${e}: the label's margin is ${margins[pair.labels[e]]}`)
          targetsOf(pair, pair.labels[e]).forEach((target, row) => {
            const expected = referenceSpaceOf(pair, e, target, prune)
            const tolerance = 2e-4 * scaleOf(expected)
            const [eta, clear] = [medianTransition(expected), isClear(expected)]
            const close = (name: string, a: number, b: number, by = tolerance) => {
              if (!(Math.abs(a - b) <= by)) wrong.push(`${seed} ${e} ${target}: ${name} ${a} instead of ${b}`)
            }
            if (clear) {
              seen.clear++
              if (eta === 0) seen.none++
              close('margin', margins[target], objectiveShort(expected))
              close('η', space.eta[row], eta, 2e-3 * eta)
              close('t₀', space.t[row], tZero(expected))
            } else {
              // float32 may pick a neighbour of the median
              seen.unclear++
              const positive = transitionPoints(expected)
                .filter((point) => point > 0)
                .sort()
              const candidates = [0, ...positive, eta]
              const fits = candidates.some(
                (point) => Math.abs(objectiveShort(expected, signsAt(expected, point)) - margins[target]) <= tolerance,
              )
              const jump = expected.f.inputCoefficients.reduce(
                (most, v, j) => Math.max(most, Math.abs(v) * expected.ball.radius[j]),
                0,
              )
              if (!fits) close('margin', margins[target], objectiveShort(expected), tolerance + 2 * jump)
            }
            const [l, r] = derivativeRange(expected, 0)
            if (Math.abs(l) < tolerance || Math.abs(r) < tolerance || (!clear && eta === 0)) tie = true
            counts[l >= 0 ? 'loose' : r <= 0 ? 'infeasible' : 'tight']++
            t += tZero(expected)
            tClear &&= clear
          })
          if (!tie) {
            for (const name of ['loose', 'tight', 'infeasible'] as const) {
              seen[name] += counts[name]
              if (statistics[name] !== counts[name])
                wrong.push(`${seed} ${e}: ${statistics[name]} ${name} instead of ${counts[name]}`)
            }
          }
          if (tClear && !(Math.abs(statistics.t - t) <= 1e-3 * Math.max(1, Math.abs(t), ...space.t.map(Math.abs))))
            wrong.push(`${seed} ${e}: Σ t₀ ${statistics.t} instead of ${t}`)
        })
      }
      expect(wrong).toEqual([])
      // the comparison must not be empty
      expect(seen.clear).toBeGreaterThan(3 * seen.unclear)
      for (const name of ['loose', 'tight', 'infeasible', 'none'] as const)
        expect([name, seen[name] > 5]).toEqual([name, true])
    })
  }

  it('are never above the ordinary dual bound, and often below', () => {
    const above: string[] = []
    let below = 0
    for (const prune of [false, true]) {
      for (let seed = 0; seed < 150; seed++) {
        const pair = randomPair(seed)
        engineSpaces(pair, prune).forEach(({ margins, ordinary }, e) => {
          margins.forEach((m, t) => {
            const tolerance = 1e-5 * Math.max(1, Math.abs(ordinary[t]))
            if (!(m <= ordinary[t] + tolerance)) above.push(`${seed} ${e} ${t}: ${m} above ${ordinary[t]}`)
            if (m < ordinary[t] - 10 * tolerance) below++
          })
        })
      }
    }
    expect(above).toEqual([])
    expect(below).toBeGreaterThan(500)
  })

  it('against itself, g = f: η is 0 and nothing changes', () => {
    for (let seed = 0; seed < 10; seed++) {
      const pair = randomPair(seed)
      for (const { margins, ordinary, space } of engineSpaces({ ...pair, g: pair.f }, false)) {
        expect([...space.eta].filter((eta) => eta !== 0)).toEqual([])
        margins.forEach((m, t) => expect(m).toBeCloseTo(ordinary[t], 4))
      }
    }
  })

  it('refuse networks that normalise differently', () => {
    const f = randomNetwork(new Random(1), {
      input: { channels: 2, height: 1, width: 1 },
      classes: 2,
      normalise: false,
    })
    const layers = [{ kind: 'normalise', mean: [0, 0], deviation: [1, 2] } as const, ...f.architecture.layers]
    const g = { ...f, architecture: { ...f.architecture, layers } }
    const pair = { f, g, images: [Float32Array.of(0, 1)], labels: [0], epsilon: 0.1 }
    expect(() => engineSpaces(pair, false)).toThrow('must normalise their input alike')
  })
})

describe('gradients over the reference space', () => {
  for (const prune of [false, true]) {
    it(`equal finite differences with η and the signs held${prune ? ', from pruned bounds' : ''}`, () => {
      const wrong: string[] = []
      let checked = 0
      for (let seed = 0; seed < 60; seed++) {
        const pair = randomPair(seed)
        const random = new Random(seed, 'weights')
        const spaces = pair.images.map((_, e) =>
          targetsOf(pair, pair.labels[e]).map((target) => ({
            target,
            space: referenceSpaceOf(pair, e, target, prune),
          })),
        )
        if (!spaces.flat().every(({ space }) => isClear(space))) continue
        const weights = pair.images.map(() =>
          Float32Array.from({ length: countClasses(pair.f.architecture) }, () => random.between(-1, 1)),
        )
        const signs = spaces.map((ofExample) => ofExample.map(({ space }) => signsAt(space, medianTransition(space))))

        const mark = engine.mark()
        const [f, g] = [load(pair.f, true), load(pair.g, true)]
        const tape = new Tape()
        const chunk = loadChunk(f, pair, paperBall(pair.epsilon))
        const options = { prune }
        const relaxedF = relaxNetwork(f, tape, chunk, options)
        const relaxedG = relaxNetwork(g, undefined, chunk, options)
        pair.images.forEach((_, e) => {
          const { margins } = robustraMargins(relaxedF, tape, relaxedG, e)
          margins.gradient.view().set(weights[e])
        })
        tape.backward()
        const gradient = new Float32Array(f.parameterCount)
        f.readGradient(gradient)
        const gradientOfG = new Float32Array(g.parameterCount)
        g.readGradient(gradientOfG)
        engine.release(mark)
        if (gradientOfG.some((v) => v !== 0)) wrong.push(`${seed}: a gradient reaches g`)

        const objective = (parameters: Float64Array) =>
          spaces.reduce(
            (sum, ofExample, e) =>
              sum +
              ofExample.reduce((s, { target }, i) => {
                const space = referenceSpaceOf(pair, e, target, prune, { ...pair.f, parameters: parameters as never })
                return s + weights[e][target] * objectiveShort(space, signs[e][i])
              }, 0),
            0,
          )
        const here = objective(Float64Array.from(pair.f.parameters))
        const scale = Math.max(1e-2, ...gradient.map(Math.abs))
        for (let n = 0; n < 5; n++) {
          const i = random.integer(gradient.length)
          const at = (step: number) =>
            objective(Float64Array.from(pair.f.parameters).with(i, pair.f.parameters[i] + step))
          const [forwards, backwards] = [(at(1e-6) - here) / 1e-6, (here - at(-1e-6)) / 1e-6]
          // at a kink the sides differ
          if (Math.abs(forwards - backwards) > 1e-3 * scale) continue
          checked++
          if (!(Math.abs(gradient[i] - (forwards + backwards) / 2) <= 2e-3 * scale)) {
            wrong.push(`${seed} parameter ${i}: ${gradient[i]} instead of ${forwards}`)
          }
        }
      }
      expect(wrong).toEqual([])
      expect(checked).toBeGreaterThan(100)
    })
  }
})
