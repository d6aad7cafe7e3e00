import { expect, test } from 'vitest'
import { update } from './kernel.ts'
import { refusals } from './null.testing.ts'
import { Plan, anyGpu } from './plan.ts'

const planOf = (main: string, declarations = '', threads = 64) => {
  const plan = new Plan(anyGpu)
  const x = plan.kept('x', 64)
  plan.run({
    ...{ name: 'planted', uses: { x: update(x) }, main, declarations },
    ...{ workgroup: [threads, 1, 1], groups: [1, 1, 1] },
  })
  return plan
}

test('takes what is right', async () => {
  expect(await refusals([planOf('x[lane] += step.epsilon;')])).toEqual([])
})

test.each([
  ['wrong types', planOf('x[lane] = 1u;'), /UserError: the GPU's driver refuses the kernel 'planted': .*cannot assign/],
  ['unknown names', planOf('x[lane] = y;'), /unresolved value 'y'/],
  ['unknown numbers of the step', planOf('x[lane] = step.nothing;'), /nothing/],
  ['barriers that not all threads reach', planOf('if (x[lane] > 0.0) { workgroupBarrier(); }'), /uniform control flow/],
  ['indices outside', planOf('x[lane] = t[70];', 'var<private> t: array<f32, 64>;'), /out of bounds/],
  ['too many threads', planOf('x[lane] = 1.0;', '', 512), /workgroup_size\(512/],
  [
    'too much shared memory',
    planOf('shared_[lane] = x[lane];', 'var<workgroup> shared_: array<f32, 5000>;'),
    /workgroup storage/,
  ],
])('refuses %s', async (_, plan, message) => {
  const found = await refusals([plan, plan])
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(message)
})

test('refuses more values than every device binds', async () => {
  const plan = new Plan(anyGpu)
  const names = Array.from({ length: 9 }, (_, i) => `x${i}`)
  const uses = Object.fromEntries(names.map((name) => [name, update(plan.kept(name, 64))]))
  plan.each('many', 64, uses, names.map((name) => `${name}[i] = 1.0;`).join(' '))
  expect((await refusals([plan]))[0]).toMatch(/'many': The number of storage buffers \(9\)/)
})
