import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { tableOf } from './dataset-of.ts'
import { radiiOf } from './feature-radii.ts'

const features = [
  { name: 'age', low: 20, high: 70 },
  { name: 'score', low: -1, high: 1 },
  { name: 'sex', low: 0, high: 1 },
]

test('what a feature may become in its own units is in the ball as it is stored', () => {
  const random = new Random(1, 'features')
  const { epsilon: largest, epsilons: radii } = radiiOf(features, { sex: 0, age: 2.5, score: 0.3 })
  expect(largest).toBe(radii[1])
  expect(radii[0]).toBeCloseTo(0.05, 6)
  expect(radii[1]).toBeCloseTo(0.15, 6)
  expect(radii[2]).toBe(0)
  const stored = (x: number, i: number) =>
    tableOf({ rows: [features.map(({ low }, j) => (i === j ? x : low))], features, labels: [0] }).images[i]
  for (let k = 0; k < 500; k++) {
    const [i, epsilon] = k % 2 ? [0, 2.5] : [1, 0.3]
    const { low, high } = features[i]
    const x = random.between(low + epsilon, high - epsilon)
    const p = stored(x, i)
    // the farthest that float64 has, to both sides
    for (const far of [x + epsilon, x - epsilon]) expect(Math.abs(stored(far, i) - p)).toBeLessThanOrEqual(radii[i])
  }
})

test('no radius is more than the range; every feature needs an ε, and a name that there is', () => {
  const of = (given: Record<string, number>) => () => radiiOf(features, given)
  expect(of({ age: 50, score: 0, sex: 1 })().epsilons).toEqual([1, 0, 1])
  expect(of({ age: 51, score: 0, sex: 1 })).toThrow("ε of 'age' is 51, but it goes from 20 to 70: give at most 50")
  expect(of({ age: 1, sex: 0 })).toThrow("feature 'score' has no ε: give it one, 0 if it cannot move")
  expect(of({ age: 1, sex: 0, scor: 0 })).toThrow("unknown feature 'scor': did you mean 'score'?")
  for (const wrong of [-1, NaN, Infinity])
    expect(of({ age: wrong, score: 0, sex: 0 })).toThrow("ε of 'age' must be 0 or")
})
