import { expect, test } from 'vitest'
import { DoubleArray } from './double-array.ts'
import { Engine } from './engine.ts'

test('a view shows the same numbers after the memory has grown', async () => {
  const engine = await Engine.create()
  const [zeros, numbers] = [DoubleArray.zeros(engine, 3), DoubleArray.create(engine, 2)]
  numbers.view.set([1.5, -2])
  const before = numbers.view
  expect(numbers.view).toBe(before)
  engine.doubles(1_000_000)
  expect(before).toHaveLength(0)
  expect([...numbers.view]).toEqual([1.5, -2])
  expect([...zeros.view]).toEqual([0, 0, 0])
  numbers.view[1] = 7
  expect(engine.f64[(numbers.pointer >> 3) + 1]).toBe(7)
})
