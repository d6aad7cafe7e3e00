/**
 * Collision avoidance, after ACAS Xu (Julian et al. 2016; Katz et al. 2017): five inputs, six hidden layers of 50, five
 * scores of advisories. The real networks are not ours to ship: these are trained on costs of a simulated encounter.
 * Questions are like its properties: a score stays below a limit, an advisory is or is not the best, over boxes and
 * around points. Limits lie a little beyond and within what 20,000 points show, so that both answers occur.
 */
import { Random } from '../../src/base/random.ts'
import { Model } from './model.ts'
import { type Perceptron, drawPerceptron, evaluatePerceptron, trainPerceptron } from './perceptron.ts'
import {
  type BenchQuestion,
  type Box,
  type Family,
  boxAround,
  decimal,
  pointIn,
  sampledRange,
  vnnlib,
} from './question.ts'

const SIZES = [5, 50, 50, 50, 50, 50, 50, 5]
const SAMPLES = 20_000
const EPOCHS = 15
/** Degrees per second of the five advisories: none, weak and strong to both sides. */
const RATES = [0, 1.5, -1.5, 3, -3]
const WHOLE: Box = { lower: Array(5).fill(-0.5), upper: Array(5).fill(0.5) }

/** Costs of the advisories: how near the two come in 40 seconds, and the turn itself. Inputs in [−0.5, 0.5]. */
function costs([distance, bearing, heading, own, other]: readonly number[], previous: number): Float64Array {
  const rho = 300 + 15_000 * (distance! + 0.5)
  const theta = 2 * Math.PI * bearing!
  const psi = 2 * Math.PI * heading!
  const [speed, otherSpeed] = [100 + 1000 * (own! + 0.5), 100 + 1000 * (other! + 0.5)]
  return Float64Array.from(RATES, (rate, advisory) => {
    let [x, y, direction] = [0, 0, 0]
    let [ox, oy] = [rho * Math.cos(theta), rho * Math.sin(theta)]
    let nearest = Infinity
    for (let second = 0; second < 40; second += 4) {
      nearest = Math.min(nearest, Math.hypot(ox - x, oy - y))
      direction += (4 * rate * Math.PI) / 180
      x += 4 * speed * Math.cos(direction)
      y += 4 * speed * Math.sin(direction)
      ox += 4 * otherSpeed * Math.cos(psi)
      oy += 4 * otherSpeed * Math.sin(psi)
    }
    return Math.exp(-nearest / 1500) + 0.02 * Math.abs(rate) + (advisory === previous ? -0.03 : 0)
  })
}

function trained(previous: number, seed: number): Perceptron {
  const random = new Random(seed, 'collision', previous)
  const samples = Array.from({ length: SAMPLES }, () => {
    const input = Float64Array.from(pointIn(WHOLE, random))
    return { input, target: costs([...input], previous).map((cost) => 5 * cost) }
  })
  const network = drawPerceptron(SIZES, random)
  trainPerceptron(network, samples, EPOCHS, random)
  return network
}

/** Score a minus score b, for the formula and for sampling. */
const atMost = (a: number, b: number) => `(<= Y_${a} Y_${b})`

export function collisionFamily(seed: number): Family {
  const networks = new Map<string, Uint8Array>()
  const questions: BenchQuestion[] = []
  for (const previous of [0, 1, 3]) {
    const network = trained(previous, seed)
    const file = `collision-${previous}`
    const model = new Model()
    model.perceptron('x', 'net', network)
    networks.set(file, model.bytes([1, 5]))
    const random = new Random(seed, 'collision questions', previous)
    const add = (name: string, box: Box, unsafe: string) =>
      questions.push({ name: `${file}-${name}`, network: file, property: vnnlib(box, 5, unsafe) })
    const score = (x: number[], output: number) => evaluatePerceptron(network, x)[output]

    // the score of an advisory stays below a limit, over boxes of all sizes
    for (const [i, share] of [0.05, 0.1, 0.2].entries()) {
      const box = boxAround(
        pointIn({ lower: Array(5).fill(-0.3), upper: Array(5).fill(0.3) }, random),
        Array(5).fill(share),
      )
      const { least, most } = sampledRange(box, (x) => score(x, i), random)
      for (const beyond of [0.3, 0.08, -0.05]) {
        add(`limit-${share}-${beyond}`, box, `(>= Y_${i} ${decimal(most + beyond * (most - least))})`)
      }
    }
    // far away and slow: no turn is not the worst, whatever the rest
    const far: Box = { lower: [0.2, -0.5, -0.5, -0.5, -0.5], upper: [0.5, 0.5, 0.5, -0.3, -0.3] }
    add('far', far, `(and ${[1, 2, 3, 4].map((other) => atMost(other, 0)).join(' ')})`)
    // near and ahead: no turn is not the best
    const near: Box = { lower: [-0.5, -0.02, -0.02, 0.2, -0.5], upper: [-0.4, 0.02, 0.02, 0.3, -0.3] }
    add('near', near, `(and ${[1, 2, 3, 4].map((other) => atMost(0, other)).join(' ')})`)
    // around points the best advisory stays the best
    for (let i = 0; i < 8; i++) {
      const centre = pointIn(WHOLE, random)
      const scores = evaluatePerceptron(network, centre)
      const best = scores.indexOf(Math.min(...scores))
      const radius = [0.01, 0.02, 0.03, 0.05][i % 4]
      const others = [0, 1, 2, 3, 4].filter((other) => other !== best)
      add(
        `point-${i}`,
        boxAround(centre, Array(5).fill(radius)),
        `(or ${others.map((o) => atMost(o, best)).join(' ')})`,
      )
    }
  }
  return { name: 'collision avoidance', networks, questions }
}
