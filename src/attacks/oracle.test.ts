import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { Engine } from '../device/wasm/engine.ts'
import { evaluate } from '../model/evaluate.ts'
import { graphOf } from '../model/graph.ts'
import { examples } from './inputs.ts'
import { targetedRatio } from './losses.ts'
import { type Question, deviceOracle, graphOracle } from './oracle.ts'
import { smallCase } from './random-dataset.testing.ts'
import { subjectOf } from './subject.testing.ts'

const { network, dataset } = smallCase(3)
const { images } = examples(dataset, [0, 1, 2, 3, 4])
const random = new Random(1, 'oracle')
const pixels = images.map((image) => Float64Array.from(image, (x) => x + 0.1 * random.normal()))
const loss = targetedRatio(0, 2)
const device = deviceOracle(subjectOf(await Engine.create(), network, dataset).loaded, 4)
const graph = graphOracle(graphOf(network))

test('logits and gradients by the pixels are those of float64 and of finite differences', () => {
  for (const at of pixels) {
    const [answer] = graph.ask([{ pixels: at, loss }])
    const exact = evaluate(network, at)
    const value = (point: Float64Array) => loss(evaluate(network, point), new Float64Array(4))
    expect(answer!.value).toBeCloseTo(value(at), 9)
    exact.forEach((z, c) => expect(answer!.logits[c]).toBeCloseTo(z, 9))
    for (const i of [0, 7, 20, 35]) {
      const moved = (by: number) => value(at.with(i, at[i]! + by))
      expect(answer!.gradient[i]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 5)
    }
    const [single] = device.ask([{ pixels: at, loss }])
    expect(single!.value).toBeCloseTo(answer!.value, 4)
    exact.forEach((z, c) => expect(single!.logits[c]).toBeCloseTo(z, 4))
    answer!.gradient.forEach((slope, i) => expect(single!.gradient[i]).toBeCloseTo(slope, 3))
  }
})

test('an answer depends on its question alone; who asks for no gradient gets none', () => {
  const questions: Question[] = [
    { pixels: pixels[0]!, loss },
    { pixels: pixels[1]! },
    { pixels: pixels[2]!, loss: targetedRatio(3, 1) },
  ]
  for (const oracle of [device, graph]) {
    const together = oracle.ask(questions)
    expect(together).toEqual(questions.map((question) => oracle.ask([question])[0]))
    expect(together.toReversed()).toEqual(oracle.ask(questions.toReversed()))
    expect(together.map(({ gradient }) => gradient.length)).toEqual([36, 0, 36])
    expect(together[1]!.value).toBeNaN()
  }
})
