import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Tape } from '../../device/tape.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Trial, testGpu } from '../../device/webgpu/gpu.testing.ts'
import { relaxNetwork } from '../dual.ts'
import { dualMargins } from '../margins.ts'
import {
  loadBalls,
  randomBalls,
  randomParameters,
  recordBalls,
  relaxOnGpu,
  residual,
  sequential,
} from './balls.testing.ts'
import { dualMarginsBatch } from './margins.ts'

/** Found and expected numbers are the same, but for rounding. */
function expectNear(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length)
  const size = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  found.forEach((value, i) => {
    if (!(Math.abs(value - expected[i]) <= 1e-4 * size)) expect.fail(`number ${i} is ${value}, not ${expected[i]}`)
  })
}

test.each([sequential, residual])(
  'exact bounds, margins and their gradient, as the CPU has them: $name',
  async (of) => {
    const random = new Random(1, 'margins')
    const network = randomParameters(random, of)
    const balls = randomBalls(random, 3, 0.1)
    const toMargins = balls.images.map(() => Float32Array.from({ length: 4 }, () => random.normal()))

    const engine = await Engine.create()
    const { network: loaded, chunk } = loadBalls(engine, network, balls)
    const tape = new Tape()
    const relaxed = relaxNetwork(loaded, tape, chunk)
    const margins = balls.labels.map((_, e) => dualMargins(relaxed, tape, e))
    const values = margins.map((one) => one.read())
    margins.forEach((one, e) => one.gradient.view().set(toMargins[e]))
    tape.backward()
    const gradient = new Float32Array(loaded.parameterCount)
    loaded.readGradient(gradient)

    const trial = new Trial(await testGpu())
    const gpuTape = new Tape()
    const recorded = relaxOnGpu({ trial, tape: gpuTape, ball: recordBalls(trial, chunk) }, network, 'exact')
    const bounds = dualMarginsBatch(trial.plan, gpuTape, recorded.relaxed)
    trial.seed(
      bounds,
      toMargins.flatMap((row) => [...row]),
    )
    gpuTape.backward()
    const into = trial.plan.kept('gradient', loaded.parameterCount)
    recorded.network.gatherGradient(trial.plan, recorded.relaxed.stages, into)
    const [found, back, ...hidden] = await trial.run([bounds, into, ...recorded.relaxed.bounds], { count: 3 })

    const real = (pair: Float32Array) => pair.filter((_, i) => i % chunk.columns < chunk.count)
    relaxed.intervals.forEach(({ lower, upper }, i) => {
      expectNear(real(hidden[i]), Float32Array.of(...real(lower.read()), ...real(upper.read())))
    })
    values.forEach((row, e) => expectNear(found.subarray(4 * e, 4 * e + 4), row))
    expectNear(back, gradient)
    // rows that the interval step left open were needed, or nothing would have been compared
    expect(relaxed.rowCount).toBeGreaterThan(20)
  },
)
