/** Learned indices, as in nn4sys: one input, thousands of small boxes, the output must stay near a table. */
import { Random } from '../../src/base/random.ts'
import { Model } from './model.ts'
import { drawPerceptron, evaluatePerceptron, trainPerceptron } from './perceptron.ts'
import { type BenchQuestion, type Family, declarations, decimal } from './question.ts'

export function indexFamily(seed: number): Family {
  const random = new Random(seed, 'index')
  const network = drawPerceptron([1, 32, 32, 1], random, 1, 0.5)
  const table = (x: number) => x + 0.1 * Math.sin(9 * x)
  const samples = Array.from({ length: 4000 }, () => {
    const x = random.between(0, 1)
    return { input: Float64Array.of(x), target: Float64Array.of(table(x)) }
  })
  trainPerceptron(network, samples, 15, random)
  const model = new Model()
  model.perceptron('x', 'net', network)
  const questions: BenchQuestion[] = []
  for (const [name, boxes, isSafe] of [
    ['10', 10, true],
    ['1000', 1000, true],
    ['5000', 5000, true],
    ['20000', 20_000, true],
    ['1000-sat', 1000, false],
    ['20000-sat', 20_000, false],
  ] as const) {
    const step = 1 / boxes
    const broken = Math.floor(boxes * 0.77)
    const cases = Array.from({ length: boxes }, (_, i) => {
      const [low, high] = [i * step, (i + 0.9) * step]
      const ends = [low, (low + high) / 2, high].map((x) => evaluatePerceptron(network, [x])[0])
      const room = !isSafe && i === broken ? -1e-4 : 0.02 + 3 * step
      const [least, most] = [Math.min(...ends) - room, Math.max(...ends) + room]
      const limits = `(or (<= Y_0 ${decimal(least)}) (>= Y_0 ${decimal(most)}))`
      return `(and (>= X_0 ${decimal(low)}) (<= X_0 ${decimal(high)}) ${limits})`
    })
    const property = [...declarations(1, 1), `(assert (or\n${cases.join('\n')}\n))\n`].join('\n')
    questions.push({ name: `index-${name}`, network: 'index', property })
  }
  return { name: 'many boxes', networks: new Map([['index', model.bytes([1, 1])]]), questions }
}
