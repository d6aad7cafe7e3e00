import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { randomBox, randomNetwork } from '../model/random-network.testing.ts'
import { spaceBetween } from './spaces.testing.ts'

test('networks that normalise their input differently are refused', () => {
  const random = new Random(1)
  const input = { channels: 2, height: 1, width: 1 }
  const f = randomNetwork(random, { input, normalise: true })
  const g = randomNetwork(random, { input, normalise: false })
  const ball = { ...randomBox(random, f.architecture), norm: 'linf' as const }
  expect(() => spaceBetween(f, g, ball)).toThrow(RangeError)
  expect(() => spaceBetween(f, f, ball)).not.toThrow()
})
