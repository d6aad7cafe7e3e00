import { expect, test } from 'vitest'
import type { Network } from '../model/network.ts'
import { referenceAdversarialSpace } from './adversarial-space.ts'
import { referencePrunedDualBounds } from './bounds.ts'
import { tZero } from './derivative.ts'
import { referenceMargins } from './margins.ts'
import { objectiveLong, objectiveShort } from './objective.ts'
import { forSpaces, multipliers, scaleAt, spaceBetween } from './spaces.testing.ts'
import { referenceForward } from './stages.ts'
import { medianTransition } from './transitions.ts'

test('the short form equals the long one', () => {
  forSpaces(({ space }) => {
    const eta = medianTransition(space)
    const long = objectiveLong(space, eta, tZero(space))
    expect(Math.abs(objectiveShort(space) - long)).toBeLessThan(scaleAt(space, eta))
  })
})

test('at t_0 no η is better than η_med, and the bound is no worse than the ordinary one', () => {
  forSpaces(({ f, space, random, ball }) => {
    const eta = medianTransition(space)
    const t = tZero(space)
    const value = objectiveShort(space)
    for (const other of [...multipliers(space), random.uniform(), 10 * random.uniform()]) {
      expect(objectiveLong(space, other, t)).toBeGreaterThan(value - scaleAt(space, eta + other) * (1 + Math.abs(t)))
    }
    const ordinary = referenceMargins(f, 0, ball)[1]
    expect(Math.abs(objectiveLong(space, 0, t) - ordinary)).toBeLessThan(scaleAt(space, 0))
    expect(value).toBeLessThan(ordinary + scaleAt(space, eta))
    if (eta === 0) expect(Math.abs(value - ordinary)).toBeLessThan(scaleAt(space, 0))
  })
})

test('where f is its own reference, or the radius is 0, the bound is the ordinary one', () => {
  forSpaces(({ f, g, ball }) => {
    const self = spaceBetween(f, f, ball)
    expect(medianTransition(self)).toBe(0)
    expect(Math.abs(objectiveShort(self) - referenceMargins(f, 0, ball)[1])).toBeLessThan(scaleAt(self, 0))
    const point = spaceBetween(f, g, { ...ball, radius: ball.radius.map(() => 0) })
    const [label, target] = referenceForward(f, ball.centre).at(-1)!
    expect(Math.abs(objectiveShort(point) - (target - label))).toBeLessThan(scaleAt(point, 0))
  })
})

test('h(η) bounds f over all inputs for which g reaches t', () => {
  forSpaces(({ f, g, random, ball, space }) => {
    const pruned = referenceAdversarialSpace({ f, g, label: 0, target: 1, ball, boundsOf: referencePrunedDualBounds })
    const margin = (network: Network, x: Float64Array) => {
      const output = referenceForward(network, x).at(-1)!
      return output[1] - output[0]
    }
    for (let i = 0; i < 10; i++) {
      const x = ball.centre.map(
        (value, j) => value + ball.radius[j] * (i < 5 ? Math.sign(random.normal()) : random.between(-1, 1)),
      )
      const t = margin(g, x) // the most demanding t that x still meets
      for (const of of [space, pruned]) {
        for (const eta of [0, medianTransition(of), random.uniform(), 10 * random.uniform()]) {
          expect(margin(f, x)).toBeLessThan(objectiveLong(of, eta, t) + scaleAt(of, eta) * (1 + Math.abs(t)))
        }
      }
    }
  })
})
