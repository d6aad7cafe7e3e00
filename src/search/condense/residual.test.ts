/** Residual networks of layers: what the engine and its reference prove, against graphs, which know of no layers. */
import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { proveNetwork } from '../../bounds/dual.ts'
import { provedMargins } from '../../bounds/margins.ts'
import { referenceMargins, referencePrunedMargins } from '../../reference/margins.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { evaluate } from '../../model/evaluate.ts'
import { graphOf } from '../../model/graph.ts'
import { sizeOf } from '../../model/layers.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { countClasses } from '../../model/network.ts'
import { randomNetwork } from '../../model/random-network.testing.ts'
import { withMargins } from '../../region/margins-graph.ts'
import { classificationQuestion } from '../../region/image-question.ts'
import { paperBall } from '../../region/ball.ts'
import { branchAndBound } from '../branch/branch-and-bound.ts'
import { lowerBoundsOf } from '../testing/linear-bounds.testing.ts'
import { condense } from './condense.ts'
import { inputBall } from '../../reference/input-ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** A network, an image with the label that it gives it, by little, and a ball that is often too large to be robust. */
function draw(seed: number) {
  const random = new Random(seed, 'residual')
  const network = randomNetwork(random, { hiddenLayers: 1 + random.integer(3), maxWidth: 14, everyKind: true })
  const { architecture } = network
  const image = Float32Array.from({ length: sizeOf(architecture.input) }, () => random.uniform())
  const label = random.integer(countClasses(architecture))
  const epsilon = Math.fround([0.01, 0.03, 0.1, 0.3][random.integer(4)])
  const outputs = evaluate(network, image)
  const bias = network.parameters.subarray(network.parameters.length - outputs.length)
  outputs.forEach((y, i) => (bias[i] += outputs[label] - y - (i === label ? 0 : 3 * epsilon * random.uniform())))
  const ball = inputBall(image, paperBall(epsilon))
  const question = classificationQuestion(
    { lower: ball.centre.map((x) => x - epsilon), upper: ball.centre.map((x) => x + epsilon) },
    label,
    countClasses(architecture),
  )
  const targets = Array.from(outputs.keys()).filter((target) => target !== label)
  const margins = withMargins(graphOf(network), question)
  return { network, image, label, epsilon, ball, question, targets, margins, name: `seed ${seed}` }
}

const isSum = ({ kind }: { kind: string }) => kind === 'add'

test('the dual bound of the graph is that of the layers', () => {
  let sums = 0
  for (let seed = 0; seed < 150; seed++) {
    const { network, label, ball, question, targets, margins, name } = draw(seed)
    if (network.architecture.layers.some(isSum)) sums++
    const ofLayers = referenceMargins(network, label, ball)
    const ofGraph = lowerBoundsOf(margins, question, 'dual')
    targets.forEach((target, i) => {
      const scale = Math.max(1, Math.abs(ofLayers[target]))
      expect(Math.abs(ofGraph[i] + ofLayers[target]) / scale, name).toBeLessThan(1e-9)
    })
  }
  expect(sums).toBeGreaterThan(80)
})

test('what the engine or the reference proves has no counterexample', async () => {
  const seen = { robust: 0, vulnerable: 0, undecided: 0, proved: 0 }
  for (let seed = 0; seed < 150; seed++) {
    const { network, image, label, epsilon, ball, question, targets, margins, name } = draw(seed)
    if (!network.architecture.layers.some(isSum)) continue
    const { condensed } = condense(engine, margins, question, { deadline: Deadline.in(60_000) })
    const isCounterexample = (point: Float64Array) => {
      const outputs = evaluate(network, point)
      return targets.some((target) => outputs[target] >= outputs[label])
    }
    const { verdict } = await branchAndBound(engine, condensed, {
      deadline: Deadline.in(60_000),
      isCounterexample,
    })
    seen[verdict]++
    for (const prune of [false, true]) {
      const mark = engine.mark()
      const loaded = new LoadedNetwork(engine, network.architecture, false)
      loaded.setParameters(network.parameters)
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, paperBall(epsilon))
      const proved = provedMargins(proveNetwork(loaded, chunk, prune), 0)
      engine.release(mark)
      const reference = (prune ? referencePrunedMargins : referenceMargins)(network, label, ball)
      for (const bounds of [proved, reference]) {
        if (!targets.every((target) => bounds[target] < 0)) continue
        expect(verdict, name).not.toBe('vulnerable')
        seen.proved++
      }
    }
  }
  expect(Math.min(seen.robust, seen.vulnerable, seen.proved), JSON.stringify(seen)).toBeGreaterThan(20)
  expect(seen.undecided).toBe(0)
})
