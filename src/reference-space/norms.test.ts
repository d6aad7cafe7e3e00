/** Bounds over the reference space of ℓ2 and ℓ1 balls; the other tests do the same for ℓ∞. */
import { beforeAll, describe, expect, it } from 'vitest'
import { extremePoint, innerPoint, pointTowards } from '../region/ball-points.testing.ts'
import { loadChunk } from '../bounds/chunk.ts'
import { relaxNetwork } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { dualNorm } from '../region/norm.ts'
import { type AdversarialSpace, referenceAdversarialSpace } from '../reference/adversarial-space.ts'
import { referenceDualBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { middleMultiplier } from '../reference/multiplier.ts'
import { objectiveLong } from '../reference/objective.ts'
import { referenceForward } from '../reference/stages.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { multiplierOf } from './multiplier.ts'
import { robustraMargins } from './reference-space.ts'
import { paperBall } from '../region/ball.ts'
import { inputBall } from '../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const pairOf = (seed: number, norm: 'l2' | 'l1') => {
  const random = new Random(seed, 'pair')
  const f = randomNetwork(random, { maxWidth: 40, normalise: false })
  const { input } = f.architecture
  const classes = countClasses(f.architecture)
  const g = randomNetwork(random, { input, classes, maxWidth: 40, normalise: false })
  return {
    ...{ f, g, norm, random, classes },
    images: Array.from({ length: 1 + random.integer(3) }, () =>
      Float32Array.from({ length: sizeOf(input) }, () => random.uniform()),
    ),
    labels: Array.from({ length: 4 }, () => random.integer(classes)),
    epsilon: Math.fround([0.05, 0.5, 2][random.integer(3)]),
  }
}
type Pair = ReturnType<typeof pairOf>

const spaceOf = (pair: Pair, e: number, target: number, prune = true, f: Network = pair.f): AdversarialSpace => {
  const boundsOf = prune ? referencePrunedDualBounds : referenceDualBounds
  return referenceAdversarialSpace({
    f,
    g: pair.g,
    label: pair.labels[e],
    target,
    ball: inputBall(pair.images[e], pair),
    boundsOf,
  })
}

const targetsOf = ({ classes, labels }: Pair, e: number) =>
  Array.from({ length: classes }, (_, target) => target).filter((target) => target !== labels[e])

/** What rounding may do to f's and g's terms. */
const scaleOf = ({ f, g, ball }: AdversarialSpace) =>
  Math.max(
    1,
    ...[f, g].map(
      ({ inputCoefficients, constant }) =>
        Math.abs(constant) +
        inputCoefficients.reduce((sum, v, j) => sum + Math.abs(v) * (Math.abs(ball.centre[j]) + ball.radius[j]), 0),
    ),
  )

/** Runs `use` per example on bounds of f, with a tape if there is one, and of g. */
function inEngine<T>(
  pair: Pair,
  prune: boolean,
  tape: Tape | undefined,
  use: (margins: ReturnType<typeof robustraMargins>, ordinary: Float32Array, e: number) => T,
  after?: (f: LoadedNetwork, g: LoadedNetwork) => void,
): T[] {
  const mark = engine.mark()
  const [f, g] = [pair.f, pair.g].map((network) => {
    const loaded = new LoadedNetwork(engine, network.architecture, tape !== undefined)
    loaded.setParameters(network.parameters)
    return loaded
  }) as [LoadedNetwork<Engine>, LoadedNetwork<Engine>]
  const { images, epsilon, norm } = pair
  const chunk = loadChunk(f, { images, labels: pair.labels.slice(0, images.length) }, { ...paperBall(epsilon), norm })
  const relaxedF = relaxNetwork(f, tape, chunk, { prune })
  const relaxedG = relaxNetwork(g, undefined, chunk, { prune })
  const plain = { ...relaxedF, options: { ...relaxedF.options, prune: false } }
  const results = images.map((_, e) => {
    const ordinary = dualMargins(plain, undefined, e).read()
    return use(robustraMargins(relaxedF, tape, relaxedG, e), ordinary, e)
  })
  after?.(f, g)
  engine.release(mark)
  return results
}

