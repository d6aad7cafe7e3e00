/**
 * Reachability of closed loops, as in the ARCH competition: a plant x' = A x + B u with a ReLU controller, unrolled
 * over some steps into one network. Questions: can the state leave a box after the last step?
 */
import { Random } from '../../src/base/random.ts'
import { Model } from './model.ts'
import { type Perceptron, drawPerceptron, evaluatePerceptron, trainPerceptron } from './perceptron.ts'
import { type BenchQuestion, type Box, type Family, decimal, pointIn, sampledRange, vnnlib } from './question.ts'

interface Plant {
  readonly name: string
  /** [state][state] and [state]: the input is one number. */
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  /** u = −gain · x, cut at ±1, is what the controller learns. */
  readonly gain: readonly number[]
  readonly hidden: readonly number[]
  readonly steps: number
  /** Where the state begins. */
  readonly start: Box
}

const plants: readonly Plant[] = [
  {
    name: 'integrator',
    a: [
      [1, 0.5],
      [0, 1],
    ],
    b: [0.125, 0.5],
    gain: [0.6, 1.2],
    hidden: [25, 25],
    steps: 6,
    start: { lower: [0.5, -0.5], upper: [1.5, 0.5] },
  },
  {
    name: 'pendulum',
    a: [
      [1, 0.1, 0],
      [0.5, 0.95, 0.1],
      [0, -0.1, 0.9],
    ],
    b: [0, 0.4, 0.1],
    gain: [2, 1.2, 0.3],
    hidden: [30, 30],
    steps: 5,
    start: { lower: [-0.4, -0.4, -0.2], upper: [0.4, 0.4, 0.2] },
  },
  {
    name: 'quadrotor',
    a: Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 6 }, (_, j) => (i === j ? 0.98 : j === i + 1 ? 0.2 : 0)),
    ),
    b: [0, 0, 0.05, 0.1, 0.2, 0.3],
    gain: [0.4, 0.4, 0.5, 0.6, 0.6, 0.7],
    hidden: [40, 40],
    steps: 4,
    start: { lower: Array(6).fill(-0.25), upper: Array(6).fill(0.25) },
  },
]

function controllerOf({ name, gain, hidden, start }: Plant, seed: number): Perceptron {
  const random = new Random(seed, 'controller', name)
  const network = drawPerceptron([gain.length, ...hidden, 1], random, 1, 0.1)
  const wide = { lower: start.lower.map((l) => 2 * l - 0.5), upper: start.upper.map((u) => 2 * u + 0.5) }
  const samples = Array.from({ length: 4000 }, () => {
    const input = Float64Array.from(pointIn(wide, random))
    const u = -input.reduce((sum, x, i) => sum + gain[i] * x, 0)
    return { input, target: Float64Array.of(Math.max(-1, Math.min(1, u)) + 0.1 * Math.sin(5 * input[0])) }
  })
  trainPerceptron(network, samples, 15, random)
  return network
}

export function controlFamily(seed: number): Family {
  const networks = new Map<string, Uint8Array>()
  const questions: BenchQuestion[] = []
  for (const plant of plants) {
    const controller = controllerOf(plant, seed)
    const { name, a, b, steps, start } = plant
    const states = b.length
    const model = new Model()
    let state = 'x'
    for (let step = 0; step < steps; step++) {
      const u = model.perceptron(state, 'net', controller)
      const moved = model.linear(state, 'a', a.flat(), Array(states).fill(0))
      state = model.node('Add', [moved, model.linear(u, 'b', b, Array(states).fill(0))])
    }
    networks.set(name, model.bytes([1, states]))
    const run = (x: readonly number[]) => {
      let now = [...x]
      for (let step = 0; step < steps; step++) {
        const u = evaluatePerceptron(controller, now)[0]
        now = a.map((row, i) => row.reduce((sum, w, j) => sum + w * now[j], b[i] * u))
      }
      return now
    }
    const random = new Random(seed, 'control questions', name)
    for (let i = 0; i < Math.min(states, 3); i++) {
      const { least, most } = sampledRange(start, (x) => run(x)[i], random)
      for (const beyond of [0.25, 0.05, -0.03]) {
        const margin = beyond * (most - least)
        const unsafe = `(or (>= Y_${i} ${decimal(most + margin)}) (<= Y_${i} ${decimal(least - margin)}))`
        questions.push({ name: `${name}-${i}-${beyond}`, network: name, property: vnnlib(start, states, unsafe) })
      }
    }
  }
  return { name: 'control', networks, questions }
}
