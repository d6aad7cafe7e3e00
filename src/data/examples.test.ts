import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { copyImages } from './dataset.ts'
import { type Examples, asImages, divide, matchParts, withClasses } from './examples.ts'

/** One value per example: its index. */
const sketch = (labels: readonly number[], more: Partial<Examples> = {}): Examples => ({
  ...{ from: 'a', shape: { channels: 1, height: 1, width: 1 }, count: labels.length },
  classes: Math.max(...labels) + 1,
  labelAt: (index) => labels[index],
  valuesAt: (index) => Uint8Array.of(index),
  ...more,
})
const indicesOf = ({ count, valuesAt }: Examples) => Array.from({ length: count }, (_, i) => valuesAt(i)[0])
const labelsOf = ({ count, labelAt }: Examples) => Array.from({ length: count }, (_, i) => labelAt(i))

test('a division takes the share of each class, keeps the order, and depends on the seed alone', () => {
  const labels = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : 0))
  const { train, test: aside } = divide(sketch(labels))
  expect(labelsOf(aside).filter((label) => label === 1)).toHaveLength(4)
  expect(aside.count).toBe(12)
  const [a, b] = [indicesOf(train), indicesOf(aside)]
  expect(a).toEqual(a.toSorted((x, y) => x - y))
  expect([...a, ...b].toSorted((x, y) => x - y)).toEqual(labels.map((_, i) => i))
  expect(labelsOf(aside)).toEqual(b.map((i) => labels[i]))
  expect(indicesOf(divide(sketch(labels)).test)).toEqual(b)
  expect(indicesOf(divide(sketch(labels), { test: 0.2, seed: 1 }).test)).not.toEqual(b)
  expect(() => divide(sketch([0, 1]))).toThrow('a has 2 examples: too few')
})

test('parts get the classes of both, by their names', () => {
  const train = sketch([0, 1, 1], { classNames: ['cat', 'dog'] })
  const parts = matchParts({ train, test: sketch([0, 1], { classNames: ['ant', 'dog'], from: 'b' }) })
  expect(parts.train.classNames).toEqual(['ant', 'cat', 'dog'])
  expect(labelsOf(parts.train)).toEqual([1, 2, 2])
  expect(labelsOf(parts.test)).toEqual([0, 2])
  expect(parts.test.classes).toBe(3)
  expect(() => withClasses(train, ['dog'])).toThrow("a has a class 'cat', which is not among the classes given: dog")
  expect(withClasses(sketch([0, 1]), ['x', 'y']).classNames).toEqual(['x', 'y'])
  expect(() => withClasses(sketch([0, 2]), ['x', 'y'])).toThrow('a has 3 classes, but names for 2')
})

test('grey images become colour ones beside these; other shapes differ', () => {
  const shape = { channels: 3, height: 1, width: 1 }
  const colour = sketch([0], { shape, valuesAt: () => Uint8Array.of(1, 2, 3), from: 'b' })
  const { train } = matchParts({ train: sketch([0, 0]), test: colour })
  expect(train.shape).toEqual(shape)
  expect([...train.valuesAt(1)]).toEqual([1, 1, 1])
  const wide = sketch([0], { shape: { channels: 1, height: 2, width: 1 }, from: 'b' })
  expect(() => matchParts({ train: sketch([0]), test: wide })).toThrow('a has examples of 1, but b of 1×2×1')
})

test('features have the range of all rows, in which values are stored', () => {
  const table = (low: number, high: number, name = 'age'): Examples =>
    sketch([0, 1], { features: [{ name, low, high }], valuesAt: (index) => Float64Array.of([low, high][index]) })
  const { train, test: aside } = matchParts({ train: table(10, 20), test: table(15, 30) })
  const [a, b] = [train, aside].map((part) => copyImages(asImages('t', part)))
  expect(a.features).toEqual([{ name: 'age', low: 10, high: 30 }])
  expect([...a.images, ...b.images]).toEqual([0, 0.5, 0.25, 1])
  expect(() => matchParts({ train: sketch([0]), test: table(0, 1) })).toThrow(
    'a is a table with ranges of its own, but a has values in [0, 1], as images',
  )
  expect(() => matchParts({ train: table(0, 1), test: table(0, 1, 'size') })).toThrow(
    "column 1 of a is 'age', but of a 'size'",
  )
})

test('too much is refused before it is read', () => {
  const large = sketch([0], { count: 1e6, shape: { channels: 3, height: 100, width: 100 } })
  expect(() => asImages('t', large)).toThrow('which take 27.9 GB: at most 2 GB are read')
  expect(() => asImages('t', sketch([256]))).toThrow(UserError)
})