describe.each(['l2', 'l1'] as const)('bounds over the reference space of %s balls', (norm) => {
  it('equal the long form at t₀ of the float64 reference, and are never above the ordinary bound', () => {
    const wrong: string[] = []
    const seen = { below: 0, loose: 0, tight: 0, infeasible: 0 }
    for (let seed = 0; seed < 80; seed++) {
      const pair = pairOf(seed, norm)
      const prune = seed % 2 === 0
      inEngine(pair, prune, undefined, ({ margins, space, statistics }, ordinary, e) => {
        const found = margins.read()
        const counts = { loose: 0, tight: 0, infeasible: 0 }
        let [isClear, t] = [true, 0]
        targetsOf(pair, e).forEach((target, row) => {
          const expected = spaceOf(pair, e, target, prune)
          const tolerance = 3e-4 * scaleOf(expected)
          const { eta, t: tZero, range } = middleMultiplier(expected)
          const close = (name: string, a: number, b: number, by = tolerance) => {
            if (!(Math.abs(a - b) <= by)) wrong.push(`${seed} ${e} ${target}: ${name} ${a} instead of ${b}`)
          }
          const [l, r] = range
          // where the derivative hardly grows, η is a matter of rounding: it can only be held against its own long form
          const isFlat = r - l < tolerance
          if (!isFlat) close('margin', found[target], objectiveLong(expected, eta, tZero))
          if (!isFlat) close('t₀', space.t[row], tZero)
          close('l', space.lowest[row], l)
          close('r', space.highest[row], r)
          close(
            'long form',
            found[target],
            objectiveLong(expected, space.eta[row], space.t[row]),
            tolerance * (1 + space.eta[row]),
          )
          if (!(found[target] <= ordinary[target] + tolerance)) wrong.push(`${seed} ${e} ${target}: above the bound`)
          if (found[target] < ordinary[target] - 10 * tolerance) seen.below++
          const kind = l >= 0 ? 'loose' : r <= 0 ? 'infeasible' : 'tight'
          counts[kind]++
          seen[kind]++
          t += tZero
          isClear &&= Math.abs(l) > tolerance && Math.abs(r) > tolerance && !isFlat
        })
        if (!isClear) return
        for (const name of ['loose', 'tight', 'infeasible'] as const) {
          if (statistics[name] !== counts[name]) wrong.push(`${seed} ${e}: ${statistics[name]} ${name}`)
        }
        if (!(Math.abs(statistics.t - t) < 1e-3 * Math.max(1, ...space.t.map(Math.abs))))
          wrong.push(`${seed} ${e}: Σ t₀`)
      })
    }
    expect(wrong).toEqual([])
    for (const name of ['below', 'loose', 'tight', 'infeasible'] as const)
      expect([name, seen[name] > 5]).toEqual([name, true])
  })

  it('hold every point of the ball at which the reference reaches t₀', () => {
    const above: string[] = []
    let reached = 0
    for (let seed = 0; seed < 60; seed++) {
      const pair = pairOf(seed, norm)
      inEngine(pair, true, undefined, ({ margins, space }, _, e) => {
        const found = margins.read()
        const label = pair.labels[e]
        targetsOf(pair, e).forEach((target, row) => {
          const of = spaceOf(pair, e, target)
          const { random, epsilon } = pair
          const centre = pair.images[e]
          const points = [
            ...Array.from({ length: 8 }, () => extremePoint(random, centre, epsilon, norm)),
            ...Array.from({ length: 8 }, () => innerPoint(random, centre, epsilon, norm)),
            pointTowards(of.f.inputCoefficients, centre, epsilon, norm),
            pointTowards(of.g.inputCoefficients, centre, epsilon, norm),
            pointTowards(
              of.f.inputCoefficients.map((v, j) => v + space.eta[row] * of.g.inputCoefficients[j]),
              centre,
              epsilon,
              norm,
            ),
          ]
          for (const point of points) {
            const margin = (network: Network) => {
              const outputs = referenceForward(network, point).at(-1)!
              return outputs[target] - outputs[label]
            }
            // no constraint where η is 0
            if (space.eta[row] > 0 && margin(pair.g) < space.t[row]) continue
            reached++
            if (!(margin(pair.f) <= found[target] + 1e-4 * scaleOf(of))) above.push(`${seed} ${e} ${target}`)
          }
        })
      })
    }
    expect(above).toEqual([])
    expect(reached).toBeGreaterThan(200)
  })

  it('against itself, g = f: η is 0 and nothing changes', () => {
    for (let seed = 0; seed < 10; seed++) {
      const pair = pairOf(seed, norm)
      inEngine({ ...pair, g: pair.f }, false, undefined, ({ margins, space }, ordinary) => {
        expect([...space.eta].filter((eta) => eta !== 0)).toEqual([])
        margins.read().forEach((m, t) => expect(m).toBeCloseTo(ordinary[t], 4))
      })
    }
  })

  it('have gradients that equal finite differences with s held', () => {
    const wrong: string[] = []
    let checked = 0
    for (let seed = 0; seed < 40; seed++) {
      const pair = pairOf(seed, norm)
      const { random } = pair
      const weights = pair.images.map(() => Float32Array.from({ length: pair.classes }, () => random.between(-1, 1)))
      const gradient = new Float32Array(pair.f.parameters.length)
      const ofReference = new Float32Array(pair.g.parameters.length)
      const tape = new Tape()
      inEngine(
        pair,
        true,
        tape,
        ({ margins }, _, e) => margins.gradient.view().set(weights[e]),
        (f, g) => {
          tape.backward()
          f.readGradient(gradient)
          g.readGradient(ofReference)
        },
      )
      if (ofReference.some((v) => v !== 0)) wrong.push(`${seed}: a gradient reaches g`)
      const held = pair.images.map((_, e) =>
        targetsOf(pair, e).map((target) => {
          const { f, g, ball } = spaceOf(pair, e, target)
          const scaled = ({ inputCoefficients }: typeof f) => inputCoefficients.map((v, j) => v * ball.radius[j])
          return { target, s: multiplierOf(norm, scaled(f), scaled(g)).subgradient }
        }),
      )
      const objective = (parameters: Float64Array) =>
        held.reduce((sum, ofExample, e) => {
          const terms = ofExample.map(({ target, s }) => {
            const { f, ball } = spaceOf(pair, e, target, true, { ...pair.f, parameters: parameters as never })
            const input = f.inputCoefficients.reduce(
              (total, v, j) => total + v * (ball.centre[j] + ball.radius[j] * s[j]),
              0,
            )
            return weights[e][target] * (input + f.constant)
          })
          return terms.reduce((a, b) => a + b, sum)
        }, 0)
      const here = objective(Float64Array.from(pair.f.parameters))
      const scale = Math.max(1e-2, ...gradient.map(Math.abs))
      for (let n = 0; n < 4; n++) {
        const i = random.integer(gradient.length)
        const at = (step: number) =>
          objective(Float64Array.from(pair.f.parameters).with(i, pair.f.parameters[i] + step))
        const [forwards, backwards] = [(at(1e-6) - here) / 1e-6, (here - at(-1e-6)) / 1e-6]
        if (Math.abs(forwards - backwards) > 1e-3 * scale) continue
        checked++
        if (!(Math.abs(gradient[i] - (forwards + backwards) / 2) <= 2e-3 * scale)) {
          wrong.push(`${seed} parameter ${i}: ${gradient[i]} instead of ${forwards}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(80)
  })
})

it('the dual norm of the reference’s long form is the engine’s', () => {
  // the oracle's norm itself, against the points of the ball that attain it
  const random = new Random(4)
  const vector = Float64Array.from({ length: 9 }, () => random.normal())
  for (const norm of ['linf', 'l2', 'l1'] as const) {
    const point = pointTowards(vector, new Float64Array(9), 1, norm)
    expect(point.reduce((sum, x, j) => sum + x * vector[j], 0)).toBeCloseTo(dualNorm(norm, vector), 12)
  }
})
