import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { Dataset, Values } from './dataset.ts'
import { syntheticDigits } from './synthetic.ts'

const SIZE = 784
const imageOf = ({ images }: Dataset, i: number) => images.subarray(i * SIZE, (i + 1) * SIZE)

test('an image depends on seed, split and index alone', () => {
  const few = syntheticDigits(20, 3, 'train')
  const more = syntheticDigits(50, 3, 'train')
  expect(more.images.subarray(0, few.images.length)).toEqual(few.images)
  expect(more.labels.subarray(0, 20)).toEqual(few.labels)
  expect(syntheticDigits(20, 4, 'train').images).not.toEqual(few.images)
  expect(syntheticDigits(20, 3, 'test').images).not.toEqual(few.images)
  expect(syntheticDigits(0, 3, 'test').count).toBe(0)
})

test('the images are those that reported figures were measured on', () => {
  const { images, labels } = syntheticDigits(100, 0, 'test')
  expect([crc32(images), crc32(labels)]).toEqual([2836912290, 127498343])
})

test('strokes are bright and whole, the background is nearly black', () => {
  const set = syntheticDigits(500, 1, 'train')
  for (let i = 0; i < set.count; i++) {
    const image = imageOf(set, i)
    const bright = image.filter((value) => value > 0.7 * 255).length
    expect(bright).toBeGreaterThan(20)
    expect(image.filter((value) => value <= 0.05 * 255 + 1).length).toBeGreaterThan(SIZE / 2)
  }
})

describe('as a task', () => {
  const count = 3000
  let train: Dataset
  let exam: Dataset
  beforeAll(() => {
    train = syntheticDigits(count, 0, 'train')
    exam = syntheticDigits(1000, 0, 'test')
  })

  /** Share of the first `count` test images whose label is not the one given. */
  function errorOf(classify: (image: Values) => number, count = exam.count): number {
    let wrong = 0
    for (let i = 0; i < count; i++) if (classify(imageOf(exam, i)) !== exam.labels[i]) wrong++
    return wrong / count
  }

  test('all classes are about equally frequent', () => {
    for (let digit = 0; digit < 10; digit++) {
      expect(Math.abs(train.labels.filter((label) => label === digit).length - count / 10)).toBeLessThan(count / 40)
    }
  })

  test('the nearest class mean errs often, a linear model clearly, the nearest neighbour little', () => {
    const centroid = errorOf(nearestCentroid(train))
    const linear = errorOf(softmaxRegression(train, 8))
    const neighbour = errorOf(nearestNeighbour(train), 300)
    expect(centroid).toBeGreaterThan(0.2)
    expect(linear).toBeGreaterThan(0.08)
    expect(linear).toBeLessThan(0.3)
    expect(neighbour).toBeLessThan(linear / 2)
  })

  test('no two digits of different classes are within 2ε = 0.6 of each other', () => {
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < i; j++) {
        if (train.labels[i] === train.labels[j]) continue
        const [a, b] = [imageOf(train, i), imageOf(train, j)]
        if (!a.some((value, k) => Math.abs(value - b[k]) > 0.6 * 255)) expect.fail(`images ${j} and ${i} are too near`)
      }
    }
  })
})

/** Index of the least value. */
const argMin = (values: ArrayLike<number>) =>
  Array.from(values).reduce((best, v, i, all) => (v < all[best] ? i : best), 0)

function nearestCentroid(train: Dataset): (image: Values) => number {
  const means = Array.from({ length: 10 }, (_, digit) => {
    const sum = new Float64Array(SIZE)
    const members = [...train.labels.keys()].filter((i) => train.labels[i] === digit)
    for (const i of members) imageOf(train, i).forEach((value, k) => (sum[k] += value / members.length))
    return sum
  })
  return (image) => argMin(means.map((mean) => mean.reduce((sum, value, k) => sum + (value - image[k]) ** 2, 0)))
}

function nearestNeighbour(train: Dataset): (image: Values) => number {
  return (image) => {
    let [nearest, least] = [0, Infinity]
    for (let i = 0; i < train.count; i++) {
      let distance = 0
      for (let k = 0; k < SIZE && distance < least; k++) distance += (train.images[i * SIZE + k] - image[k]) ** 2
      if (distance < least) [nearest, least] = [i, distance]
    }
    return train.labels[nearest]
  }
}

/** A linear model, fitted by stochastic gradient descent on the cross-entropy. */
function softmaxRegression(train: Dataset, epochs: number): (image: Values) => number {
  const weights = Array.from({ length: 10 }, () => new Float64Array(SIZE))
  const bias = new Float64Array(10)
  const scoresOf = (image: Values) =>
    weights.map((row, c) => {
      let sum = 0
      for (let k = 0; k < SIZE; k++) sum += row[k] * image[k]
      return bias[c] + sum / 255
    })
  const random = new Random(0, 'softmax regression')
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const i of random.permutation(train.count)) {
      const image = imageOf(train, i)
      const scores = scoresOf(image)
      const largest = Math.max(...scores)
      const exponentials = scores.map((score) => Math.exp(score - largest))
      const total = exponentials.reduce((a, b) => a + b)
      weights.forEach((row, c) => {
        const step = (0.05 / (1 + epoch)) * (exponentials[c] / total - (c === train.labels[i] ? 1 : 0))
        bias[c] -= step
        for (let k = 0; k < SIZE; k++) row[k] -= (step / 255) * image[k]
      })
    }
  }
  return (image) => argMin(scoresOf(image).map((score) => -score))
}
