/** What a page, a worker of it and Node must compute alike, bit by bit, on the same driver of WebGPU. */
import type { Gpu } from '../device/webgpu/gpu.ts'
import { read, update, write } from '../device/webgpu/kernel.ts'
import { Plan } from '../device/webgpu/plan.ts'
import { noStep } from '../device/webgpu/step.ts'
import { toBase64 } from '../formats/bytes.ts'
import { openGpu } from './webgpu.ts'

const bits = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  toBase64(new Uint8Array(buffer, byteOffset, byteLength))

/** Functions that drivers round as they like, and a sum over all values, in three steps. */
export async function functions(gpu: Gpu): Promise<string> {
  const n = 1000
  const plan = new Plan(gpu.target)
  const x = plan.kept('x', n)
  const y = plan.values('y', n)
  const sums = plan.kept('sums', n)
  plan.each(
    'functions',
    n,
    { x: read(x), y: write(y) },
    'y[i] = exp(-x[i]) + log(1.0 + x[i]) / sqrt(x[i] + step.epsilon) + pow(x[i], 0.7) + cos(f32(step.first) + x[i]);',
  )
  plan.each(
    'sums',
    n,
    { y: read(y), sums: update(sums) },
    `for (var j = 0u; j < ${n}u; j++) { sums[i] = fma(y[j], y[i], sums[i]); }`,
  )
  const [program] = await gpu.compile([plan])
  gpu.write(
    x,
    Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n),
  )
  for (let first = 0; first < 3; first++) gpu.submit([{ program, step: { ...noStep, first, epsilon: 0.1 } }])
  return bits(await gpu.read(sums))
}

/** In the page, or in the worker that imports this. */
export const here = async () => functions(await openGpu())

export const driver = async () => (await openGpu()).facts.architecture
