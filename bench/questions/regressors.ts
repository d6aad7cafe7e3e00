/** Convolutional regressors over small images: limits of one output that adaptive or optimised slopes prove. */
import { Random } from '../../src/base/random.ts'
import { parseNetwork } from '../../src/formats/onnx/import.ts'
import { evaluateGraph } from '../../src/model/graph.ts'
import { Model } from './model.ts'
import { drawPerceptron } from './perceptron.ts'
import { type BenchQuestion, type Family, boxAround, decimal, sampledRange, vnnlib } from './question.ts'

const SIDE = 32

export function regressorFamily(seed: number): Family {
  const networks = new Map<string, Uint8Array>()
  const questions: BenchQuestion[] = []
  for (let i = 0; i < 4; i++) {
    const random = new Random(seed, 'regressor', i)
    const model = new Model()
    const convolution = (x: string, name: string, inside: number, outside: number, stride: number) => {
      const deviation = Math.sqrt(2 / (9 * inside))
      const values = Array.from({ length: outside * inside * 9 }, () => deviation * random.normal())
      const weights = model.tensor(name, [outside, inside, 3, 3], values)
      return model.node('Relu', [
        model.node('Conv', [x, weights], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [stride, stride] }),
      ])
    }
    const first = convolution('x', 'c1', 1, 8, 1)
    const second = convolution(first, 'c2', 8, 16, 2)
    const third = convolution(second, 'c3', 16, 16, 2)
    const flat = model.node('Flatten', [third])
    model.perceptron(flat, 'head', drawPerceptron([16 * (SIDE / 4) ** 2, 32, 1], random))
    const file = `regressor-${i}`
    const bytes = model.bytes([1, 1, SIDE, SIDE])
    networks.set(file, bytes)
    const { graph } = parseNetwork(bytes, file)
    const centre = Array.from({ length: SIDE * SIDE }, () => random.uniform())
    for (const [radius, beyond] of [
      [0.001, 20],
      [0.003, 20],
      [0.01, 40],
      [0.005, -0.2],
    ] as const) {
      const box = boxAround(centre, Array(SIDE * SIDE).fill(radius))
      const value = (x: number[]) => evaluateGraph(graph, x).at(-1)![0]
      const { least, most } = sampledRange(box, value, random, 100)
      const unsafe = `(>= Y_0 ${decimal(most + beyond * (most - least))})`
      questions.push({ name: `${file}-${radius}-${beyond}`, network: file, property: vnnlib(box, 1, unsafe) })
    }
  }
  return { name: 'regressors', networks, questions }
}
