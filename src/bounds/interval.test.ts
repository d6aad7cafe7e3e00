import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, countClasses } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { crossEntropy } from '../training/losses/cross-entropy.ts'
import { type Chunk, loadChunk } from './chunk.ts'
import { expectGradient } from './differences.testing.ts'
import { intervalMargins, propagateIntervals } from './interval.ts'
import { referenceIntervalBounds } from '../reference/bounds.ts'
import { type CentredBox, inputBall } from '../reference/input-ball.ts'
import { marginSpecification } from '../reference/margins.ts'
import { referenceForward, referenceStages } from '../reference/stages.ts'
import { paperBall } from '../region/ball.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

interface Case {
  readonly network: Network
  readonly images: Float32Array[]
  readonly labels: number[]
  readonly epsilon: number
}

/** Its affine layers alone. */
const withoutRelus = ({ architecture, parameters }: Network): Network => ({
  architecture: { ...architecture, layers: architecture.layers.filter(({ kind }) => kind !== 'relu') },
  parameters,
})

function randomCase(seed: number, name: string): Case {
  const random = new Random(seed, name)
  const drawn = randomNetwork(random, { everyKind: seed % 2 === 1 })
  const network = seed % 8 === 2 ? withoutRelus(drawn) : drawn
  const count = 1 + random.integer(6)
  const epsilon = Math.fround([0, 0.01, 0.1, 0.5][random.integer(4)])
  const images = Array.from({ length: count }, () =>
    Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform()),
  )
  return { network, images, labels: images.map(() => random.integer(countClasses(network.architecture))), epsilon }
}

/** The box before the last stage and the margins over it, in float64. */
function referenceIntervalMargins(network: Network, image: ArrayLike<number>, epsilon: number, label: number) {
  const stages = referenceStages(network)
  const bounds = referenceIntervalBounds(network, inputBall(image, paperBall(epsilon)))
  const { lower, upper } = bounds.at(-2)!
  const after = (v: number) => (stages.at(-2)!.relu ? Math.max(v, 0) : v)
  const box: CentredBox = {
    centre: lower.map((l, j) => (after(l) + after(upper[j])) / 2),
    radius: lower.map((l, j) => (after(upper[j]) - after(l)) / 2),
  }
  // the last stage alone, as a network of one layer over that box
  const { terms, bias } = stages.at(-1)!
  const [{ rows }] = terms
  const margins = Float64Array.from(rows, (_, target) => {
    if (target === label) return 0
    const c = marginSpecification(stages, target, label)
    return (
      rows.reduce((sum, { inputs, weights }, o) => {
        weights.forEach((w, k) => (sum += c[o] * w * box.centre[inputs[k]]))
        return sum + c[o] * bias[o]
      }, 0) +
      Array.from(box.radius, (r, k) => {
        const difference = rows.reduce(
          (sum, { inputs, weights }, o) => sum + c[o] * (weights[inputs.indexOf(k)] ?? 0),
          0,
        )
        return Math.abs(difference) * r
      }).reduce((a, b) => a + b, 0)
    )
  })
  return { bounds, box, margins }
}

function propagated(example: Case, rigorous: boolean, tape?: Tape) {
  const loaded = new LoadedNetwork(engine, example.network.architecture, tape !== undefined)
  loaded.setParameters(example.network.parameters)
  const chunk: Chunk = loadChunk(loaded, example, paperBall(example.epsilon))
  const { hidden, last: ball } = propagateIntervals(loaded, tape, chunk, rigorous)
  const margins = example.labels.map((label, e) =>
    intervalMargins(loaded, tape, ball, { columns: chunk.columns, example: e, label, rigorous }),
  )
  return { loaded, chunk, hidden, ball, margins }
}

const column = (tensor: Tensor, columns: number, e: number) => tensor.read().filter((_, i) => i % columns === e)

