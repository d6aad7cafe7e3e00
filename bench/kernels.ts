/**
 * GFLOP/s of the gather-multiply and its gradient companion on the shapes of the Small networks, and the fraction of
 * what multiply-adds on registers alone reach in the same process. Rates are medians over short alternating bursts,
 * so that a busy machine slows both alike.
 */
import { Engine } from '../src/device/wasm/engine.ts'
import { ACCUMULATE, OVERWRITE, Passage, WEIGHT_GRADIENT } from '../src/device/wasm/propagate.ts'
import { type Shape, sizeOf } from '../src/model/layers.ts'
import { Random } from '../src/base/random.ts'

export interface KernelRate {
  readonly shape: string
  readonly operation: string
  readonly rows: number
  readonly gigaflops: number
  /** Of the register-only peak. */
  readonly fraction: number
}

interface LayerShape {
  readonly name: string
  readonly input: Shape
  readonly output: Shape
  readonly kernel: number
  readonly stride: number
  readonly padding: number
}

const image = (channels: number, side: number): Shape => ({ channels, height: side, width: side })
const vector = (channels: number): Shape => image(channels, 1)

const shapes: readonly LayerShape[] = [
  { name: 'conv 1→16 4×4/2 of 28×28', input: image(1, 28), output: image(16, 14), kernel: 4, stride: 2, padding: 1 },
  { name: 'conv 3→16 4×4/2 of 32×32', input: image(3, 32), output: image(16, 16), kernel: 4, stride: 2, padding: 1 },
  { name: 'conv 16→32 4×4/2 of 14×14', input: image(16, 14), output: image(32, 7), kernel: 4, stride: 2, padding: 1 },
  { name: 'linear 1568→100', input: vector(1568), output: vector(100), kernel: 1, stride: 1, padding: 0 },
]

const operations = [
  { name: 'Wᵀ·rows', operation: OVERWRITE, transposed: true },
  { name: 'W·rows', operation: ACCUMULATE, transposed: false },
  { name: 'dW of Wᵀ', operation: WEIGHT_GRADIENT, transposed: true },
] as const

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]

/** Seconds per call over a burst of about `budget` seconds. */
function burst(call: () => void, budget: number): number {
  let calls = 0
  const start = performance.now()
  let elapsed = 0
  do {
    call()
    calls++
    elapsed = (performance.now() - start) / 1000
  } while (elapsed < budget)
  return elapsed / calls
}

export async function kernelRates(rowCounts: readonly number[] = [12, 32, 100]): Promise<KernelRate[]> {
  const engine = await Engine.create()
  const random = new Random(1, 'bench')
  const factors = engine.floatsFrom([...new Array<number>(4).fill(0.999), ...new Array<number>(8).fill(0.001)])
  const peak = () => engine.kernels.multiplyAddPeak(2000, factors)
  for (let i = 0; i < 3000; i++) peak()
  const rates: KernelRate[] = []
  for (const shape of shapes) {
    for (const rows of rowCounts) {
      for (const { name, operation, transposed } of operations) {
        const mark = engine.mark()
        const geometry = engine.geometry(shape.input, shape.output, { ...shape, groups: 1 })
        const random32 = (length: number) =>
          engine.floatsFrom(Float32Array.from({ length }, () => random.between(-1, 1)))
        const weights = random32(shape.output.channels * shape.input.channels * shape.kernel ** 2)
        const outside = { blocks: engine.windows.whole(shape.output, rows), active: geometry.allOutputs }
        const inside = { blocks: engine.windows.whole(shape.input, rows), active: geometry.allInputs }
        const passage = new Passage(engine, geometry, outside, inside)
        const [y, x] = [random32(sizeOf(shape.output) * rows), random32(sizeOf(shape.input) * rows)]
        const call = () =>
          transposed ? passage.backwards(operation, weights, y, x) : passage.forwards(operation, weights, y, x)
        for (let i = 0; i < 30; i++) call()
        const pairs = Array.from({ length: 9 }, () => {
          const ours = flops(shape, rows) / burst(call, 0.02)
          return { ours, peak: (2000 * 80) / burst(peak, 0.01) }
        })
        rates.push({
          shape: shape.name,
          operation: name,
          rows,
          gigaflops: median(pairs.map(({ ours }) => ours)) / 1e9,
          fraction: median(pairs.map((pair) => pair.ours / pair.peak)),
        })
        engine.release(mark)
      }
    }
  }
  return rates
}

/** Two operations per weight that meets a value; at the border, padding leaves some out. */
function flops({ input, output, kernel, stride, padding }: LayerShape, rows: number): number {
  const inside = (size: number, count: number) => {
    let taps = 0
    for (let o = 0; o < count; o++) for (let k = 0; k < kernel; k++) if (inRange(o * stride - padding + k, size)) taps++
    return taps
  }
  return (
    2 *
    rows *
    input.channels *
    output.channels *
    inside(input.height, output.height) *
    inside(input.width, output.width)
  )
}

const inRange = (value: number, size: number) => value >= 0 && value < size
