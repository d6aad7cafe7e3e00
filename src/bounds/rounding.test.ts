/**
 * Certificates against exact arithmetic, on networks made to break them: weights of all sizes up to 1e4, sums that cancel,
 * rows that are near copies of each other, constants that swallow what is added to them, tiny ε.
 */
import { describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { sizeOf } from '../model/layers.ts'
import { countClasses, parameterLayout } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { planStages } from '../model/stages.ts'
import { extremePoint } from '../region/ball-points.testing.ts'
import { norms } from '../region/norm.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import { marginSpecification, referencePrunedMargins } from '../reference/margins.ts'
import { referenceForward, referenceStages } from '../reference/stages.ts'
import { inputBall } from '../reference/input-ball.ts'
import { type Case, certify, variants } from './certified.testing.ts'

type Kind = 'any' | 'always on' | 'cancelling' | 'tiny ball'

function nasty(kind: Kind, seed: number): Case {
  const random = new Random(seed, 'nasty', kind)
  const network = randomNetwork(random, {
    hiddenLayers: 1 + random.integer(4),
    maxWidth: 60,
    everyKind: random.integer(2) === 0,
  })
  const { architecture, parameters } = network
  const layout = parameterLayout(architecture)
  const { stages } = planStages(architecture)
  const sign = () => (random.integer(2) ? 1 : -1)
  const image = Float32Array.from({ length: sizeOf(architecture.input) }, () => random.uniform())
  const epsilon = Math.fround(
    kind === 'tiny ball' ? 10 ** random.between(-9, -4) : [0, 1e-6, 0.01, 0.3][random.integer(4)],
  )
  for (let i = 0; i < layout.length; i += 2) {
    const [weight, bias] = [layout[i], layout[i + 1]]
    const fanIn = weight.length / weight.shape[0]
    for (let k = 0; k < weight.length; k++) {
      const at = weight.offset + k
      if (parameters[at] !== 0 || random.integer(2))
        parameters[at] = sign() * 10 ** random.between(kind === 'always on' ? 0 : -3, 4)
      // every other row nearly repeats the one before, and the last layer nearly takes back what it adds
      if (kind !== 'any' && Math.floor(k / fanIn) % 2) {
        parameters[at] = parameters[at - fanIn] * (1 + (random.integer(3) - 1) * 2 ** -20)
      }
    }
    for (let k = 0; k < bias.length; k++) parameters[bias.offset + k] = sign() * 10 ** random.between(-3, 4)
    if (kind === 'any' || kind === 'tiny ball') continue
    // biases that bring the image's values near zero, or all above it
    const stage = stages.findIndex(({ terms }) => terms.some(({ layer }) => layer === bias.layer))
    const values = referenceForward(network, Float64Array.from(image))[stage]
    const area = values.length / bias.length
    for (let c = 0; c < bias.length; c++) {
      const part = values.subarray(c * area, (c + 1) * area)
      const shift =
        kind === 'always on' ? 10 ** random.between(-3, 5) - Math.min(...part) : random.between(-1, 1) - part[0]
      parameters[bias.offset + c] += shift
    }
  }
  return { network, image, label: random.integer(countClasses(architecture)), epsilon, norm: norms[seed % 3] }
}

/** What float64 finds wrong with certified bounds: points outside, and bounds below the dual pass over the same bounds. */
function violations(
  { network, image, label, epsilon, norm = 'linf' }: Case,
  prune: boolean,
  { hidden, margins }: ReturnType<typeof certify>,
) {
  const found: string[] = []
  const ball = inputBall(image, { epsilon, norm })
  const { centre } = ball
  const stages = referenceStages(network)
  const random = new Random(1, 'corners')
  for (let n = 0; n < 5; n++) {
    const values = referenceForward(network, n === 0 ? centre : extremePoint(random, centre, epsilon, norm))
    const outputs = values.at(-1)!
    hidden.forEach(({ lower, upper }, s) => {
      for (const [j, z] of values[s].entries()) {
        if (!(z >= lower[j] && z <= upper[j]))
          found.push(`stage ${s} neuron ${j}: ${z} outside [${lower[j]}, ${upper[j]}]`)
      }
    })
    margins.forEach((m, t) => {
      if (!(m >= outputs[t] - outputs[label]))
        found.push(`target ${t}: ${m} < ${outputs[t] - outputs[label]} at a point`)
    })
  }
  const interval = prune ? referencePrunedMargins(network, label, ball) : undefined
  margins.forEach((m, target) => {
    if (target === label) return
    const coefficients = marginSpecification(stages, target, label)
    const { upper } = referenceDualPass(network, { coefficients, stage: stages.length - 1, bounds: hidden }, ball)
    const exact = Math.min(upper, interval?.[target] ?? upper)
    if (!(m >= exact)) found.push(`target ${target}: ${m} < ${exact} by the dual pass`)
  })
  return found
}

describe('certified bounds hold in exact arithmetic', () => {
  for (const variant of variants) {
    for (const kind of ['any', 'always on', 'cancelling', 'tiny ball'] as const) {
      it(`${variant}, ${kind}`, async () => {
        const engine = await Engine.create({ variant })
        const found: string[] = []
        for (let seed = 0; seed < 120; seed++) {
          const example = nasty(kind, seed)
          for (const prune of [false, true]) {
            found.push(
              ...violations(example, prune, certify(engine, example, prune)).map((text) => `${seed} ${prune} ${text}`),
            )
          }
        }
        expect(found).toEqual([])
      })
    }
  }
})
