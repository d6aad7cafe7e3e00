import { afterEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { type Gpu, targetOf } from './gpu.ts'
import { tiledGpu } from './gpu.testing.ts'
import { read, update, write } from './kernel.ts'
import { Plan } from './plan.ts'
import { noStep } from './step.ts'

let gpu: Gpu
const open = async () => (gpu = await tiledGpu())
afterEach(() => gpu.close())

/** Twice what is in x, and how often the plan has run. */
function doubling({ target }: Gpu) {
  const plan = new Plan(target)
  const [x, y, runs] = [plan.kept('x', 6), plan.kept('y', 6), plan.kept('runs', 1)]
  const between = plan.values('between', 6)
  plan.each('double', 6, { x: read(x), between: write(between) }, 'between[i] = 2.0 * x[i];')
  plan.each('store', 6, { between: read(between), y: write(y) }, 'y[i] = between[i];')
  plan.each('count', 1, { runs: update(runs) }, 'runs[i] += 1.0;')
  return { plan, x, y, runs }
}

test('what is kept is zero at first, written and read in parts, and stays', async () => {
  await open()
  const { plan, x, y, runs } = doubling(gpu)
  const [program] = await gpu.compile([plan])
  expect([...(await gpu.read(x))]).toEqual([0, 0, 0, 0, 0, 0])
  // memory that threads share, and a part of an array
  const shared = new Float32Array(new SharedArrayBuffer(16))
  shared.set([1, 2, 3, 4])
  gpu.write(x, shared)
  gpu.write(x, Float32Array.of(9, 5, 6, 9).subarray(1, 3), 4)
  for (let i = 0; i < 3; i++) gpu.submit([{ program, step: noStep }])
  expect([...(await gpu.read(y))]).toEqual([2, 4, 6, 8, 10, 12])
  expect([...(await gpu.read(y, 2, 3))]).toEqual([6, 8, 10])
  expect([...(await gpu.read(runs))]).toEqual([3])
})

test('plans share rooms and what they keep; memory counts both, and is given back', async () => {
  await open()
  const { plan, x, y } = doubling(gpu)
  const other = new Plan(gpu.target)
  const wide = other.values('wide', 100)
  other.each('spread', 100, { y: read(other.view(y)), wide: write(wide) }, 'wide[i] = y[i % 6u];')
  other.each('gather', 6, { wide: read(wide), x: write(other.view(x)) }, 'x[i] = wide[i + 60u];')
  const [double, back] = await gpu.compile([plan, other])
  gpu.write(x, Float32Array.of(1, 2, 3, 4, 5, 6))
  const [first, second] = [double, back].map((program) => ({ program, step: noStep }))
  gpu.submit([first, second, first])
  expect([...(await gpu.read(y))]).toEqual([4, 8, 12, 16, 20, 24])
  expect(gpu.memory).toBe(400 + 24 + 24 + 16)
  gpu.release([plan])
  expect(gpu.memory).toBe(400)
})

test('a plan keeps its rooms while others that need larger ones are compiled', async () => {
  await open()
  const plan = new Plan(gpu.target)
  const end = plan.kept('end', 1)
  let last = plan.values('values', 4)
  plan.each('start', 4, { x: write(last) }, 'x[i] = 0.0;')
  // more kernels than are compiled at once
  for (let n = 1; n <= 40; n++) {
    const next = plan.values('values', 4)
    plan.each('add', 4, { x: read(last), y: write(next) }, `y[i] = x[i] + ${n}.0;`)
    last = next
  }
  plan.each('end', 1, { x: read(last), end: write(end) }, 'end[i] = x[i];')
  let isDone = false
  const compiling = gpu.compile([plan]).finally(() => (isDone = true))
  for (let length = 8; !isDone; length += 64) {
    const larger = new Plan(gpu.target)
    const [x, y] = ['x', 'y'].map((name) => larger.values(name, length)) as [typeof last, typeof last]
    larger.each('x', 1, { x: write(x) }, 'x[i] = 1.0;')
    larger.each('y', 1, { x: read(x), y: write(y) }, 'y[i] = x[i];')
    await gpu.compile([larger])
  }
  const [program] = await compiling
  gpu.submit([{ program, step: noStep }])
  expect([...(await gpu.read(end))]).toEqual([820])
})

test('a kernel that the driver refuses is an error in one line, and the GPU goes on', async () => {
  await open()
  const wrong = new Plan(gpu.target)
  wrong.each('planted', 1, { x: update(wrong.kept('x', 1)) }, 'x[i] = 1u;')
  const error = await gpu.compile([wrong]).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).message).toMatch(/^the GPU's driver refuses the kernel 'planted': .*cannot assign.*$/)
  const { plan, runs } = doubling(gpu)
  const [program] = await gpu.compile([plan])
  gpu.submit([{ program, step: noStep }])
  expect([...(await gpu.read(runs))]).toEqual([1])
})

test('values that are not kept cannot be written or read', async () => {
  await open()
  const values = new Plan(gpu.target).values('passing', 4)
  expect(() => gpu.write(values, new Float32Array(4))).toThrow('passing is not kept')
  await expect(gpu.read(values)).rejects.toThrow('passing is not kept')
})

test('drivers for the CPU get plain products, others tiles', async () => {
  await open()
  expect(targetOf({ ...gpu.facts, isSoftware: true }).products).toBe('plain')
  expect(targetOf({ ...gpu.facts, isSoftware: false, threads: 1024, largestBuffer: 1000 })).toEqual({
    ...{ products: 'tiled', threads: 256, team: 256, largestBinding: 1000, sharedMemory: gpu.facts.sharedMemory },
  })
})

test('one that is closed says so', async () => {
  await open()
  const { plan, x } = doubling(gpu)
  gpu.close()
  await expect(gpu.compile([plan])).rejects.toThrow(/^the GPU .* is closed: open it again$/)
  expect(() => gpu.write(x, Float32Array.of(1))).toThrow(UserError)
})
