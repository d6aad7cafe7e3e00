import { expect, it } from 'vitest'
import { Trial, testGpu } from './gpu.testing.ts'
import { read, write } from './kernel.ts'
import { finiteness, nearOne } from './numerics.ts'

/** From very small to large, densely around where series end. */
const numbers = Float32Array.from({ length: 400 }, (_, i) => (i < 200 ? 10 ** (i / 8 - 20) : 0.2 + (i - 200) / 2000))

it('log1p and lost keep the digits of small numbers', async () => {
  const trial = new Trial(await testGpu())
  const { length } = numbers
  const [logs, losses] = [trial.plan.values('logs', length), trial.plan.values('losses', length)]
  trial.plan.each(
    'near one',
    length,
    { x: read(trial.input(numbers)), logs: write(logs), losses: write(losses) },
    'logs[i] = log1p(x[i]); losses[i] = lost(x[i]);',
    nearOne,
  )
  const [foundLogs, foundLosses] = await trial.run([logs, losses])
  numbers.forEach((x, i) => {
    expect(Math.abs(foundLogs[i] / Math.log1p(x) - 1)).toBeLessThan(3e-6)
    expect(Math.abs(foundLosses[i] / -Math.expm1(-x) - 1)).toBeLessThan(3e-6)
  })
})

it('isFinite knows NaN of every kind and infinity', async () => {
  const trial = new Trial(await testGpu())
  const bits = [0x7fc00000, 0x7f800001, 0xffc00000, 0xffffffff, 0x7f800000, 0xff800000, 0x7f7fffff, 0xff7fffff, 0, 1]
  const are = trial.plan.values('are finite', bits.length)
  trial.plan.each(
    'finiteness',
    bits.length,
    { x: read(trial.input(Uint32Array.from(bits))), are: write(are) },
    'are[i] = select(0.0, 1.0, isFinite(x[i]));',
    finiteness,
  )
  const [found] = await trial.run([are])
  expect([...found]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
})
