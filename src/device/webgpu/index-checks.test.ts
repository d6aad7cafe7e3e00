import { expect, test } from 'vitest'
import { testGpu } from './gpu.testing.ts'
import { checkIndices } from './index-checks.testing.ts'
import { read, write } from './kernel.ts'
import { Plan } from './plan.ts'
import { noStep } from './step.ts'

/** What a kernel on 5 and 8 values is found to do. */
async function faultsOf(main: string): Promise<readonly string[]> {
  const gpu = await testGpu()
  const plan = new Plan(gpu.target)
  const [x, y] = [plan.kept('x', 5), plan.kept('y', 8)]
  plan.each('kernel', 5, { x: read(x), y: write(y) }, main)
  const faults = checkIndices(plan)
  const [program] = await gpu.compile([plan])
  gpu.submit([{ program, step: noStep }])
  return faults(gpu)
}

test('indices that are too large are counted, also within others and where nothing comes of them', async () => {
  expect(await faultsOf('y[i] = x[i];')).toEqual([])
  expect(await faultsOf('y[i + 4u] = x[i];')).toEqual(['kernel: 1'])
  expect(await faultsOf('y[i] = select(0.0, x[i + 2u], i < 3u);')).toEqual(['kernel: 2'])
  expect(await faultsOf('y[u32(x[i + 1u])] = 1.0;')).toEqual(['kernel: 1'])
})
