/** Tiny networks with properties of nested "and" and "or", random, near what is reachable. */
import { Random } from '../../src/base/random.ts'
import { Model } from './model.ts'
import { drawPerceptron, evaluatePerceptron } from './perceptron.ts'
import { type BenchQuestion, type Box, type Family, decimal, pointIn, vnnlib } from './question.ts'

const BOX: Box = { lower: [-1, -1, -1, -1], upper: [1, 1, 1, 1] }

export function conjunctionFamily(seed: number): Family {
  const networks = new Map<string, Uint8Array>()
  const questions: BenchQuestion[] = []
  for (let i = 0; i < 20; i++) {
    const random = new Random(seed, 'conjunction', i)
    const network = drawPerceptron([4, 10, 8, 2], random, 1, 0.3)
    const file = `tiny-${i}`
    const model = new Model()
    model.perceptron('x', 'net', network)
    networks.set(file, model.bytes([1, 4]))
    const outputs = Array.from({ length: 2000 }, () => evaluatePerceptron(network, pointIn(BOX, random)))
    /** Σ weights·Y at least what few points reach. */
    const comparison = (): string => {
      const [a, b] = [random.normal(), random.normal()]
      const seen = outputs.map((y) => a * y[0] + b * y[1]).toSorted((p, q) => p - q)
      const limit = seen[Math.floor(random.between(0.3, 1) * (seen.length - 1))]
      return `(>= (+ (* ${decimal(a)} Y_0) (* ${decimal(b)} Y_1)) ${decimal(limit)})`
    }
    const formula = (depth: number): string => {
      if (depth === 0) return comparison()
      const parts = Array.from({ length: 2 + random.integer(2) }, () => formula(depth - 1))
      return `(${random.integer(3) > 0 ? 'and' : 'or'} ${parts.join(' ')})`
    }
    questions.push({ name: file, network: file, property: vnnlib(BOX, 2, `(and ${formula(2)} ${comparison()})`) })
  }
  return { name: 'and, or', networks, questions }
}
