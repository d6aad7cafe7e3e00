import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { batchOf } from './batch.ts'
import { columnShape, columnsRelu, startColumns } from './columns.ts'
import { errorOf } from './columns.testing.ts'
import { Trial, testGpu } from './gpu.testing.ts'

const randomOf = (random: Random, length: number) => Float32Array.from({ length }, () => random.between(-1, 1))

/** Each number is as near as float32 sums of what was added are. */
const expectNear = (found: ArrayLike<number>, expected: readonly number[], sizes: readonly number[]) => {
  const wrong = expected.findIndex((value, i) => !(Math.abs(found[i] - value) <= 3e-6 * sizes[i] + 1e-12))
  expect(wrong < 0 ? 'near' : `[${wrong}] ${found[wrong]} for ${expected[wrong]}`).toBe('near')
  expect(found.length).toBe(expected.length)
}

test('columns of the image are its centre, and its radii times errors that the image is named by', async () => {
  for (const [size, dimension, stream] of [
    [3, 50, 'projection'],
    [4, 7, 'reference'],
  ] as const) {
    const trial = new Trial(await testGpu())
    const shape = columnShape(batchOf(size), dimension)
    const { stride } = shape.batch
    const inputs = 5
    const box = randomOf(new Random(size), 2 * inputs * stride)
    const identifiers = Uint32Array.of(59_999, 3, 77, 3).subarray(0, stride)
    const source = { shape, identifiers: trial.input(identifiers), stream }
    const columns = startColumns(trial.plan, source, trial.input(box))
    const [found] = await trial.run([columns], { projectionSeed: 12, referenceSeed: 0xffffffff })

    const seed = stream === 'projection' ? 12 : 0xffffffff
    const expected = Array.from(found, (_, i) => {
      const [c, e, j] = [i % shape.width, Math.floor(i / shape.width) % size, Math.floor(i / shape.width / size)]
      if (c === 0) return box[j * stride + e]
      if (c > dimension) return 0
      return box[(inputs + j) * stride + e] * errorOf([stream, seed], identifiers[e], [0, j, c])
    })
    expect(found.length).toBe(inputs * size * shape.width)
    expectNear(found, expected, expected.map(Math.abs))
  }
})

/** Neurons on, off and unstable, some with tiny slopes. */
function randomLines(random: Random, count: number): { slopes: Float32Array; gaps: Float32Array } {
  const slopes = new Float32Array(count)
  const gaps = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const kind = random.integer(4)
    slopes[i] = kind === 0 ? 0 : kind === 1 ? 1 : random.integer(5) === 0 ? 1e-20 : random.between(0.01, 1)
    if (kind > 1) gaps[i] = -random.between(0.01, 2)
  }
  return { slopes, gaps }
}

test.each([
  { size: 3, dimension: 50, neurons: 11, before: false },
  { size: 1, dimension: 1, neurons: 70, before: true },
  { size: 2, dimension: 1100, neurons: 3, before: true },
])('columns behind a ReLU and their gradients equal float64 loops: $size × $dimension', async (given) => {
  const { size, dimension, neurons, before } = given
  const random = new Random(dimension, 'columns')
  const trial = new Trial(await testGpu())
  const shape = columnShape(batchOf(size), dimension)
  const { width, batch } = shape
  const count = neurons * batch.stride
  const { slopes, gaps } = randomLines(random, count)
  const identifiers = Uint32Array.from({ length: batch.stride }, () => random.integer(60_000))
  const values = randomOf(random, neurons * size * width)
  const behind = randomOf(random, values.length)
  const already = randomOf(random, 2 * count)
  // the padding of columns is zero
  for (let i = 0; i < values.length; i++) if (i % width > dimension) values[i] = 0

  const columns = trial.input(values, true)
  const lines = trial.input([...slopes, ...gaps], true)
  const source = { shape, identifiers: trial.input(identifiers), stream: 'projection' } as const
  const tape = new Tape()
  columnsRelu(trial.plan, tape, source, { columns, lines, stage: 4 })
  trial.seed(columns, behind)
  if (before) trial.seed(lines, already)
  tape.backward()
  const found = await trial.run([columns, columns.gradient!, lines.gradient!], { projectionSeed: 5 })

  const [y, sizes, dz] = [0, 0, 0].map(() => Array.from<number>({ length: values.length })) as [
    number[],
    number[],
    number[],
  ]
  const toLines = Array.from({ length: 2 * count }, (_, i) => (before ? already[i] : 0))
  const lineSizes = toLines.map(Math.abs)
  for (let i = 0; i < values.length; i++) {
    const [c, e, j] = [i % width, Math.floor(i / width) % size, Math.floor(i / width / size)]
    const at = j * batch.stride + e
    const [d, l] = [slopes[at], gaps[at]]
    const error = c === 0 ? 1 : c > dimension ? 0 : errorOf(['projection', 5], identifiers[e], [5, j, c])
    const half = (-d * l) / 2
    y[i] = d * values[i] + half * error
    sizes[i] = Math.abs(d * values[i]) + Math.abs(half * error)
    dz[i] = d * behind[i]
    if (l === 0) continue
    // ∂y/∂d = z − l/2 · error, ∂y/∂l = −d/2 · error
    toLines[at] += (values[i] - (l / 2) * error) * behind[i]
    lineSizes[at] += Math.abs(values[i] * behind[i]) + Math.abs((l / 2) * error * behind[i])
    toLines[count + at] -= (d / 2) * error * behind[i]
    lineSizes[count + at] += Math.abs((d / 2) * error * behind[i])
  }
  expectNear(found[0], y, sizes)
  expectNear(found[1], dz, dz.map(Math.abs))
  expectNear(found[2], toLines, lineSizes)
})
