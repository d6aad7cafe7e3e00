/** What every runtime must compute bit by bit alike. Numbers are given by their bits. */
import { Random } from '../base/random.ts'
import { toBase64 } from '../formats/bytes.ts'
import {
  type Executor,
  dualBounds,
  initialise,
  inlineExecutor,
  intervalBounds,
  parseProperty,
  syntheticDigits,
  train,
  trainingOptions,
  verify,
} from '../index.ts'
import { sizeOf } from '../model/layers.ts'
import type { Architecture } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { webWorkers } from './index.ts'

const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  toBase64(new Uint8Array(buffer, byteOffset, byteLength))

const network = randomNetwork(new Random(1, 'runtimes'), { input: { channels: 1, height: 8, width: 8 } })

/** Margins around one image, by intervals and by LP duality. */
export async function margins(): Promise<Record<string, string>> {
  const random = new Random(2, 'runtimes')
  const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
  const bounds = {
    interval: await intervalBounds(network, image, 0, { epsilon: 0.02 }),
    lp: await dualBounds(network, image, 0, { epsilon: 0.02 }),
    l2: await dualBounds(network, image, 0, { epsilon: 0.1, norm: 'l2' }),
  }
  return Object.fromEntries(Object.entries(bounds).map(([name, { margins }]) => [name, bits(margins)]))
}

/** Of a network of 48 neurons, by branch and bound, by mixed-integer programming (HiGHS), and with a counterexample. */
export async function verdicts(): Promise<string[]> {
  const linear = (outFeatures: number) => ({ kind: 'linear', outFeatures }) as const
  const layers = [linear(24), { kind: 'relu' } as const, linear(24), { kind: 'relu' } as const, linear(2)]
  const dense = initialise({ name: 'dense', input: { channels: 6, height: 1, width: 1 }, layers }, 1)
  const property = (gap: number) => {
    const inputs = Array.from({ length: 6 }, (_, i) => `(declare-const X_${i} Real)(assert (<= -1 X_${i} 1))`).join('')
    const outputs = `(declare-const Y_0 Real)(declare-const Y_1 Real)(assert (>= Y_0 (+ Y_1 ${gap})))`
    return parseProperty(new TextEncoder().encode(inputs + outputs), 'gap.vnnlib')
  }
  const outcomes = [
    await verify(dense, property(0.2), { complete: 'bab' }),
    await verify(dense, property(0.2), { complete: 'milp' }),
    await verify(dense, property(-1)),
  ]
  return outcomes.map((outcome) =>
    outcome.verdict === 'undecided' ? outcome.reason : `${outcome.verdict} ${outcome.method}`,
  )
}

/** Weights of a small pair after two short epochs. */
export const weights = () => trained(inlineExecutor)

/** The same, of two web workers. */
export const weightsOfWorkers = () => trained(webWorkers(2))

async function trained(executor: Executor): Promise<Record<string, string>> {
  const options = trainingOptions({ epochs: 2, batchSize: 10, epsilon: 0.02, rampEpochs: 1 })
  const architecture: Architecture = {
    name: 'tiny',
    input: { channels: 1, height: 28, width: 28 },
    layers: [
      { kind: 'convolution', outChannels: 2, kernel: 6, stride: 4, padding: 0 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 10 },
    ],
  }
  const [training, validation] = [syntheticDigits(40, 1, 'train'), syntheticDigits(10, 1, 'validation')]
  let last: Record<string, string> = {}
  for await (const { networks } of train(options, { architecture, training, validation }, { executor })) {
    last = Object.fromEntries(networks.map(({ name, network }) => [name, bits(network.parameters)]))
  }
  return last
}
