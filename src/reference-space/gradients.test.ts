/** Gradients of the bounds over the reference space, against differences of the float64 reference. */
import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { Engine } from '../device/wasm/engine.ts'
import { expectGradient } from '../bounds/differences.testing.ts'
import { countClasses } from '../model/network.ts'
import type { DualPass } from '../reference/dual-pass.ts'
import { objectiveShort } from '../reference/objective.ts'
import { medianTransition, signsAt } from '../reference/transitions.ts'
import { isClear } from './clear.testing.ts'
import { multiplierOf } from './multiplier.ts'
import { type Pair, inEngine, randomPair, randomRoundPair, spaceOf, targetsOf } from './pairs.testing.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const randomWeights = ({ f, images }: Pair, random: Random) =>
  images.map(() => Float32Array.from({ length: countClasses(f.architecture) }, () => random.between(-1, 1)))

/** Gradients of Σ weight · margin by the parameters of f and of g. */
function gradientsOf(pair: Pair, prune: boolean, weights: readonly Float32Array[]) {
  const [ofF, ofG] = [pair.f, pair.g].map(({ parameters }) => new Float32Array(parameters.length))
  const tape = new Tape()
  inEngine(
    engine,
    { pair, prune, tape },
    ({ margins }, _, e) => margins.gradient.view().set(weights[e]),
    (f, g) => {
      tape.backward()
      f.readGradient(ofF!)
      g.readGradient(ofG!)
    },
  )
  return { ofF: ofF!, ofG: ofG! }
}

/** One number per target of every example. */
const perTarget = <T>(pair: Pair, of: (e: number, target: number) => T) =>
  pair.images.flatMap((_, e) => targetsOf(pair, e).map((target) => ({ e, target, value: of(e, target) })))

const withParameters = (pair: Pair, parameters: Float64Array): Pair => ({
  ...pair,
  f: { ...pair.f, parameters: parameters as never },
})

describe('over ℓ∞ balls', () => {
  it.each([false, true])('equal finite differences with η and the signs held; from pruned bounds: %s', (prune) => {
    let checked = 0
    for (let seed = 0; seed < 60; seed++) {
      const pair = randomPair(seed)
      const random = new Random(seed, 'weights')
      const spaces = perTarget(pair, (e, target) => spaceOf(pair, e, target, prune))
      if (!spaces.every(({ value }) => isClear(value))) continue
      const weights = randomWeights(pair, random)
      const held = spaces.map((of) => ({ ...of, signs: signsAt(of.value, medianTransition(of.value)) }))
      const { ofF, ofG } = gradientsOf(pair, prune, weights)
      expect(ofG.every((v) => v === 0)).toBe(true)
      const objective = (moved: Float64Array) =>
        held.reduce((sum, { e, target, signs }) => {
          const space = spaceOf(withParameters(pair, moved), e, target, prune)
          return sum + weights[e][target] * objectiveShort(space, signs)
        }, 0)
      const { parameters } = pair.f
      checked += expectGradient({ gradient: ofF, parameters, objective, entries: 5 }, random)
    }
    expect(checked).toBeGreaterThan(100)
  })
})

describe.each(['l2', 'l1'] as const)('over %s balls', (norm) => {
  it('equal finite differences with s held', () => {
    let checked = 0
    for (let seed = 0; seed < 40; seed++) {
      const pair = randomRoundPair(seed, norm)
      const { random } = pair
      const weights = randomWeights(pair, random)
      const { ofF, ofG } = gradientsOf(pair, true, weights)
      expect(ofG.every((v) => v === 0)).toBe(true)
      const held = perTarget(pair, (e, target) => {
        const { f, g, ball } = spaceOf(pair, e, target, true)
        const scaled = ({ inputCoefficients }: DualPass) => inputCoefficients.map((v, j) => v * ball.radius[j])
        return multiplierOf(norm, scaled(f), scaled(g)).subgradient
      })
      const objective = (moved: Float64Array) =>
        held.reduce((sum, { e, target, value: s }) => {
          const { f, ball } = spaceOf(withParameters(pair, moved), e, target, true)
          const input = f.inputCoefficients.reduce(
            (total, v, j) => total + v * (ball.centre[j] + ball.radius[j] * s[j]),
            0,
          )
          return sum + weights[e][target] * (input + f.constant)
        }, 0)
      const { parameters } = pair.f
      checked += expectGradient({ gradient: ofF, parameters, objective, entries: 4 }, random)
    }
    expect(checked).toBeGreaterThan(80)
  })
})
