import { expect, test } from 'vitest'
import { testGpu, Trial } from './gpu.testing.ts'
import { dispatchOf, eachOf, read, update, write } from './kernel.ts'
import { Plan, anyGpu } from './plan.ts'

const plan = new Plan(anyGpu)
const [x, y] = [plan.kept('x', 8), plan.kept('y', 8)]

test('bindings are numbered in their order, and say who writes', () => {
  const { code, readsStep } = dispatchOf(eachOf('k', 8, { x: read(x, 'vec4f'), y: write(y, 'u32') }, 'y[i] = 1u;'))
  expect(code).toContain('@group(0) @binding(0) var<storage, read> x: array<vec4f>;')
  expect(code).toContain('@group(0) @binding(1) var<storage, read_write> y: array<u32>;')
  expect(readsStep).toBe(false)
  expect(code).not.toContain('Step')
})

test('a kernel has the numbers of the step if it or its functions name one', () => {
  const stepOf = (main: string, declarations: string) =>
    dispatchOf(eachOf('k', 8, { y: update(y) }, main, declarations)).readsStep
  expect(stepOf('y[i] = step.epsilon;', '')).toBe(true)
  expect(stepOf('y[i] = f();', 'fn f() -> f32 { return step.weight; }')).toBe(true)
  expect(stepOf('let my_step = vec2f(1.0); y[i] = my_step.x;', '')).toBe(false)
})

test('what is more than one dimension of workgroups holds goes on in the next', () => {
  expect(eachOf('k', 64 * 65535, {}, '').groups).toEqual([65535, 1, 1])
  expect(eachOf('k', 64 * 65535 + 1, {}, '').groups).toEqual([65535, 2, 1])
})

test('more workgroups than devices have are refused in a line', () => {
  const kernel = { ...eachOf('sums', 8, {}, ''), groups: [1, 1, 65536] } as const
  expect(() => dispatchOf(kernel)).toThrow(
    'sums takes 1 × 1 × 65536 workgroups, and GPUs have at most 65535 in a row: train on the CPU',
  )
})

test('every index comes once, and none behind the last', async () => {
  const trial = new Trial(await testGpu())
  const counts = trial.input(new Float32Array(200))
  trial.plan.each('count', 130, { counts: update(counts) }, 'counts[i] += 1.0;')
  const [found] = await trial.run([counts])
  expect([...found]).toEqual(Array.from({ length: 200 }, (_, i) => (i < 130 ? 1 : 0)))
})
