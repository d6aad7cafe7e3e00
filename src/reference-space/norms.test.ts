/** Bounds over the reference space of ℓ2 and ℓ1 balls; reference-space.test.ts has the same for ℓ∞. */
import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import type { Network } from '../model/network.ts'
import type { AdversarialSpace } from '../reference/adversarial-space.ts'
import { middleMultiplier } from '../reference/multiplier.ts'
import { objectiveLong } from '../reference/objective.ts'
import { referenceForward } from '../reference/stages.ts'
import { extremePoint, innerPoint, pointTowards } from '../region/ball-points.testing.ts'
import { inEngine, randomRoundPair, spaceOf, targetsOf } from './pairs.testing.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

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

describe.each(['l2', 'l1'] as const)('bounds over the reference space of %s balls', (norm) => {
  it('equal the long form at t₀ of the float64 reference, and are never above the ordinary bound', () => {
    const wrong: string[] = []
    const seen = { below: 0, loose: 0, tight: 0, infeasible: 0 }
    for (let seed = 0; seed < 80; seed++) {
      const pair = randomRoundPair(seed, norm)
      const prune = seed % 2 === 0
      inEngine(engine, { pair, prune }, ({ margins, space, statistics }, ordinary, e) => {
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
      const pair = randomRoundPair(seed, norm)
      inEngine(engine, { pair, prune: true }, ({ margins, space }, _, e) => {
        const found = margins.read()
        const label = pair.labels[e]
        targetsOf(pair, e).forEach((target, row) => {
          const of = spaceOf(pair, e, target, true)
          const { random, ball } = pair
          const { epsilon } = ball
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
      const pair = randomRoundPair(seed, norm)
      inEngine(engine, { pair: { ...pair, g: pair.f }, prune: false }, ({ margins, space }, ordinary) => {
        expect([...space.eta].filter((eta) => eta !== 0)).toEqual([])
        margins.read().forEach((m, t) => expect(m).toBeCloseTo(ordinary[t], 4))
      })
    }
  })
})
