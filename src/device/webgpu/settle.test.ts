import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'
import { type Batch, batchOf } from './batch.ts'
import { columnShape } from './columns.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { medianOf } from './medians.testing.ts'
import { type Tightening, settle } from './settle.ts'

interface Case {
  readonly batch: Batch
  readonly neurons: number
  readonly relu: boolean
  readonly dimension: number
  /** [2][neuron][stride] */
  readonly box: Float32Array
  readonly exact: Float32Array | undefined
  /** [neuron][example · width + column] */
  readonly columns: Float32Array | undefined
}

/** Boxes on both sides of zero and across it, some without any radius or with an end at zero. */
function caseOf(seed: number, relu: boolean, tightening: 'nothing' | 'columns' | 'exact'): Case {
  const random = new Random(seed, 'settle')
  const batch = batchOf(1 + random.integer(6))
  const neurons = 1 + random.integer(40)
  const dimension = 1 + random.integer(12)
  const count = neurons * batch.stride
  const box = new Float32Array(2 * count)
  for (let i = 0; i < count; i++) {
    box[i] = random.between(-1, 1)
    box[count + i] = [0, Math.abs(box[i]), random.uniform(), random.uniform()][random.integer(4)]
  }
  // tighter, looser, across and beside the interval
  const near = (i: number) => box[i] + box[count + i] * random.between(-1.5, 1.5)
  const exact = Float32Array.from({ length: 2 * count }, (_, i) =>
    random.integer(9) === 0 ? [-Infinity, Infinity][random.integer(2)] : near(i % count),
  )
  const { width } = columnShape(batch, dimension)
  const columns = Float32Array.from({ length: neurons * batch.size * width }, (_, i) => {
    const [c, e, j] = [i % width, Math.floor(i / width) % batch.size, Math.floor(i / width / batch.size)]
    const at = j * batch.stride + e
    if (c === 0) return random.integer(8) === 0 ? 5 : box[at] + 0.3 * random.between(-1, 1)
    if (c > dimension) return 0
    return random.integer(6) === 0 ? [0, 0.25][random.integer(2)] : box[count + at] * 0.6 * random.cauchy()
  })
  return {
    ...{ batch, neurons, relu, dimension, box },
    exact: tightening === 'exact' ? exact : undefined,
    columns: tightening === 'columns' ? columns : undefined,
  }
}

interface Ends {
  readonly l: number
  readonly u: number
  /** Adds what comes back to the ends where it belongs. */
  readonly back: (toLower: number, toUpper: number) => void
}

/** The bounds of one neuron and example in float64, and the way back. */
function endsOf(c: Case, at: number, gradients: { box: number[]; exact: number[]; columns: number[] }): Ends {
  const { batch, box, exact, columns, dimension } = c
  const count = c.neurons * batch.stride
  const [middle, radius] = [box[at], box[count + at]]
  const [lower, upper] = [Math.fround(middle - radius), Math.fround(middle + radius)]
  const toBox = (toLower: number, toUpper: number) => {
    gradients.box[at] += toLower + toUpper
    gradients.box[count + at] += toUpper - toLower
  }
  const example = at % batch.stride
  if (!(lower < 0 && upper > 0) || example >= batch.size) return { l: lower, u: upper, back: toBox }
  if (exact) {
    const [below, above] = [exact[at], exact[count + at]]
    const [isBelow, isAbove] = [below > lower && Number.isFinite(below), above < upper && Number.isFinite(above)]
    const back = (toLower: number, toUpper: number) => {
      toBox(isBelow ? 0 : toLower, isAbove ? 0 : toUpper)
      if (isBelow) gradients.exact[at] += toLower
      if (isAbove) gradients.exact[count + at] += toUpper
    }
    return { l: isBelow ? below : lower, u: isAbove ? above : upper, back }
  }
  if (!columns) return { l: lower, u: upper, back: toBox }
  const { width } = columnShape(batch, dimension)
  const row = (Math.floor(at / batch.stride) * batch.size + example) * width
  const { median, places } = medianOf(columns.subarray(row + 1, row + 1 + dimension))
  const [below, above] = [Math.fround(columns[row] - median), Math.fround(columns[row] + median)]
  const [l, u] = [Math.max(lower, below), Math.min(upper, above)]
  if (!(l <= u)) return { l: lower, u: upper, back: toBox }
  const back = (toLower: number, toUpper: number) => {
    toBox(l > lower ? 0 : toLower, u < upper ? 0 : toUpper)
    const [low, high] = [l > lower ? toLower : 0, u < upper ? toUpper : 0]
    gradients.columns[row] += low + high
    for (const place of places) gradients.columns[row + Math.abs(place)] += ((high - low) / 2) * Math.sign(place)
  }
  return { l, u, back }
}

const relu = (x: number) => Math.max(x, 0)

const cases = (['nothing', 'columns', 'exact'] as const).flatMap((tightening) =>
  [true, false].map((relu) => ({ tightening, relu })),
)

