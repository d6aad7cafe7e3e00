import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Sums, collect, normals, pick } from '../../device/wasm/oracle.testing.ts'
import { crossEntropy } from './cross-entropy.ts'

describe('cross-entropy', () => {
  it('and its gradient equal float64', async () => {
    const engine = await Engine.create()
    const found = collect(
      engine,
      100,
      'loss',
      (seed) => new Random(seed, 'loss'),
      (random) => {
        const classes = 2 + random.integer(9)
        const [step, weight] = [pick(random, [1, 4]), random.between(0.01, 2)]
        const first = random.integer(step)
        const label = random.integer(classes)
        const scores = normals(random, classes * step).map((v) => v * pick(random, [1, 20, 300]))
        const before = normals(random, classes * step)
        const logits = engine.tensorFrom(scores)
        logits.gradient.view().set(before)
        const loss = crossEntropy({ tensor: logits, classes, first, step }, label, weight)
        const own = Float64Array.from({ length: classes }, (_, c) => scores[first + c * step])
        const largest = Math.max(...own)
        const lossOf = (values: Float64Array) =>
          weight * (largest + Math.log(values.reduce((sum, v) => sum + Math.exp(v - largest), 0)) - values[label])
        const gradient = new Sums(classes * step, before)
        own.forEach((v, c) => {
          const [more, less] = [own.with(c, v + 1e-5), own.with(c, v - 1e-5)]
          gradient.add(first + c * step, (lossOf(more) - lossOf(less)) / 2e-5)
          gradient.size[first + c * step] += 1e-3
        })
        return [
          ...new Sums(1, [lossOf(own)])
            .compare('loss', [loss], 1e-9)
            .slice(0, Math.abs(loss - lossOf(own)) < 1e-9 ? 0 : 1),
          ...gradient.compare('gradient', logits.gradient.read(), 1e-5),
        ]
      },
    )
    expect(found).toEqual([])
  })

  it('of scores that overflow an exponential is finite, of NaN is not', async () => {
    const engine = await Engine.create()
    const of = (scores: number[], label: number) =>
      crossEntropy({ tensor: engine.tensorFrom(scores), classes: scores.length, first: 0, step: 1 }, label, 1)
    expect(of([1e4, 0, -1e4], 0)).toBe(0)
    expect(of([1e4, 0, -1e4], 2)).toBe(2e4)
    expect(of([0, NaN], 0)).toBeNaN()
  })
})
