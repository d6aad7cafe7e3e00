import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { takeIntoAverage } from '../../training/average.ts'
import { applyUpdate } from '../../training/optimiser.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { type UpdateOptions, gradientNorm, updateWeights } from './optimiser.ts'
import { noStep } from './step.ts'

const plain: UpdateOptions = {
  ...{ optimiser: 'adam', momentum: 0.9, weightDecay: 0, sparsity: 0, gradientClip: 0, averageDecay: 0 },
}
const LENGTH = 300

/** Steps with random gradients on the GPU and on the CPU. @returns what both have at the end */
async function train(
  change: Partial<UpdateOptions>,
  gradientOf: (step: number, random: Random) => number[],
  steps = 20,
) {
  const options = { ...plain, ...change }
  const trial = new Trial(await testGpu())
  const { plan, gpu } = trial
  const random = new Random(1, 'optimiser')
  const kept = (name: string) => plan.kept(name, LENGTH)
  const given = { parameters: kept('p'), gradient: kept('g'), first: kept('m'), second: kept('v') }
  const average = kept('average')
  const norm = gradientNorm(plan, given.gradient)
  const length = plan.kept('norm', 1)
  plan.each(
    'keep',
    1,
    { x: { values: norm, access: 'read', type: 'u32' }, y: { values: length, access: 'write', type: 'u32' } },
    'y[i] = x[i];',
  )
  updateWeights(plan, { ...given, ...(options.averageDecay > 0 && { average }), norm }, options)
  const [program] = await gpu.compile([plan])
  const start = Float32Array.from({ length: LENGTH }, (_, i) => (i % 7 === 0 ? 0 : random.normal()))
  gpu.write(given.parameters, start)
  const onCpu = { parameters: start.slice(), first: new Float32Array(LENGTH), second: new Float32Array(LENGTH) }
  const averageOnCpu = new Float32Array(LENGTH)
  const norms: number[] = []
  const normsOnCpu: number[] = []
  for (let taken = 1; taken <= steps; taken++) {
    const gradient = Float32Array.from(gradientOf(taken, random))
    const learningRate = 0.01 / taken
    gpu.write(given.gradient, gradient)
    const corrections = { firstCorrection: 1 - 0.9 ** taken, secondCorrection: 1 - 0.999 ** taken }
    gpu.submit([{ program, step: { ...noStep, taken, learningRate, ...corrections } }])
    norms.push(Math.sqrt((await gpu.read(length))[0]))
    const normOnCpu = Math.hypot(...gradient)
    normsOnCpu.push(normOnCpu)
    if (!Number.isFinite(normOnCpu)) continue
    const scale = options.gradientClip > 0 ? Math.min(1, options.gradientClip / normOnCpu) : 1
    applyUpdate(onCpu, gradient, { ...options, learningRate, scale, step: taken })
    takeIntoAverage(averageOnCpu, onCpu.parameters, options.averageDecay, taken)
  }
  const [parameters, first, second] = await Promise.all(
    [given.parameters, given.first, given.second].map((v) => gpu.read(v)),
  )
  return {
    found: { parameters, first, second },
    onCpu,
    averages: [await gpu.read(average), averageOnCpu],
    norms,
    normsOnCpu,
  }
}

const normals = (_: number, random: Random) => Array.from({ length: LENGTH }, () => random.normal())
const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (v, i) => Math.abs(v - b[i]) / Math.max(1, Math.abs(b[i]))).reduce(
    (most, d) => (d <= most ? most : d),
    0,
  )

describe('twenty steps equal those of the CPU', () => {
  it.each<[string, Partial<UpdateOptions>]>([
    ['Adam', {}],
    ['Adam, clipped, with penalties', { gradientClip: 8, weightDecay: 0.05, sparsity: 0.02 }],
    ['Adam with an average', { averageDecay: 0.8 }],
    ['SGD', { optimiser: 'sgd' }],
    [
      'SGD, clipped, with penalties and an average',
      { optimiser: 'sgd', gradientClip: 8, weightDecay: 0.05, sparsity: 0.02, averageDecay: 0.5 },
    ],
  ])('%s', async (_, change) => {
    const { found, onCpu, averages, norms, normsOnCpu } = await train(change, normals)
    expect(furthest(norms, normsOnCpu)).toBeLessThan(1e-6)
    expect(furthest(found.parameters, onCpu.parameters)).toBeLessThan(1e-6)
    expect(furthest(found.first, onCpu.first)).toBeLessThan(1e-6)
    expect(furthest(found.second, onCpu.second)).toBeLessThan(1e-6)
    if (change.averageDecay) expect(furthest(averages[0], averages[1])).toBeLessThan(1e-6)
  })
})

it('clips gradients that are longer than allowed, and no others', async () => {
  const short = await train({ optimiser: 'sgd', gradientClip: 1e6 }, normals, 1)
  const free = await train({ optimiser: 'sgd' }, normals, 1)
  expect(short.found.parameters).toEqual(free.found.parameters)
  const zero = await train({ optimiser: 'sgd', gradientClip: 1 }, () => Array<number>(LENGTH).fill(0), 1)
  expect(zero.found.parameters).toEqual(zero.onCpu.parameters)
})

it.each([NaN, Infinity, -Infinity, 1e30])(
  'moves nothing for a gradient with %d, and its norm is not finite',
  async (fault) => {
    const steps = (taken: number, random: Random) =>
      normals(taken, random).map((v, i) => (taken > 1 && i === 257 ? fault : v))
    const change = { gradientClip: 1, weightDecay: 0.1, averageDecay: 0.5 }
    const { found, norms, averages } = await train(change, steps, 3)
    const once = await train(change, steps, 1)
    expect(found).toEqual(once.found)
    expect(averages[0]).toEqual(once.averages[0])
    expect(norms.map(Number.isFinite)).toEqual([true, false, false])
  },
)

it('gives the same bits twice', async () => {
  const [a, b] = [await train({}, normals, 3), await train({}, normals, 3)]
  expect(a.found).toEqual(b.found)
})