test.each(cases)(
  'with $tightening beside intervals, ReLU $relu: bounds, lines, boxes and their gradients',
  async (given) => {
    for (let seed = 0; seed < 4; seed++) {
      const c = caseOf(seed, given.relu, given.tightening)
      const random = new Random(seed, 'gradients')
      const count = c.neurons * c.batch.stride
      const trial = new Trial(await testGpu())
      const tape = new Tape()
      const box = trial.input(c.box, true)
      const source = trial.input(c.exact ?? c.columns ?? [0], true)
      const shape = columnShape(c.batch, c.dimension)
      const tightening: Tightening | undefined = c.exact ? { exact: source } : c.columns && { columns: source, shape }
      const { bounds, lines, behind } = settle(trial.plan, tape, { ...c, box, tightening })
      // gradients come back to some of the three, and may be there already
      const back = [bounds, lines, behind].map((values, i) => {
        const isWanted = values.wantsGradient && (seed + i) % 4 !== 0
        const gradient = Array.from({ length: 2 * count }, () => (isWanted ? random.between(-1, 1) : 0))
        if (isWanted) trial.seed(values, gradient)
        return gradient
      }) as [number[], number[], number[]]
      const already = { box: [], exact: [], columns: [] } as Record<'box' | 'exact' | 'columns', number[]>
      const start = (length: number) => Array.from({ length }, () => (seed % 2 ? random.between(-1, 1) : 0))
      already.box = start(2 * count)
      already.exact = start(c.exact?.length ?? 0)
      already.columns = start(c.columns?.length ?? 0)
      if (seed % 2) {
        trial.seed(box, already.box)
        if (tightening) trial.seed(source, c.exact ? already.exact : already.columns)
      }
      tape.backward()
      const wanted = [bounds, lines, behind, box.gradient!, ...(tightening ? [source.gradient!] : [])]
      const found = await trial.run(wanted)

      const expected = [0, 0, 0].map(() => new Float32Array(2 * count)) as [Float32Array, Float32Array, Float32Array]
      for (let at = 0; at < count; at++) {
        const { l, u, back: takeBack } = endsOf(c, at, already)
        const [low, high] = [at, count + at]
        const isUnstable = l < 0 && u > 0
        const [after, sides] = given.relu ? [relu, [l > 0, u > 0]] : [(x: number) => x, [true, true]]
        expected[0][low] = l
        expected[0][high] = u
        expected[1][low] = !given.relu || l >= 0 ? 1 : isUnstable ? u / (u - l) : 0
        expected[1][high] = given.relu && isUnstable ? l : 0
        expected[2][low] = (after(u) + after(l)) / 2
        expected[2][high] = (after(u) - after(l)) / 2
        const [ends, toLines, toBehind] = back
        let [toLower, toUpper] = [ends[low], ends[high]]
        if (given.relu && isUnstable) {
          toLower += toLines[high] + (toLines[low] * u) / (u - l) ** 2
          toUpper -= (toLines[low] * l) / (u - l) ** 2
        }
        if (sides[0]) toLower += (toBehind[low] - toBehind[high]) / 2
        if (sides[1]) toUpper += (toBehind[low] + toBehind[high]) / 2
        takeBack(toLower, toUpper)
      }
      const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
        const scale = Math.max(1, ...Array.from(b, Math.abs))
        expect(Array.from(a).findIndex((value, i) => !(Math.abs(value - b[i]) <= 2e-6 * scale))).toBe(-1)
      }
      expected.forEach((values, i) => near(found[i], values))
      near(found[3], already.box)
      if (tightening) near(found[4], c.exact ? already.exact : already.columns)
    }
  },
)

test('without a tape nothing is kept for the way back', async () => {
  const trial = new Trial(await testGpu())
  const box = trial.input([0, 0, 0, 0, 1, 1, 1, 1], true)
  const { bounds } = settle(trial.plan, undefined, { box, neurons: 1, batch: batchOf(4), relu: true })
  expect(bounds.wantsGradient).toBe(false)
  expect(trial.plan.dispatches[0].uses.length).toBe(4)
})

test('slopes can be divided by, and an estimate that says nothing changes nothing', async () => {
  const trial = new Trial(await testGpu())
  const exact = trial.input([-1, NaN, 0, 0, 1e-30, NaN, 0, 0])
  const box = trial.input([0, 0, 0, 0, 2, 2, 0, 0])
  const { bounds, lines } = settle(trial.plan, undefined, {
    ...{ box, neurons: 1, batch: batchOf(2), relu: true, tightening: { exact } },
  })
  const [ends, [slope]] = await trial.run([bounds, lines])
  expect([...ends]).toEqual([-1, -2, 0, 0, Math.fround(1e-30), 2, 0, 0])
  expect(slope).toBe(Math.fround(1e-20))
})

test('NaN stays NaN', async () => {
  const trial = new Trial(await testGpu())
  const box = trial.input([NaN, 1, 2, 3, 1, NaN, 1, 1])
  const { bounds, lines, behind } = settle(trial.plan, undefined, { box, neurons: 1, batch: batchOf(4), relu: true })
  const found = await trial.run([bounds, lines, behind])
  for (const values of found) expect([...values].map(Number.isNaN)).toEqual([1, 1, 0, 0, 1, 1, 0, 0].map(Boolean))
})
