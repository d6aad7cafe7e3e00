import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import {
  loadBalls,
  randomBalls,
  randomParameters,
  recordBalls,
  relaxOnGpu,
  sequential,
} from '../bounds/batch/balls.testing.ts'
import { carryMarginsBatch } from '../bounds/batch/margins.ts'
import { relaxNetwork } from '../bounds/dual.ts'
import { Tape } from '../device/tape.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Trial, testGpu } from '../device/webgpu/gpu.testing.ts'
import { robustraMarginsBatch } from './batch.ts'
import { robustraMargins } from './reference-space.ts'

test('bounds over the reference space, their gradient and what is said of the constraints, as the CPU has them', async () => {
  const random = new Random(3, 'reference space')
  const [own, other] = [randomParameters(random, sequential), randomParameters(random, sequential)]
  const balls = randomBalls(random, 3, 0.05)
  const toMargins = balls.images.map(() => Float32Array.from({ length: 4 }, () => random.normal()))

  const engine = await Engine.create()
  const [f, g] = [own, other].map((network) => loadBalls(engine, network, balls))
  const tape = new Tape()
  const relaxedF = relaxNetwork(f.network, tape, f.chunk, { hidden: 'interval' })
  const relaxedG = relaxNetwork(g.network, undefined, f.chunk, { hidden: 'interval' })
  const expected = balls.labels.map((_, e) => robustraMargins(relaxedF, tape, relaxedG, e))
  const margins = expected.map((one) => one.margins.read())
  expected.forEach((one, e) => one.margins.gradient.view().set(toMargins[e]))
  tape.backward()
  const gradient = new Float32Array(f.network.parameterCount)
  f.network.readGradient(gradient)

  const trial = new Trial(await testGpu())
  const gpuTape = new Tape()
  const ball = recordBalls(trial, f.chunk)
  const carried = carryMarginsBatch(trial.plan, undefined, relaxOnGpu({ trial, ball }, other, 'interval').relaxed)
  const recorded = relaxOnGpu({ trial, tape: gpuTape, ball }, own, 'interval')
  const bounds = robustraMarginsBatch(trial.plan, gpuTape, recorded.relaxed, carried)
  trial.seed(
    bounds.margins,
    toMargins.flatMap((row) => [...row]),
  )
  gpuTape.backward()
  const into = trial.plan.kept('gradient', gradient.length)
  recorded.network.gatherGradient(trial.plan, recorded.relaxed.stages, into)
  const { statistics } = bounds
  const [found, back, table] = await trial.run([bounds.margins, into, statistics.t.values], { count: 3 })

  const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const size = Math.max(...Array.from(b, Math.abs))
    Array.from(b).forEach((value, i) => expect(Math.abs(a[i] - value)).toBeLessThan(1e-4 * size))
  }
  near(
    found,
    margins.flatMap((row) => [...row]),
  )
  near(back, gradient)
  const sumOf = (name: keyof typeof statistics) => {
    const { first, length } = statistics[name]
    return table.subarray(first, first + length).reduce((a, b) => a + b, 0)
  }
  const total = (name: keyof typeof statistics) => expected.reduce((sum, one) => sum + one.statistics[name], 0)
  near([sumOf('t')], [total('t')])
  const kinds = ['loose', 'tight', 'infeasible'] as const
  expect(kinds.map(sumOf)).toEqual(kinds.map(total))
  // some multipliers are not 0, or g would not have been asked
  expect(expected.some(({ space }) => space.eta.some((eta) => eta > 0))).toBe(true)
})
