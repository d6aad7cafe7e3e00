import { expect, test } from 'vitest'
import { testGpu } from './gpu.testing.ts'
import { update } from './kernel.ts'
import { Plan } from './plan.ts'
import { noStep } from './step.ts'

test('every step has its own numbers, also when there are more of them than places', async () => {
  const gpu = await testGpu()
  const plan = new Plan(gpu.target)
  const found = plan.kept('found', 600)
  plan.each('say', 1, { found: update(found) }, 'found[step.record] = f32(step.first) + step.epsilon;')
  const [program] = await gpu.compile([plan])
  const stepOf = (record: number) => ({ program, step: { ...noStep, record, first: 1000 + record, epsilon: 0.25 } })
  for (let first = 0; first < 600; first += 100) {
    gpu.submit(Array.from({ length: 100 }, (_, i) => stepOf(first + i)))
  }
  expect([...(await gpu.read(found))]).toEqual(Array.from({ length: 600 }, (_, i) => 1000.25 + i))
})