describe('interval bounds', () => {
  it('equal the float64 reference, layer by layer and in the margins', () => {
    const wrong: string[] = []
    for (let seed = 0; seed < 120; seed++) {
      const example = randomCase(seed, 'interval')
      const mark = engine.mark()
      const { chunk, hidden, ball, margins } = propagated(example, false)
      example.images.forEach((image, e) => {
        const expected = referenceIntervalMargins(example.network, image, example.epsilon, example.labels[e])
        const compare = (name: string, actual: ArrayLike<number>, values: Float64Array) => {
          const scale = Math.max(1, ...values.map(Math.abs))
          if (actual.length !== values.length) wrong.push(`${seed} ${name}: ${actual.length} values`)
          values.forEach((v, j) => {
            if (!(Math.abs(actual[j] - v) <= 2e-5 * scale))
              wrong.push(`${seed} ${name} ${j}: ${actual[j]} instead of ${v}`)
          })
        }
        hidden.forEach(({ lower, upper }, i) => {
          compare(`lower ${i}`, column(lower, chunk.columns, e), expected.bounds[i].lower)
          compare(`upper ${i}`, column(upper, chunk.columns, e), expected.bounds[i].upper)
        })
        compare('centre', column(ball.centre, chunk.columns, e), expected.box.centre)
        compare('radius', column(ball.radius, chunk.columns, e), expected.box.radius)
        compare('margin', margins[e].read(), expected.margins)
      })
      engine.release(mark)
    }
    expect(wrong).toEqual([])
  })

  it('hold every sampled point when rounding is allowed for', () => {
    const outside: string[] = []
    for (let seed = 0; seed < 150; seed++) {
      const example = randomCase(seed, 'sound')
      const { network, labels, epsilon } = example
      const random = new Random(seed, 'points')
      const mark = engine.mark()
      const { chunk, ball, margins } = propagated(example, true)
      example.images.forEach((image, e) => {
        const [centre, radius] = [column(ball.centre, chunk.columns, e), column(ball.radius, chunk.columns, e)]
        const bounds = margins[e].read()
        const relu = referenceStages(network).at(-2)!.relu
        for (let n = 0; n < 12; n++) {
          const point = Float64Array.from(
            image,
            (v) => v + epsilon * (n % 2 ? Math.sign(random.between(-1, 1)) : random.between(-1, 1)),
          )
          const values = referenceForward(network, point)
          values.at(-2)!.forEach((z, j) => {
            const a = relu ? Math.max(z, 0) : z
            // centre and radius are float32 themselves; the steps that follow allow for it
            if (!(Math.abs(a - centre[j]) <= radius[j] + 2 ** -23 * (Math.abs(centre[j]) + radius[j])))
              outside.push(`${seed} neuron ${j}: ${a}`)
          })
          const outputs = values.at(-1)!
          bounds.forEach((m, t) => {
            if (!(m >= outputs[t] - outputs[labels[e]]))
              outside.push(`${seed} margin ${t}: ${m} < ${outputs[t] - outputs[labels[e]]}`)
          })
        }
      })
      engine.release(mark)
    }
    expect(outside).toEqual([])
  })

  it('with rounding allowed for are wider, by little', () => {
    for (let seed = 0; seed < 40; seed++) {
      const example = randomCase(seed, 'wider')
      const mark = engine.mark()
      const [plain, rigorous] = [false, true].map((is) => propagated(example, is).margins.map((m) => m.read()))
      engine.release(mark)
      plain!.forEach((margins, e) => {
        const scale = Math.max(1, ...margins.map(Math.abs))
        margins.forEach((m, t) => {
          if (t === example.labels[e]) return
          expect(rigorous![e][t]).toBeGreaterThanOrEqual(m)
          expect(rigorous![e][t] - m).toBeLessThan(2e-2 * scale)
        })
      })
    }
  })

  it('at ε = 0 are the network’s own outputs', () => {
    for (let seed = 0; seed < 30; seed++) {
      const example = { ...randomCase(seed, 'zero'), epsilon: 0 }
      const mark = engine.mark()
      const { margins } = propagated(example, false)
      const differences = margins.flatMap((m, e) => {
        const outputs = referenceForward(example.network, Float64Array.from(example.images[e])).at(-1)!
        const scale = Math.max(1, ...outputs.map(Math.abs))
        return [...m.read()].map((v, t) => Math.abs(v - (outputs[t] - outputs[example.labels[e]])) / scale)
      })
      engine.release(mark)
      expect(Math.max(...differences)).toBeLessThan(2e-5)
    }
  })
})

describe('gradients of the interval loss', () => {
  it('equal finite differences of float64', () => {
    let checked = 0
    for (let seed = 0; seed < 80; seed++) {
      const example = randomCase(seed, 'gradient')
      const { network, images, labels, epsilon } = example
      const random = new Random(seed, 'entries')
      const mark = engine.mark()
      const tape = new Tape()
      const { loaded, margins } = propagated(example, false, tape)
      const classes = countClasses(network.architecture)
      margins.forEach((m, e) => crossEntropy({ tensor: m, classes, first: 0, step: 1 }, labels[e], 0.5))
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)
      const loss = (parameters: Float64Array) =>
        images.reduce((sum, image, e) => {
          const moved = { ...network, parameters: parameters as never }
          const values = referenceIntervalMargins(moved, image, epsilon, labels[e]).margins
          const largest = Math.max(...values)
          return sum + 0.5 * (largest + Math.log(values.reduce((s, v) => s + Math.exp(v - largest), 0)))
        }, 0)
      checked += expectGradient({ gradient, parameters: network.parameters, objective: loss }, random)
    }
    expect(checked).toBeGreaterThan(400)
  })
})
