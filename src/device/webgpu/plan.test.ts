import { expect, test } from 'vitest'
import { testGpu, Trial } from './gpu.testing.ts'
import { read, write, update } from './kernel.ts'

test('runs what was recorded, with numbers of the step', async () => {
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const x = trial.input([1, 2, 3, 4, 5])
  const y = plan.values('y', 5)
  const z = plan.values('z', 5)
  plan.each('double', 5, { x: read(x), y: write(y) }, 'y[i] = 2.0 * x[i];')
  plan.each('add', 5, { y: read(y), z: write(z) }, 'z[i] = y[i] + step.epsilon + f32(step.first);')
  plan.each('in place', 5, { z: update(z) }, 'z[i] += 1.0;')
  const [found] = await trial.run([z], { epsilon: 0.5, first: 10 })
  expect([...found]).toEqual([13.5, 15.5, 17.5, 19.5, 21.5])
})
