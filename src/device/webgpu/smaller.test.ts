import { expect, test } from 'vitest'
import { Tape } from '../tape.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { smaller } from './smaller.ts'

test('takes the smaller, and hands the gradient to it, on top of what is there', async () => {
  const trial = new Trial(await testGpu())
  const [a, b] = [trial.input([1, 5, 2, -3], true), trial.input([2, 4, 2, -4], true)]
  const tape = new Tape()
  trial.seed(b, [100, 100, 100, 100])
  const y = smaller(trial.plan, tape, a, b)
  trial.seed(y, [1, 2, 3, 4])
  tape.backward()
  const [values, da, db] = await trial.run([y, a.gradient!, b.gradient!])
  expect([...values]).toEqual([1, 4, 2, -4])
  expect([...da]).toEqual([1, 0, 3, 0])
  expect([...db]).toEqual([100, 102, 100, 104])
})
