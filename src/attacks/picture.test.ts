import { expect, test } from 'vitest'
import { amplified, comparison } from './picture.ts'

test('changes are amplified around grey', () => {
  expect([...amplified([0, 0.5, 1], [0.1, 0.5, 0.95])]).toEqual([1, 0.5, expect.closeTo(0.25, 5)])
  expect([...amplified([0.2, 0.3], [0.2, 0.3])]).toEqual([0.5, 0.5])
})

test('image, change and adversarial image side by side, enlarged, with a caption below each', () => {
  const shape = { channels: 1, height: 2, width: 56 }
  const image = new Float32Array(112).map((_, i) => (i % 56 < 28 ? 0.25 : 0.75))
  const adversarial = image.map((x, i) => (i === 0 ? x + 0.1 : x))
  const { shape: whole, values } = comparison({ shape, image, adversarial, label: 'a cat', prediction: 'dog' })
  expect(whole).toEqual({ channels: 1, height: 4 + 4 + 2 * 14, width: 3 * 112 + 2 * 8 })
  const at = (x: number, y: number) => values[y * whole.width + x]!
  expect([at(0, 0), at(111, 3), at(112, 0)]).toEqual([0.25, 0.75, 1])
  expect([at(120, 0), at(121, 1), at(122, 0), at(231, 3)]).toEqual([1, 1, 0.5, 0.5])
  expect([at(240, 0), at(241, 1), at(242, 0)]).toEqual([expect.closeTo(0.35, 6), expect.closeTo(0.35, 6), 0.25])
  // ink below all three, two lines each, and none between them
  for (const left of [0, 120, 240]) {
    for (const top of [8, 22]) {
      const ink = Array.from({ length: 112 * 10 }, (_, i) => at(left + (i % 112), top + Math.floor(i / 112)))
      expect(ink).toContain(0)
    }
  }
  for (let y = 0; y < whole.height; y++) expect([at(113, y), at(235, y)]).toEqual([1, 1])
})

test('a long name is cut, and colours have captions in black', () => {
  const shape = { channels: 3, height: 1, width: 1 }
  const name = 'a very long name of a class that never ends'
  const { shape: whole, values } = comparison({
    ...{ shape, image: [0, 0.5, 1], adversarial: [0, 0.5, 1], label: name, prediction: name },
  })
  expect(whole).toEqual({ channels: 3, height: 112 + 4 + 28, width: 3 * 112 + 16 })
  const area = whole.height * whole.width
  for (let i = 116 * whole.width; i < area; i++) {
    expect(new Set([values[i], values[area + i], values[2 * area + i]]).size).toBe(1)
  }
})
