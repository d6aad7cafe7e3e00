/** Gradients of interval and dual bounds over ℓ2 and ℓ1 balls. */
import { describe, expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { type Network, countClasses } from '../model/network.ts'
import { relaxNetwork } from './dual.ts'
import { intervalMargins, propagateIntervals } from './interval.ts'
import { dualMargins } from './margins.ts'
import { referenceIntervalBounds } from '../reference/bounds.ts'
import { referenceMargins, referencePrunedMargins } from '../reference/margins.ts'
import { referenceStages } from '../reference/stages.ts'
import { type InputBall, inputBall } from '../reference/input-ball.ts'

import { expectGradient } from './differences.testing.ts'
import { type Kind, cases, inEngine, kinds } from './round-balls.testing.ts'

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
        checked += expectGradient({ gradient, parameters: network.parameters, objective }, random)
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
