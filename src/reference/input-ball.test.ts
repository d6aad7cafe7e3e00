import { expect, test } from 'vitest'
import type { Layer } from '../model/layers.ts'
import { paperBall } from '../region/ball.ts'
import { referenceDualBounds } from './bounds.ts'
import { inputBall, inputTerm } from './input-ball.ts'
import { handMade } from './problems.testing.ts'

test('normalise makes the box that of the next layer', () => {
  const network = handMade([[2, 1]])
  const normalise: Layer = { kind: 'normalise', mean: [0.5], deviation: [0.25] }
  const layers = [normalise, ...network.architecture.layers]
  const normalised = { ...network, architecture: { ...network.architecture, layers } }
  // 2 (x − 0.5) / 0.25 + 1 on [0.4, 0.8]
  const [{ lower, upper }] = referenceDualBounds(normalised, inputBall([0.6], paperBall(0.2)))
  expect([lower[0], upper[0]]).toEqual([expect.closeTo(0.2, 12), expect.closeTo(3.4, 12)])
})

test('coefficients of the input move a ball by their dual norm, each input by its own radius', () => {
  const box = { centre: Float64Array.of(1, 2), radius: Float64Array.of(1, 0.5) }
  const coefficients = Float64Array.of(3, -8)
  const spreads = { linf: 7, l2: 5, l1: 4 }
  for (const norm of ['linf', 'l2', 'l1'] as const) {
    expect(inputTerm(coefficients, { ...box, norm })).toEqual({ middle: -13, spread: spreads[norm] })
  }
})
