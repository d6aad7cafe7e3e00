import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { Engine } from '../device/wasm/engine.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import type { AdversarialSpace } from '../reference/adversarial-space.ts'
import { derivativeRange, tZero } from '../reference/derivative.ts'
import { objectiveShort } from '../reference/objective.ts'
import { medianTransition, signsAt, transitionPoints } from '../reference/transitions.ts'
import { paperBall } from '../region/ball.ts'
import { isClear } from './clear.testing.ts'
import { type Pair, inEngine, randomPair, spaceOf, targetsOf } from './pairs.testing.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** The engine's bounds over the reference space, per example. */
const engineSpaces = (pair: Pair, prune: boolean) =>
  inEngine(engine, { pair, prune }, ({ margins, space, statistics }, ordinary) => ({
    margins: margins.read(),
    ...{ ordinary, space, statistics },
  }))

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
          targetsOf(pair, e).forEach((target, row) => {
            const expected = spaceOf(pair, e, target, prune)
            const tolerance = 2e-4 * scaleOf(expected)
            const [eta, clear] = [medianTransition(expected), isClear(expected)]
            const close = (name: string, a: number, b: number, by = tolerance) => {
              if (!(Math.abs(a - b) <= by)) wrong.push(`${seed} ${e} ${target}: ${name} ${a} instead of ${b}`)
            }
            if (clear) {
              seen.clear++
              if (eta === 0) seen.none++
              close('margin', margins[target], objectiveShort(expected))
              close('η', space.eta[row], eta, 4e-3 * eta)
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
    const pair = { f, g, images: [Float32Array.of(0, 1)], labels: [0], ball: paperBall(0.1) }
    expect(() => engineSpaces(pair, false)).toThrow('must normalise their input alike')
  })
})
