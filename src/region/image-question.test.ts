import { expect, test } from 'vitest'
import { classificationQuestion, imageQuestion } from './image-question.ts'
import { distanceToUnsafe } from './question.ts'
import { imageRegion } from './region.ts'

const point = { lower: Float64Array.of(0), upper: Float64Array.of(0) }

test('a class that reaches the label is unsafe, ties too', () => {
  const question = classificationQuestion(point, 1, 3)
  expect(question.unsafe.length).toBe(2)
  expect(distanceToUnsafe(question, [1, 3, 2])).toBe(1)
  expect(distanceToUnsafe(question, [3, 3, 2])).toBe(0)
  expect(distanceToUnsafe(question, [1, 3, 4])).toBe(-1)
})

test('certification asks it of the ball around the image', () => {
  const image = Float32Array.of(0.25, 0.5)
  for (const norm of ['linf', 'l2'] as const) {
    const ball = { epsilon: 0.1, norm, domain: 'pixels' } as const
    const { unsafe, ...region } = imageQuestion(image, 2, 4, ball)
    expect(region).toEqual(imageRegion(image, ball))
    expect(unsafe.map(([{ coefficients, bound }]) => [[...coefficients], bound])).toEqual([
      [[-1, 0, 1, 0], 0],
      [[0, -1, 1, 0], 0],
      [[0, 0, 1, -1], 0],
    ])
  }
})
