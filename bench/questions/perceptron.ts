/** Small fully connected ReLU networks for families of questions: made, trained by Adam on samples, evaluated, written. */
import { Random } from '../../src/base/random.ts'

export interface Perceptron {
  /** Inputs, hidden layers, outputs. */
  readonly sizes: readonly number[]
  /** [output][input] of every layer, 32-bit floats. */
  readonly weights: readonly Float32Array[]
  readonly biases: readonly Float32Array[]
}

/** Random weights of deviation √(2 / inputs) times `gain`, and biases of deviation `shift`. */
export function drawPerceptron(sizes: readonly number[], random: Random, gain = 1, shift = 0): Perceptron {
  const layers = sizes.slice(1).map((outputs, i) => ({ outputs, inputs: sizes[i] }))
  return {
    sizes,
    weights: layers.map(({ outputs, inputs }) =>
      Float32Array.from({ length: outputs * inputs }, () => gain * random.normal() * Math.sqrt(2 / inputs)),
    ),
    biases: layers.map(({ outputs }) => Float32Array.from({ length: outputs }, () => shift * random.normal())),
  }
}

/** The input and what every layer makes of it, ReLUs applied behind all but the last. */
function activations({ sizes, weights, biases }: Perceptron, input: ArrayLike<number>): Float64Array[] {
  const values = [Float64Array.from(input)]
  weights.forEach((weight, layer) => {
    const x = values[layer]
    const y = new Float64Array(sizes[layer + 1])
    for (let o = 0, at = 0; o < y.length; o++) {
      let sum = biases[layer][o]
      for (let i = 0; i < x.length; i++) sum += weight[at++] * x[i]
      y[o] = layer + 2 < sizes.length ? Math.max(0, sum) : sum
    }
    values.push(y)
  })
  return values
}

export const evaluatePerceptron = (network: Perceptron, input: ArrayLike<number>): Float64Array =>
  activations(network, input).at(-1)!

export interface Sample {
  readonly input: Float64Array
  readonly target: Float64Array
}

/** Least squares by Adam, in place, batches of 32, the rate falling to a tenth. */
export function trainPerceptron(network: Perceptron, samples: readonly Sample[], epochs: number, random: Random): void {
  const { weights, biases, sizes } = network
  const parameters = [...weights, ...biases]
  const gradients = parameters.map(({ length }) => new Float64Array(length))
  const moments = parameters.map(({ length }) => [new Float64Array(length), new Float64Array(length)] as const)
  const batch = 32
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.permutation(samples.length)
    const rate = 0.002 * 0.1 ** (epoch / epochs)
    for (let first = 0; first + batch <= order.length; first += batch) {
      for (const gradient of gradients) gradient.fill(0)
      for (const sample of order.subarray(first, first + batch)) descend(samples[sample])
      step++
      parameters.forEach((values, p) => {
        const [mean, square] = moments[p]
        for (let i = 0; i < values.length; i++) {
          const g = gradients[p][i] / batch
          mean[i] = 0.9 * mean[i] + 0.1 * g
          square[i] = 0.999 * square[i] + 0.001 * g * g
          values[i] -= (rate * mean[i]) / (1 - 0.9 ** step) / (Math.sqrt(square[i] / (1 - 0.999 ** step)) + 1e-8)
        }
      })
    }
  }
  /** Adds the gradients of a sample. */
  function descend({ input, target }: Sample): void {
    const values = activations(network, input)
    let error = values.at(-1)!.map((y, o) => y - target[o])
    for (let layer = weights.length - 1; layer >= 0; layer--) {
      const x = values[layer]
      const weight = weights[layer]
      const [ofWeight, ofBias] = [gradients[layer], gradients[weights.length + layer]]
      const below = new Float64Array(sizes[layer])
      for (let o = 0; o < error.length; o++) {
        const e = error[o]
        if (e === 0) continue
        ofBias[o] += e
        for (let i = 0, at = o * x.length; i < x.length; i++, at++) {
          ofWeight[at] += e * x[i]
          below[i] += e * weight[at]
        }
      }
      error = below.map((e, i) => (x[i] > 0 ? e : 0))
    }
  }
}
